"""Shapes that are broken, circular or meant to take for ever end in an answer, within limits."""

from pathlib import Path
from time import monotonic

import pytest
from pyoxigraph import RdfFormat, parse

from ndl_graph.validation import read_profile, validate
from tests.commands import run

HEAD = (
    "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix dcat: <http://www.w3.org/ns/dcat#> . "
    "@prefix dct: <http://purl.org/dc/terms/> . @prefix ndl: <https://w3id.org/ndl-graph/vocab#> .\n"
)
DATA = HEAD + '<http://ex.org/a> a dcat:Dataset ; dct:title "' + "a" * 60 + '!" ; dct:issued "soon" .'


@pytest.mark.parametrize(
    ("shapes", "code", "words"),
    [
        (
            "<#a> a sh:NodeShape ; sh:targetClass dcat:Dataset ; sh:node <#b> .\n"
            "<#b> a sh:NodeShape ; sh:node <#a> ; sh:property [ sh:path dct:title ; sh:minCount 5 ] .",
            2,
            "asks for itself",
        ),
        (
            "<#a> a sh:NodeShape ; sh:targetClass dcat:Dataset ; sh:or ( <#b> [ sh:not <#a> ] ) .\n"
            "<#b> a sh:NodeShape ; sh:property [ sh:path dct:title ; sh:minCount 1 ] .",
            2,
            "#a asks for itself",
        ),
        (
            "<#a> a sh:NodeShape ; sh:targetClass dcat:Dataset ; sh:and ( <#b> <#b> ) ; sh:node <#b> .\n"
            "<#b> a sh:NodeShape ; sh:property [ sh:path dct:title ; sh:minCount 5 ] .",
            1,
            "not as another shape asks",
        ),
        (
            "<#a> a sh:NodeShape ; sh:targetClass dcat:Dataset ; "
            'sh:property [ sh:path dct:title ; sh:pattern "^(a+)+$" ] .',
            1,
            "not written in the form asked for",
        ),
        (
            "<#a> a sh:NodeShape ; sh:targetClass dcat:Dataset ; "
            'sh:property [ sh:path dct:title ; sh:minCount "many" ] .',
            2,
            "ill-formed",
        ),
        ("<#a> a sh:NodeShape ; sh:targetClass dcat:Dataset ; sh:property [ sh:minCount 1 ] .", 2, "ill-formed"),
        ("<#a> a sh:NodeShape ; sh:targetClass dcat:Dataset ; sh:or ( [ sh:path ", 2, "no Turtle"),
        ("<#a> ndl:form 'papyrus' ; a sh:NodeShape ; sh:targetClass dcat:Dataset .", 1, ""),
        (
            "<#a> a sh:NodeShape ; sh:targetClass dcat:Dataset ; sh:property [ sh:path _:l ; sh:minCount 1 ] . "
            "_:l <http://www.w3.org/1999/02/22-rdf-syntax-ns#first> dct:title ; "
            "<http://www.w3.org/1999/02/22-rdf-syntax-ns#rest> _:l .",
            2,
            "no property path",
        ),
        (
            "<#a> a sh:NodeShape ; sh:targetClass dcat:Dataset ; sh:property [ sh:path _:l ; sh:minCount 1 ] . "
            "_:l sh:inversePath _:l .",
            2,
            "no property path",
        ),
        (
            "<#a> a sh:NodeShape ; sh:targetClass dcat:Dataset ; sh:property <#p> . "
            '<#p> sh:path dct:publisher ; sh:minCount 1 ; sh:order "first" ; sh:message "No publisher is named." .',
            1,
            "No publisher is named.",
        ),
        (
            "dcat:Dataset a sh:NodeShape, <http://www.w3.org/2000/01/rdf-schema#Class> ; "
            "sh:property [ sh:path dct:rights ; sh:minCount 1 ] .",
            1,
            "fewer values of dct:rights",
        ),
    ],
    ids=[
        "circle",
        "circle-of-lists",
        "twice",
        "pattern",
        "count",
        "no-path",
        "syntax",
        "form",
        "list",
        "inverse",
        "order",
        "class",
    ],
)
def test_hostile_shapes_end_in_an_answer(shapes: str, code: int, words: str, tmp_path: Path) -> None:
    (tmp_path / "own.ttl").write_text(HEAD + shapes)
    (tmp_path / "a.ttl").write_text(DATA)
    start = monotonic()
    done = run("validate", "a.ttl", "--profile", "dcat-us", "--shapes", "own.ttl", cwd=tmp_path, timeout=20)
    assert monotonic() - start < 10
    assert done.code == code
    assert words in done.out + done.err


def test_a_constraint_can_be_left_to_the_reference_engine(tmp_path: Path) -> None:
    """Where the engines differ, a mark in the shape decides for the reference, for that constraint alone."""
    text = HEAD + (
        "<#a> a sh:NodeShape ; sh:targetClass dcat:Dataset ; sh:property <#fast>, <#slow> .\n"
        '<#fast> a sh:PropertyShape ; sh:path dct:description ; sh:minCount 1 ; sh:message "No description." .\n'
        "<#slow> a sh:PropertyShape ; sh:path dct:issued ; sh:datatype <http://www.w3.org/2001/XMLSchema#date> ; "
        'sh:message "No date." ; ndl:engine "reference" .'
    )
    (tmp_path / "own.ttl").write_text(text)
    profile = read_profile(tmp_path / "own.ttl")
    assert "#slow>" not in profile.for_fast_engine
    assert "#fast> <http://www.w3.org/ns/shacl#path>" in profile.for_fast_engine
    assert "#slow>" in profile.for_reference_engine
    data = "".join(f"{quad.triple} .\n" for quad in parse(DATA.encode(), RdfFormat.TURTLE))
    assert {found.message for found in validate([profile], data).results} == {"No description.", "No date."}
    (tmp_path / "own.ttl").write_text(text.replace(' ; ndl:engine "reference"', ""))
    unmarked = read_profile(tmp_path / "own.ttl")
    assert not unmarked.for_reference_engine
    assert validate([unmarked], data).results == validate([profile], data).results


def test_what_the_background_calls_a_kind_of_a_class_is_looked_at(tmp_path: Path) -> None:
    shape = "<#a> a sh:NodeShape ; sh:targetClass dcat:Resource ; sh:property [ sh:path dct:rights ; sh:minCount 1 ] ."
    (tmp_path / "own.ttl").write_text(HEAD + shape)
    text = HEAD + "dcat:Dataset <http://www.w3.org/2000/01/rdf-schema#subClassOf> dcat:Resource ."
    behind = "".join(f"{quad.triple} .\n" for quad in parse(text.encode(), RdfFormat.TURTLE))
    data = [str(quad.triple) for quad in parse(DATA.encode(), RdfFormat.TURTLE)]
    profile = read_profile(tmp_path / "own.ttl")
    assert profile.focus_nodes(data) == set()
    assert profile.focus_nodes(data, behind) == {"<http://ex.org/a>"}
    (found,) = validate([profile], "".join(f"{line} .\n" for line in data), background=behind).results
    assert found.focus_node == "http://ex.org/a"
