"""Descriptions as other portals write them: read whole, and written as each form wants it."""

import io
import json
from pathlib import Path
from typing import Any

import mlcroissant
import pytest
from pyoxigraph import Literal, NamedNode

from ndl_graph.catalog import Catalog
from ndl_graph.formats import format_named, jsonld
from ndl_graph.namespaces import CR, DCAT, DCT, VCARD
from ndl_graph.record import Record
from ndl_graph.stores import EmbeddedStore
from ndl_graph.tokens import most_tokens
from tests.commands import run
from tests.conftest import load

HEAD = """
@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix vcard: <http://www.w3.org/2006/vcard/ns#> .
@prefix schema: <https://schema.org/> . @prefix cr: <http://mlcommons.org/croissant/> .
"""
WAY = "dcat:landingPage <https://e.org/page>"


def loaded(store: EmbeddedStore, folder: Path, text: str | dict[str, Any], name: str = "some.ttl") -> Record:
    """The one dataset of a source."""
    path = folder / (name if isinstance(text, str) else "some.json")
    path.write_text(HEAD + text if isinstance(text, str) and name.endswith(".ttl") else
                    text if isinstance(text, str) else json.dumps(text))  # fmt: skip
    summary = load(store, path)
    assert not summary.errors
    (record,) = [one for one in Catalog(store).records() if one.kind == "dataset"]
    return record


def written(record: Record, form: str) -> Any:
    chosen = format_named(form)
    assert chosen.write is not None
    content = chosen.write(record)
    return content.decode() if form == "markdown" else json.loads(content)


LAKE: dict[str, Any] = {
    "@context": "https://schema.org/", "@type": "Dataset", "@id": "https://m.example/d/2", "name": "Lake levels",
    "description": "Daily water levels of 40 lakes since 1950, as measured by gauges.", "url": "https://m.example/d/2",
    "license": "https://creativecommons.org/licenses/by/4.0/", "datePublished": "2024-01-01", "version": "1",
    "inLanguage": {"@type": "Language", "name": "English"}, "keywords": ["lakes", "levels"],
    "creator": {"@list": [{"@type": "Person", "name": "Zoe Zed"}, {"@type": "Person", "name": "Abe Ab"}]},
    "publisher": {"@type": "NGO", "name": "Lake Office"},
    "contactPoint": {"@type": "ContactPoint", "name": "Help", "email": "help@m.example"},
    "distribution": [{"@type": "DataDownload", "contentUrl": "https://m.example/levels.csv",
                      "encodingFormat": "text/csv", "contentSize": 1234}],
}  # fmt: skip


@pytest.mark.parametrize("hashed", [False, True])
def test_schema_org_goes_out_as_croissant_that_loads(store: EmbeddedStore, tmp_path: Path, hashed: bool) -> None:
    said = json.loads(json.dumps(LAKE))
    if hashed:
        said["distribution"][0]["sha256"] = "a" * 64
    record = loaded(store, tmp_path, said)
    found = written(record, "croissant")
    mlcroissant.Dataset(jsonld=found)
    assert "cr:FileObject" in found["distribution"]["@type"]
    assert found.get("isLiveDataset") is (None if hashed else True)
    assert {one["name"] for one in found["creator"]} == {"Zoe Zed", "Abe Ab"}
    assert found["publisher"]["name"] == "Lake Office"
    assert found["citeAs"].startswith("Abe Ab, Zoe Zed (2024). Lake levels. Lake Office. https://m.example/d/2")
    schema = written(record, "schema")
    assert schema["contactPoint"] == {"@type": "ContactPoint", "name": "Help", "email": "help@m.example"}
    assert "help@m.example" in written(record, "markdown")


def test_nobody_is_made_a_publisher(store: EmbeddedStore, tmp_path: Path) -> None:
    said = {name: value for name, value in LAKE.items() if name != "publisher"}
    record = loaded(store, tmp_path, said)
    assert "publisher" not in written(record, "croissant")


def test_a_citation_that_the_publisher_asks_for_is_given(store: EmbeddedStore, tmp_path: Path) -> None:
    record = loaded(
        store,
        tmp_path,
        f"""
        <https://e.org/d> a dcat:Dataset ; dct:title "T" ; dct:description "About it." ; dct:publisher "P" ; {WAY} ;
          dct:bibliographicCitation "Mercia Ponds (2023)" ; dct:issued "2023-05-01" .""",
    )
    text = written(record, "markdown")
    assert "Cite as: Mercia Ponds (2023)" in text
    assert "**First published:** 2023-05-01" in text
    assert "Last changed" not in text
    (hit,) = [one.as_json() for one in Catalog(store).index.search(_everything()).hits]
    assert (hit["modified"], hit["modified_of"]) == ("2023-05-01", "issued")


def _everything() -> Any:
    from ndl_graph.search import SearchQuery

    return SearchQuery()


@pytest.mark.parametrize(
    ("contact", "address"),
    [
        ('[ a vcard:Organization ; vcard:fn "Desk" ; vcard:hasEmail [ vcard:hasValue <mailto:desk@c.example> ] ]', 1),
        ("<mailto:desk@c.example>", 1),
        ('[ a vcard:Organization ; vcard:fn "Desk" ; vcard:hasEmail [ a vcard:Work ] ]', 0),
    ],
)
def test_a_contact_is_reached_and_never_by_a_name_of_our_making(
    store: EmbeddedStore, tmp_path: Path, contact: str, address: int
) -> None:
    record = loaded(
        store,
        tmp_path,
        f"""
        <https://e.org/d> a dcat:Dataset ; dct:title "T" ; dct:description "About it." ; dct:publisher "P" ; {WAY} ;
          dct:license [ a dct:LicenseDocument ; foaf:name "Our own terms" ] ; dcat:contactPoint {contact} .""",
    )
    for form in ("markdown", "schema", "croissant"):
        text = json.dumps(written(record, form))
        assert "genid" not in text, form
        if form != "croissant":
            assert ("desk@c.example" in text) == bool(address), form
    assert written(record, "schema")["license"] == {"@type": "CreativeWork", "name": "Our own terms"}


def test_one_language_is_kept_to(store: EmbeddedStore, tmp_path: Path) -> None:
    record = loaded(
        store,
        tmp_path,
        f"""
        <https://e.org/d> a dcat:Dataset ; dct:title "B\u00e4ume"@de, "Alberi"@it ; dct:description "Elenco."@it ;
          dct:publisher "P" ; {WAY} .""",
    )
    found = written(record, "croissant")
    assert (found["@context"]["@language"], found["name"], found["description"]) == ("it", "Alberi", "Elenco.")
    assert written(record, "markdown").startswith("# Alberi\n")
    assert written(record, "schema")["name"] == "Alberi"


def test_a_service_that_nobody_names_is_read_and_reaches_its_data(store: EmbeddedStore, tmp_path: Path) -> None:
    (tmp_path / "s.ttl").write_text(
        HEAD
        + """
        <https://i.example/d/1> a dcat:Dataset ; dct:title "Only services" ; dct:description "Data of a service." ;
          dct:publisher "P" .
        <https://i.example/svc> a dcat:DataService ; dct:title "Svc" ; dcat:endpointURL <https://i.example/api> ;
          dcat:servesDataset <https://i.example/d/1> ."""
    )
    summary = load(store, tmp_path / "s.ttl")
    assert not summary.errors
    assert (summary.added, summary.sources[0].left_out) == (2, 0)
    kinds = {record.dataset.value: record.kind for record in Catalog(store).records()}
    assert kinds == {"https://i.example/d/1": "dataset", "https://i.example/svc": "service"}


def test_a_dataset_of_which_nothing_is_said_is_turned_away_with_reasons(store: EmbeddedStore, tmp_path: Path) -> None:
    (tmp_path / "bare.ttl").write_text(HEAD + "<https://i.example/1> a dcat:Dataset .")
    summary = load(store, tmp_path / "bare.ttl")
    assert not summary.errors
    (rejected,) = summary.sources[0].rejected
    assert any("title" in one["message"] for one in rejected["results"])


@pytest.mark.parametrize(
    "document",
    [
        {"@context": {"dcat": str(DCAT), "dct": str(DCT)}, "@id": "https://j.example/r", "@type": "dcat:Dataset",
         "dct:title": "R", "@reverse": {"dcat:dataset": {"@id": "https://j.example/c", "dct:title": "C"}}},
        {"@context": {"dcat": str(DCAT), "dct": str(DCT), "Dataset": {
            "@id": "dcat:Dataset", "@context": {"title": {"@id": "dct:title", "@container": "@language"}}}},
         "@id": "https://s.example/1", "@type": "Dataset", "title": {"en": "Scoped"}},
    ],
)  # fmt: skip
def test_what_can_be_loaded_can_be_checked(tmp_path: Path, document: dict[str, Any]) -> None:
    text = json.dumps(document, indent=1)
    plain = set(map(str, jsonld.read(io.BytesIO(text.encode()), "http://b.org/")))
    placed = set(map(str, jsonld.read(io.BytesIO(text.encode()), "http://b.org/", places=True)))
    assert plain < placed
    (tmp_path / "a.jsonld").write_text(text)
    done = run("validate", "a.jsonld", "--json", cwd=tmp_path)
    assert done.code == 1, done.err
    assert all(one["line"] for one in json.loads(done.out)["results"])


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("//<![CDATA[\n", "\n//]]>"),
        ("/* <![CDATA[ */\n", "\n/* ]]> */"),
        ("<!--", "-->"),
        ("<![CDATA[", "]]>"),
        ("", ""),
    ],
)
def test_scripts_are_unwrapped(start: str, end: str) -> None:
    form = format_named("html")
    assert form.read is not None
    page = f'<html><script type="application/ld+json">{start}{json.dumps(LAKE)}{end}</script></html>'
    lines = list(map(str, form.read(io.BytesIO(page.encode()), "https://m.example/")))
    assert any('"Lake levels"' in line for line in lines)


def test_addresses_of_standard_lists_are_known_as_text_too(store: EmbeddedStore, tmp_path: Path) -> None:
    eu = "http://publications.europa.eu/resource/authority/"
    record = loaded(
        store,
        tmp_path,
        f"""
        <https://e.org/d> a dcat:Dataset ; dct:title "T" ; dct:description "About it." ; dct:publisher "P" ; {WAY} ;
          dct:accrualPeriodicity "{eu}frequency/ANNUAL" ; dct:language "{eu}language/ITA" ;
          dcat:theme "{eu}data-theme/ENVI" ; dct:accessRights "{eu}access-right/NON_PUBLIC" ;
          dct:license <https://creativecommons.org/licenses/by/4.0/deed.it> ; dcat:distribution <https://e.org/f> .
        <https://e.org/f> dcat:accessURL <https://e.org/f.csv> ; dct:format "{eu}file-type/CSV" .""",
    )
    said = {(one.predicate, one.object) for one in record.triples}
    assert {
        (DCT.accrualPeriodicity, NamedNode(f"{eu}frequency/ANNUAL")), (DCT.language, NamedNode(f"{eu}language/ITA")),
        (DCAT.theme, NamedNode(f"{eu}data-theme/ENVI")), (DCT.format, NamedNode(f"{eu}file-type/CSV")),
        (DCT.accessRights, NamedNode(f"{eu}access-right/NON_PUBLIC")),
        (DCT.license, NamedNode("https://creativecommons.org/licenses/by/4.0/")),
    } <= said  # fmt: skip


def test_a_separator_may_be_a_space(store: EmbeddedStore, tmp_path: Path) -> None:
    record = loaded(
        store,
        tmp_path,
        f"""
        <https://e.org/d> a dcat:Dataset ; dct:title "T" ; dct:description "About it." ; dct:publisher "P" ; {WAY} ;
          cr:recordSet [ cr:field [ cr:source [ cr:transform [ cr:separator " " ; cr:replace "" ] ] ] ] .""",
    )
    assert {(CR.separator, Literal(" ")), (CR.replace, Literal(""))} <= {
        (t.predicate, t.object) for t in record.triples
    }


def test_markdown_is_short_whatever_is_described(store: EmbeddedStore, tmp_path: Path) -> None:
    long = "\u6c34\u4f4d " * 400
    files = "".join(
        f"<https://e.org/f{n}> a dcat:Distribution ; dct:title 'A file with quite an ordinary title {n}' ;"
        f" dcat:downloadURL <https://e.org/files/of/the/year/{2000 + n}.csv> .\n"
        for n in range(80)
    )
    fields = "".join(f"<https://e.org/c{n}> a cr:Field ; schema:name 'column_number_{n}' .\n" for n in range(400))
    record = loaded(
        store,
        tmp_path,
        f"""
        <https://e.org/d> a dcat:Dataset ; dct:title "{long[:300]}" ; dct:description "{long}" ;
          {WAY} ; dct:publisher "P" ;
          dct:accessRights "{long}" ; schema:conditionsOfAccess "{long}" ; cr:recordSet <https://e.org/t> ;
          dcat:distribution {", ".join(f"<https://e.org/f{n}>" for n in range(80))} .
        <https://e.org/t> a cr:RecordSet ; schema:name "Table" ;
          cr:field {", ".join(f"<https://e.org/c{n}>" for n in range(400))} .
        {files} {fields}""",
    )
    text = written(record, "markdown")
    assert most_tokens(text) <= 900, "the most that they can be, which is half as many again as they are"
    assert "more: see" in text
    assert "Cite as:" in text
    assert VCARD.fn.value not in text


def test_line_ends_of_windows_are_the_same_in_every_syntax(store: EmbeddedStore, tmp_path: Path) -> None:
    record = loaded(
        store,
        tmp_path,
        f"""
        <https://e.org/d> a dcat:Dataset ; dct:title "T" ; dct:description "one\\r\\ntwo" ; {WAY} ;
          dct:publisher "P" .""",
    )
    for form in ("turtle", "ntriples", "rdfxml", "jsonld"):
        chosen = format_named(form)
        assert chosen.write is not None
        assert chosen.read is not None
        found = {one.object for one in chosen.read(io.BytesIO(chosen.write(record)), "http://b.org/")}
        assert Literal("one\r\ntwo") in found, form


def test_files_stand_where_a_reader_looks_for_them(store: EmbeddedStore, tmp_path: Path) -> None:
    record = loaded(
        store,
        tmp_path,
        f"""
        <https://e.org/d> a dcat:Dataset ; dct:title "T" ; dct:description "About it." ; dct:publisher "P" ; {WAY} ;
          dcat:distribution <https://e.org/f> ; cr:recordSet <https://e.org/a> .
        <https://e.org/f> a dcat:Distribution ; dcat:downloadURL <https://e.org/f.csv> ; dct:format "CSV" .
        <https://e.org/a> a cr:RecordSet ; schema:name "a" ; cr:field <https://e.org/c> .
        <https://e.org/c> a cr:Field ; schema:name "c" ; cr:dataType schema:Text ;
          cr:source [ cr:fileObject <https://e.org/f> ; cr:extract [ cr:column "c" ] ] .""",
    )
    found = written(record, "croissant")
    assert found["distribution"]["contentUrl"] == "https://e.org/f.csv"
    assert found["recordSet"]["field"]["source"]["fileObject"] == {"@id": "https://e.org/f"}
    mlcroissant.Dataset(jsonld=found)


def test_what_was_said_in_schema_org_is_said_on(store: EmbeddedStore, tmp_path: Path) -> None:
    more = {
        "variableMeasured": [{"@type": "PropertyValue", "name": "level", "unitText": "m"}, "temperature"],
        "measurementTechnique": "gauge",
        "funder": {"@type": "Organization", "name": "Lake Fund"},
        "spatialCoverage": {"@type": "Place", "geo": {"@type": "GeoShape", "box": "1 2 3 4"}},
        "citation": "A paper",
        "isPartOf": {"@type": "Dataset", "@id": "https://m.example/d/1", "name": "All lakes"},
    }
    path = tmp_path / "lake.json"
    path.write_text(json.dumps({**LAKE, **more}))
    load(store, path)
    (record,) = [one for one in Catalog(store).records() if one.dataset.value == "https://m.example/d/2"]
    found = written(record, "schema")
    assert found["measurementTechnique"] == "gauge"
    assert found["funder"] == {"@type": "Organization", "name": "Lake Fund"}
    assert found["spatialCoverage"]["geo"]["box"] == "1 2 3 4"
    assert found["citation"] == "A paper"
    assert found["isPartOf"]["@id"] == "https://m.example/d/1"
    assert {json.dumps(one, sort_keys=True) for one in found["variableMeasured"]} == {
        '"temperature"', '{"@type": "PropertyValue", "name": "level", "unitText": "m"}',
    }  # fmt: skip
    assert found["url"] != "https://m.example/d/2", "the page is ours"
    read = set(jsonld.read(io.BytesIO(json.dumps(found).encode()), "http://b.org/"))
    assert read
