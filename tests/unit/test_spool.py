"""Descriptions are cut out of a source whole and bounded, whatever the order of its triples."""

import random
from collections.abc import Iterator

import pytest
from pyoxigraph import NamedNode, RdfFormat, Triple, parse

from ndl_graph.namespaces import DCAT, DCT, PREFIXES, RDF
from ndl_graph.record import Block, Description
from ndl_graph.spool import Spool, split

TEXT = """
@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix ex: <http://ex.org/> .
ex:catalogue a dcat:Catalog ; dct:title "All" ; dcat:dataset ex:a , ex:b .
ex:a a dcat:Dataset ; dct:title "A" ; dct:publisher ex:org ; dct:relation ex:b ; dcat:theme ex:theme ;
    dcat:distribution [ a dcat:Distribution ; dcat:accessURL <http://f/1> ; dcat:accessService ex:part ] .
ex:b a dcat:Dataset ; dct:title "B" ; dct:publisher ex:org ; dcat:distribution ex:b1 .
ex:b1 a dcat:Distribution ; dcat:accessService ex:api .
ex:api a dcat:DataService ; dct:title "API" ; dct:description "Told in its own right" .
ex:part a dcat:DataService ; dct:title "Only a part" .
ex:org a foaf:Organization ; foaf:name "Org" .
ex:theme a skos:Concept ; skos:prefLabel "Theme" ; skos:broader ex:top .
ex:top skos:prefLabel "Top" .
ex:entry a dcat:CatalogRecord ; foaf:primaryTopic ex:a ; dct:modified "2020" .
ex:only-a-reference a dcat:Dataset .
ex:stray dct:title "belongs to nobody" .
"""


def single(triple: Triple) -> Block:
    return Block(str(triple.subject), [str(triple)])


def described(triples: list[Triple]) -> tuple[dict[str, Description], set[str]]:
    with Spool(memory=200) as spool:  # so small that it goes to a file
        spool.add(single(triple) for triple in triples)
        return {str(one.root): one for one in split(spool)}, set(spool.unreached)


def triples_of(text: str = TEXT) -> list[Triple]:
    return [quad.triple for quad in parse(text.encode(), RdfFormat.TURTLE)]


def subjects(description: Description) -> set[str]:
    found = [triple.subject for triple in description.statements.triples]
    return {node.value.rsplit("/", 1)[-1] for node in found if isinstance(node, NamedNode)}


def test_split_is_bounded_and_complete() -> None:
    found, unreached = described(triples_of())
    kinds = {(key.rsplit("/", 1)[-1].strip(">"), one.kind) for key, one in found.items()}
    assert kinds == {
        ("catalogue", "catalog"), ("a", "dataset"), ("b", "dataset"), ("api", "service"),
    }  # fmt: skip
    a, b = found["<http://ex.org/a>"], found["<http://ex.org/b>"]
    assert subjects(a) == {"a", "org", "theme", "entry", "part"}, "no other dataset, no broader concepts"
    assert subjects(b) == {"b", "b1", "org", "api"}, "a service of its own is told again with the data it gives"
    assert any(triple.object == NamedNode("http://f/1") for triple in a.statements.triples)
    assert unreached == {
        "<http://ex.org/top>", "<http://ex.org/only-a-reference>", "<http://ex.org/stray>",
    }  # fmt: skip


def test_split_does_not_depend_on_order() -> None:
    triples = triples_of()
    expected = {key: sorted(one.statements.lines) for key, one in described(triples)[0].items()}
    for seed in range(5):
        shuffled = list(triples)
        random.Random(seed).shuffle(shuffled)
        assert {key: sorted(one.statements.lines) for key, one in described(shuffled)[0].items()} == expected


def test_a_source_that_breaks_off_leaves_nothing() -> None:
    def breaking() -> Iterator[Block]:
        yield from map(single, triples_of()[:4])
        raise ValueError("broken")

    with Spool() as spool:
        with pytest.raises(ValueError, match="broken"):
            spool.add(breaking())
        assert list(split(spool)) == []
        spool.add(map(single, triples_of()[3:8]))
        assert len(list(split(spool))) == 1


def test_a_series_that_is_only_named_is_a_part_of_what_names_it() -> None:
    name = "<https://example.org/s>"
    lines = [
        f"{name} <{PREFIXES['rdf']}type> <{PREFIXES['dcat']}DatasetSeries>",
        f'{name} <{PREFIXES["dct"]}title> "Budgets"',
        f"<https://example.org/d> <{PREFIXES['rdf']}type> <{PREFIXES['dcat']}Dataset>",
        f'<https://example.org/d> <{PREFIXES["dct"]}title> "Budget 2026"',
        f"<https://example.org/d> <{PREFIXES['dcat']}inSeries> {name}",
    ]
    described = [*lines, f'{name} <{PREFIXES["dct"]}description> "All of them."']
    for given, kinds in ((lines, ["dataset"]), (described, ["series", "dataset"])):
        with Spool() as spool:
            for line in given:
                spool.add([Block(line.split(" ", 1)[0], [line])])
            found = list(split(spool))
        assert [one.kind for one in found] == kinds
        assert (f'{name} <{PREFIXES["dct"]}title> "Budgets"' in found[-1].statements.lines) == (len(kinds) == 1)


def test_what_is_told_beside_every_dataset_is_looked_up_once() -> None:
    """A publisher who is stated again with each dataset: to look for all of it each time takes the square of time."""
    count = 3_000
    with Spool() as spool:
        spool.add(
            block
            for n in range(count)
            for block in (
                Block(
                    f"<http://e.org/{n}>",
                    [
                        f"<http://e.org/{n}> {RDF.type} {DCAT.Dataset}",
                        f'<http://e.org/{n}> {DCT.title} "{n} {"x" * 400}"',
                        f"<http://e.org/{n}> {DCT.publisher} <http://e.org/org>",
                    ],
                ),
                Block(
                    "<http://e.org/org>",
                    ['<http://e.org/org> <http://x/name> "Org"', f"<http://e.org/org> <http://x/n> {'_:b'}{n % 7}"],
                ),
            )
        )
        pages = len(spool._pages)
        assert pages > 30
        found = list(split(spool))
        assert len(found) == count
        assert all(len(one.statements.lines) == 3 + 1 + 7 for one in found)
        assert spool._read_page.cache_info().misses <= 3 * pages
