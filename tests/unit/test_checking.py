"""Checks of files: each profile on its form of the description, each result on its line."""

import json
from io import BytesIO
from pathlib import Path

import pytest

from ndl_graph.checking import Checker, Document
from ndl_graph.errors import NothingToValidateError, ParseError, ProfileError
from ndl_graph.formats import detect, format_named
from ndl_graph.validation import Result, load_profile, read_profile
from ndl_graph.validation.profiles import DEFAULT_BASE
from tests.commands import run

TURTLE = b"""\
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix ex: <http://example.org/> .

# A comment; with "quotes" and <brackets>.
ex:rivers
  a dcat:Dataset ;
  dct:title "Rivers"@en ,
    ex:not-text ;
  dct:description '''Long
text; "quoted" .
'''@en ;
  dcat:theme "water" ;
  dcat:distribution [
    a dcat:Distribution ;
    dcat:byteSize "big"
  ] , [ a dcat:Distribution ; dcat:accessURL ex:page ] .

[] a dcat:Dataset ; dct:description "Nameless" .
"""
NTRIPLES = b"""\
# Two statements about one dataset, and a blank line.
<http://example.org/a> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://www.w3.org/ns/dcat#Dataset> .

<http://example.org/a> <http://purl.org/dc/terms/title> "A" .
<http://example.org/a> <http://www.w3.org/ns/dcat#theme> "water" .
"""
JSONLD = b"""\
{
  "@context": {
    "dcat": "http://www.w3.org/ns/dcat#",
    "title": {"@id": "http://purl.org/dc/terms/title", "@container": "@language"},
    "theme": "dcat:theme"
  },
  "@graph": [
    {
      "@id": "http://example.org/a",
      "@type": "dcat:Dataset",
      "title": {"en": "A", "cy": "A"},
      "theme": "water",
      "dcat:distribution": {
        "@type": "dcat:Distribution",
        "dcat:byteSize": "big"
      }
    }
  ]
}
"""
DCAT_US = b"""\
{
  "conformsTo": "https://project-open-data.cio.gov/v1.1/schema",
  "dataset": [
    {
      "title": "A",
      "distribution": [
        {"title": "file"},
        {
          "title": "other",
          "accessURL": "nowhere"
        }
      ]
    }
  ]
}
"""
YAML = b"""\
- identifier: https://example.org/a
  type: dcat:Dataset
  title: A
- identifier: https://example.org/b
  type: dcat:Dataset
  title: B
  licence: Ask
  contactPoint:
    contactName: Team
    email: nobody
"""
CSV = b"""\
identifier,type,title,licence,description
https://example.org/a,dcat:Dataset,A,http://example.org/l,"Two
lines"
https://example.org/b,dcat:Dataset,B,Ask,one
"""
UKGOV_JSON = b"""\
[
  {"identifier": "https://example.org/a", "type": "dcat:Dataset", "title": "A"},
  {
    "identifier": "https://example.org/b",
    "type": "dcat:Dataset",
    "title": "B",
    "licence": "Ask"
  }
]
"""
HTML = b"""\
<html><head>
<script type="application/ld+json">
{
  "@context": "https://schema.org/",
  "@type": "Dataset",
  "name": "A",
  "description": "Too short."
}
</script></head></html>
"""


def check(content: bytes, name: str, *profiles: str) -> list[Result]:
    form = detect(BytesIO(content), name)
    checker = Checker(DEFAULT_BASE, [Document(name, BytesIO(content), form)])
    return list(checker.report([load_profile(profile) for profile in profiles]).results)


def lines(results: list[Result], severity: str = "violation") -> set[tuple[str, int | None]]:
    return {(r.shape.rsplit("#", 1)[-1], r.line) for r in results if r.severity == severity}


@pytest.mark.parametrize("name", ["ndl", "dcat-ap"])
def test_where_nothing_is_a_description_nothing_conforms(name: str) -> None:
    """A publisher of what is called a DataSet is nothing that was to be checked."""
    text = (
        b"@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> . "
        b'<http://ex.org/a> a dcat:DataSet ; dct:title "A" ; dct:publisher <http://ex.org/p> .'
    )
    with pytest.raises(NothingToValidateError):
        check(text, "a.ttl", name)


SHEET = b"""identifier,type,title,licence,mediaType,byteSize
https://e.org/x,dcat:Distribution,T,http://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/,text/csv,1234
"""


@pytest.mark.parametrize(
    ("sheet", "rules"),
    [
        (SHEET, set()),
        (SHEET.replace(b"dcat:Distribution", b""), {"type"}),
        (SHEET.replace(b"dcat:Distribution", b"dcat:Distributoin"), {"type"}),
        (SHEET.replace(b"1234", b"big"), {"byte-size"}),
    ],
)
def test_a_sheet_is_told_of_what_is_wrong_in_it(sheet: bytes, rules: set[str]) -> None:
    assert {shape.removeprefix("distribution-") for shape, _ in lines(check(sheet, "a.csv", "ukgov"))} == rules


@pytest.mark.parametrize(
    ("sheet", "line", "message"),
    [
        (SHEET.replace(b",1234", b",1234,5"), 2, "7 cells, and there are 6 columns"),
        (SHEET.replace(b",licence", b",title"), 1, "two columns are called title"),
        (SHEET + b'https://e.org/y,dcat:Dataset,"B"x\n', 3, "broken CSV"),
    ],
)
def test_a_broken_sheet_names_its_line(sheet: bytes, line: int, message: str) -> None:
    with pytest.raises(ParseError, match=message) as told:
        check(sheet, "a.csv", "ukgov")
    assert told.value.line == line
    assert told.value.hint


def test_what_a_model_is_written_in_is_no_dataset() -> None:
    """A schema, too, has titles, and slots that are identifiers; a distribution inside is one, whatever it says."""
    text = b"id: https://e.org/m\nname: m\ntitle: A model\nslots:\n  identifier:\n    identifier: true\n    title: x\n"
    with pytest.raises(NothingToValidateError):
        check(text, "model.yaml", "ukgov")
    start = b"identifier: https://e.org/x\ntype: dcat:Dataset\ntitle: One\ndistribution:\n  - title: F\n"
    typed, untyped = (
        {shape for shape, _ in lines(check(start + more, "a.yaml", "ukgov"))}
        for more in (b"    type: dcat:Distribution\n", b"")
    )
    assert untyped - typed == {"type"}


def test_a_key_that_stands_twice_is_told() -> None:
    text = b"identifier: https://e.org/x\ntype: dcat:Dataset\ntitle: One\ntitle: Two\n"
    for places in (True, False):
        with pytest.raises(ParseError, match="`title` stands twice") as told:
            list(format_named("ukgov-yaml").read(BytesIO(text), "http://e.org/", places=places))  # type: ignore[misc]
        assert told.value.line == 4


def test_what_stands_in_two_files_is_told_where_it_stands() -> None:
    start = "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
    first = start + (
        '<http://ex.org/a> a dcat:Dataset ; dct:title "A" ;\n  dcat:distribution <http://ex.org/f> ;\n'
        "  dct:publisher <http://ex.org/p> .\n"
    )
    second = (
        start
        + "\n\n<http://ex.org/f> a dcat:Distribution ;\n  dcat:accessURL <http://ex.org/f> ;\n"
        + ('  dct:license "Whatever" .\n')
    )
    documents = [
        Document(name, BytesIO(text.encode()), format_named("turtle"))
        for name, text in (("a.ttl", first), ("b.ttl", second))
    ]
    for name, place in (("ndl", ("b.ttl", 4)), ("dcat-ap", ("b.ttl", 6))):
        results = Checker(DEFAULT_BASE, documents).report([load_profile(name)]).results
        assert place in {(r.file, r.line) for r in results}, name
        assert {r.file for r in results if r.focus_node == "http://ex.org/f"} == {"b.ttl"}
        # Of the publisher nothing is said but its address: it is told where that stands.
        named = {(r.file, r.line) for r in results if r.focus_node == "http://ex.org/p"}
        assert named == ({("a.ttl", 4)} if name == "ndl" else set())


def test_turtle_points_at_the_value_the_property_or_the_subject() -> None:
    assert lines(check(TURTLE, "a.ttl", "dcat-ap")) == {
        ("title-text", 9), ("theme-iri", 13), ("access-url-required", 14), ("byte-size-count", 16),
        ("title-required", 19),
    }  # fmt: skip


def test_a_form_that_is_made_points_back_at_what_was_written() -> None:
    found = lines(check(TURTLE, "a.ttl", "google"), "violation")
    assert found == {("description-short", 10), ("description-short", 19)}
    assert ("byte-size", 16) in lines(check(TURTLE, "a.ttl", "ndl"), "info")


def test_ntriples_points_at_statements() -> None:
    assert lines(check(NTRIPLES, "a.nt", "dcat-ap")) == {("theme-iri", 5), ("description-required", 2)}


def test_jsonld_points_at_keys() -> None:
    assert lines(check(JSONLD, "a.jsonld", "dcat-ap")) == {
        ("description-required", 8), ("theme-iri", 12), ("access-url-required", 13), ("byte-size-count", 15),
    }  # fmt: skip


def test_dcat_us_points_at_keys() -> None:
    found = lines(check(DCAT_US, "data.json", "dcat-us"))
    assert {("description-required", 4), ("publisher-required", 4)} <= found
    assert lines(check(DCAT_US, "data.json", "dcat-us"), "warning") >= {("address", 7), ("access-url-link", 10)}


@pytest.mark.parametrize(
    ("content", "name", "second", "licence"),
    [(YAML, "a.yaml", 4, 7), (CSV, "a.csv", 4, 4), (UKGOV_JSON, "a.json", 3, 7)],
)
def test_the_uk_model_points_at_keys_and_rows(content: bytes, name: str, second: int, licence: int) -> None:
    found = check(content, name, "ukgov")
    assert {("licence-value", licence), ("publisher", second), ("publisher", 1 if name == "a.yaml" else 2)} <= lines(
        found
    )
    if name == "a.yaml":
        assert ("contact-email-value", 10) in lines(found) | lines(found, "warning")


def test_a_page_points_at_the_line_of_its_script() -> None:
    assert lines(check(HTML, "a.html", "google")) == {("description-short", 7)}


def test_a_file_too_large_to_place_is_told_by_first_mention(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ndl_graph.checking.checker.PLACED_BYTES", 10)
    assert ("theme-iri", 2) in lines(check(NTRIPLES, "a.nt", "dcat-ap"))


def test_places_change_nothing_else() -> None:
    for content, name in ((TURTLE, "a.ttl"), (JSONLD, "a.jsonld"), (YAML, "a.yaml"), (DCAT_US, "data.json")):
        form = detect(BytesIO(content), name)
        assert form.read is not None
        plain = [str(triple) for triple in form.read(BytesIO(content), "relative:///")]
        placed = [
            str(t) for t in form.read(BytesIO(content), "relative:///", places=True) if "ndl-graph:place" not in str(t)
        ]
        assert len(set(placed)) == len(set(plain))
        assert {t.split(" ")[1] for t in placed} == {t.split(" ")[1] for t in plain}


def test_profiles_are_combined_and_each_looks_at_its_own_form() -> None:
    together = check(TURTLE, "a.ttl", "ndl", "dcat-ap", "google")
    apart = [found for name in ("ndl", "dcat-ap", "google") for found in check(TURTLE, "a.ttl", name)]
    assert {(r.shape, r.line) for r in together} == {(r.shape, r.line) for r in apart}


def test_nothing_to_validate_is_an_error_and_so_is_json_without_a_context() -> None:
    with pytest.raises(NothingToValidateError, match="nothing in it"):
        check(b"<http://a> <http://b> <http://c> .", "a.nt", "ndl")
    with pytest.raises(ParseError, match="plain JSON") as found:
        check(b'{"name": "A"}', "a.json", "ndl")
    assert "@context" in (found.value.hint or "")


OWN = """\
@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix ndl: <https://w3id.org/ndl-graph/vocab#> .
[] a sh:NodeShape ; sh:targetClass dcat:Dataset ;
   sh:property [ sh:path dct:rights ; sh:minCount 1 ; sh:severity sh:Warning ] ,
     [ sh:path dct:subject ; sh:minCount 1 ;
       sh:message "Our department files by subject." ; ndl:fix "Add dct:subject." ] .
"""


def test_a_departments_own_shapes_are_checked_beside_the_profile(tmp_path: Path) -> None:
    (tmp_path / "own.ttl").write_text(OWN)
    (tmp_path / "a.ttl").write_bytes(TURTLE)
    done = run("validate", "a.ttl", "--profile", "dcat-ap", "--shapes", "own.ttl", "--report", "json", cwd=tmp_path)
    results = json.loads(done.out)["results"]
    own = {(r["message"], r["fix"], r["severity"], r["line"]) for r in results if "own.ttl" in r["shape"]}
    assert own == {
        (message, fix, severity, line)
        for line in (6, 19)
        for message, fix, severity in (
            ("There are fewer values of dct:rights than asked for.", "", "warning"),
            ("Our department files by subject.", "Add dct:subject.", "violation"),
        )
    }
    assert json.loads(done.out)["profile"] == "dcat-ap+own"


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        ("@prefix sh: <http://www.w3.org/ns/shacl#> .\n<a> a sh:NodeShape ;; sh:targetClass <b> ] .", "own.ttl:2"),
        ("<a> <b> <c> .", "no shape in it"),
        ('@prefix sh: <http://www.w3.org/ns/shacl#> . <a> a sh:NodeShape ; sh:targetClass <b> ; '
         'sh:property [ sh:path <p> ; sh:pattern "(" ] .', "ill-formed"),
    ],
)  # fmt: skip
def test_shapes_that_are_broken_are_their_own_error(shapes: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "own.ttl").write_text(shapes)
    (tmp_path / "a.ttl").write_bytes(TURTLE)
    done = run("validate", "a.ttl", "--shapes", "own.ttl", cwd=tmp_path)
    assert done.code == 2
    assert words in done.err
    assert "Traceback" not in done.err
    with pytest.raises(ProfileError):
        Checker(DEFAULT_BASE, [Document("a.ttl", BytesIO(TURTLE), detect(BytesIO(TURTLE), "a.ttl"))]).report(
            [read_profile(tmp_path / "own.ttl")]
        )


def test_background_is_looked_at_and_not_reported_on(tmp_path: Path) -> None:
    (tmp_path / "own.ttl").write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://example.org/> .\n"
        "<s> a sh:NodeShape ; sh:targetClass ex:Animal ; sh:property [ sh:path ex:name ; sh:minCount 1 ; "
        'sh:message "It has no name." ] .'
    )
    (tmp_path / "kinds.ttl").write_text(
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix ex: <http://example.org/> .\n"
        "ex:Cat rdfs:subClassOf ex:Animal . ex:tom a ex:Cat ."
    )
    (tmp_path / "a.ttl").write_text(
        "@prefix ex: <http://example.org/> . @prefix dcat: <http://www.w3.org/ns/dcat#> .\n"
        "ex:d a dcat:Dataset ; ex:about ex:tom , ex:felix .\nex:felix a ex:Cat ."
    )
    arguments = ("validate", "a.ttl", "--profile", "dcat-us", "--shapes", "own.ttl", "--report", "json")
    without = json.loads(run(*arguments, cwd=tmp_path).out)["results"]
    beside = json.loads(run(*arguments, "--background", "kinds.ttl", cwd=tmp_path).out)["results"]
    assert not [r for r in without if r["message"] == "It has no name."]
    assert [r["focus_node"] for r in beside if r["message"] == "It has no name."] == ["http://example.org/felix"]


def test_severity_decides_and_can_be_tightened(tmp_path: Path) -> None:
    (tmp_path / "a.ttl").write_text(
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
        '<http://example.org/a> a dcat:Dataset ; dct:title "A"@en ; dct:description "B"@en .'
    )
    codes = {
        level: run("validate", "a.ttl", "--profile", "dcat-ap", "--fail-on", level, cwd=tmp_path).code
        for level in ("violation", "warning", "info")
    }
    assert codes == {"violation": 0, "warning": 1, "info": 1}


def test_a_slip_of_the_pen_is_pointed_out(tmp_path: Path) -> None:
    path = tmp_path / "a.ttl"
    path.write_text(
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
        "<https://ex.org/a> a dcat:Dataset ;\n"
        '  dct:titel "Roads" ;\n'
        '  dct:wholly "new" ; dcat:landingpage <https://ex.org/a> ; <https://ex.org/own> 1 .\n'
    )
    told = json.loads(run("validate", path, "--report", "json").out)["results"]
    found = {(one["message"], one["fix"], one["line"]) for one in told if one["message"].startswith("There is no term")}
    other = "Take the term that the vocabulary has for it, or one of a vocabulary of your own."
    assert found == {
        ("There is no term dct:titel.", "Write dct:title, if that is meant.", 3),
        ("There is no term dct:wholly.", other, 4),
    }
    path.write_text("<https://ex.org/a> a <http://www.w3.org/ns/dcat#dataset> .")
    done = run("validate", path)
    assert (done.code, "Write dcat:Dataset" in done.err) == (2, True)


def test_a_text_that_is_not_closed_is_looked_for_where_it_begins(tmp_path: Path) -> None:
    path = tmp_path / "a.ttl"
    path.write_text(
        "@prefix dct: <http://purl.org/dc/terms/> .\n"
        '<https://ex.org/a> dct:title "Roads@en ;\n'
        '  dct:description "x" .\n'
    )
    done = run("validate", path)
    assert done.code == 2
    assert "begins on line 2 may not be closed" in done.err
