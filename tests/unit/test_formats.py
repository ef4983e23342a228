"""Every format is read to the same graph as a second parser reads it, and told by name, type or content."""

import io
import json
from pathlib import Path

import pytest
import rdflib
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse
from rdflib.compare import to_isomorphic
from rocrate.rocrate import ROCrate

from ndl_graph.catalog import Catalog
from ndl_graph.errors import ParseError, SettingError, SourceError
from ndl_graph.formats import FORMATS, detect, format_named, jsonld, readable
from ndl_graph.namespaces import DCAT, DCT, FOAF, VCARD, relative_base
from ndl_graph.record import Record, Statements
from tests.conftest import BASE, DATA

UKGOV_YAML = b"""
identifier: https://data.example.gov.uk/postcodes
type: dcat:Dataset
title: Postcodes
description: Where each postcode is.
licence: http://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/
accessRights: OPEN
contactPoint:
  contactName: Data team
  email: data@example.gov.uk
creator: [ordnance-survey]
publisher: ordnance-survey
updateFrequency: freq:monthly
modified: 2023-02-01
version: 1.10
"""
UKGOV_CSV = (
    b"identifier,type,title,contactName,email,keyword,publisher\n"
    b"https://data.example.gov.uk/postcodes,dcat:Dataset,Postcodes,Data team,"
    b'data@example.gov.uk,"post|codes",ordnance-survey\n'
)
DCAT_US = json.dumps(
    {
        "conformsTo": "https://project-open-data.cio.gov/v1.1/schema",
        "dataset": [
            {
                "title": "Trees",
                "description": "Trees",
                "identifier": "t-1",
                "accessLevel": "public",
                "publisher": {"name": "Parks"},
                "contactPoint": {"fn": "Team", "hasEmail": "mailto:t@example.org"},
                "distribution": [{"downloadURL": "https://example.org/t.csv", "mediaType": "text/csv"}],
                "somethingNew": "kept",
            }
        ],
    }
).encode()
SCHEMA = (
    b'{"@context": "https://schema.org/", "@type": "Dataset", "name": "Rivers", "url": "https://example.org/rivers"}'
)
PAGE = b'<!doctype html><html><head><script type="application/ld+json">' + SCHEMA + b"</script></head></html>"


def read(form: str, data: bytes) -> list[str]:
    chosen = format_named(form)
    assert chosen.read is not None
    return sorted(map(str, chosen.read(io.BytesIO(data), relative_base())))


@pytest.mark.parametrize(
    ("name", "media_type", "data", "form"),
    [
        ("a.ttl", "", b"<http://a> a <http://b> .", "turtle"),
        ("a.nt", "", b"<http://a> <http://b> <http://c> .", "ntriples"),
        ("", "text/turtle; charset=utf-8", b"<http://a> a <http://b> .", "turtle"),
        ("", "", b"@prefix a: <http://a/> . a:b a:c a:d .", "turtle"),
        ("", "", b"PREFIX a: <http://a/>\na:g { a:b a:c a:d }", "trig"),
        ("", "", b"<http://a> <http://b> <http://c> <http://g> .\n", "nquads"),
        ("", "", b'<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>', "rdfxml"),
        ("", "", PAGE, "html"),
        ("", "", UKGOV_YAML, "ukgov-yaml"),
        ("", "", UKGOV_CSV, "ukgov-csv"),
        ("data.json", "", DCAT_US, "dcat-us"),
        ("data.json", "", SCHEMA, "jsonld"),
        ("data.json", "", b'{"type": "dcat:Dataset", "title": "T", "identifier": "x"}', "ukgov-json"),
        ("", "", b'[] a <http://b> ; <http://p> "x" .', "turtle"),
    ],
)
def test_format_is_told(name: str, media_type: str, data: bytes, form: str) -> None:
    assert detect(io.BytesIO(data), name, media_type).name == form


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (b"", SourceError, "nothing in it"),
        (b"  \n ", SourceError, "nothing in it"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", ParseError, "binary"),
        (b"lorem ipsum dolor", ParseError, "no format"),
        (b"PK\x03\x04\x14\0\x06\0", ParseError, "zip archive"),
        (
            b'<?xml version="1.0"?><!-- <a> --><gmd:MD_Metadata xmlns:gmd="http://www.isotc211.org/2005/gmd"><x/>',
            ParseError,
            "ISO 19139, which is not read",
        ),
        (b'<oai:OAI-PMH xmlns:oai="http://www.openarchives.org/OAI/2.0/"/>', ParseError, "OAI-PMH"),
    ],
)
def test_what_is_in_no_format_is_refused(data: bytes, error: type[SourceError], words: str) -> None:
    with pytest.raises(error, match=words):
        detect(io.BytesIO(data), "x")


def test_unknown_format_names_the_known() -> None:
    with pytest.raises(SettingError, match="turtle"):
        format_named("papyrus")


def test_names_and_suffixes_are_unique() -> None:
    assert len({form.name for form in FORMATS}) == len(FORMATS)
    suffixes = [suffix for form in FORMATS for suffix in form.suffixes]
    assert len(set(suffixes)) == len(suffixes)


def test_every_record_is_a_ro_crate(demo: Catalog, tmp_path: Path) -> None:
    form = format_named("ro-crate")
    assert form.write is not None
    for record in demo.records():
        folder = tmp_path / record.slug
        folder.mkdir()
        (folder / "ro-crate-metadata.json").write_bytes(form.write(record))
        crate = ROCrate(str(folder))
        root, view = crate.root_dataset, demo.describe(record)
        assert (root["name"], root["identifier"]) == (view.title, view.iri)
        assert root["license"], "RO-Crate asks for one, or for a sentence"
        assert root["datePublished"]
        assert root["publisher"]["name"] == (view.publisher.label if view.publisher else None)
        # What is behind approval has no files to fetch; each file of the others is a part.
        addresses = [one for part in view.distributions if (one := part.link(DCAT.downloadURL, DCAT.accessURL))]
        parts = [part.id.rpartition("#")[0] or part.id for part in root.get("hasPart") or []]
        assert set(parts) <= set(addresses)
        if view.access and view.access.iri and view.access.iri.endswith("#open"):
            assert sorted(parts) == sorted(addresses), "two forms at one address are two"


def test_ukgov_is_the_same_in_yaml_and_csv() -> None:
    yaml = read("ukgov-yaml", UKGOV_YAML)
    for line in (
        f"<https://data.example.gov.uk/postcodes> {DCT.publisher} <https://www.gov.uk/government/organisations/ordnance-survey>",
        f'<https://data.example.gov.uk/postcodes> {DCAT.version} "1.10"',
        f"<https://data.example.gov.uk/postcodes> {DCT.accrualPeriodicity} <http://purl.org/cld/freq/monthly>",
        f'<https://data.example.gov.uk/postcodes> {DCT.modified} "2023-02-01"^^<http://www.w3.org/2001/XMLSchema#date>',
    ):
        assert line in yaml
    csv = read("ukgov-csv", UKGOV_CSV)
    assert f'<https://data.example.gov.uk/postcodes> {DCAT.keyword} "codes"' in csv
    assert any(f"{VCARD.hasEmail} <mailto:data@example.gov.uk>" in line for line in csv)


def test_dcat_us_without_context_keeps_what_it_does_not_know() -> None:
    lines = read("dcat-us", DCAT_US)
    assert any(f'{FOAF.name} "Parks"' in line for line in lines)
    assert any(f"{DCAT.downloadURL} <https://example.org/t.csv>" in line for line in lines)
    assert any('schema#somethingNew> "kept"' in line for line in lines)


def test_page_is_read_like_its_script() -> None:
    assert [line.split(" ", 1)[1] for line in read("html", PAGE)] == [
        line.split(" ", 1)[1] for line in read("jsonld", SCHEMA)
    ]


@pytest.mark.parametrize(
    ("form", "data", "line", "column", "words"),
    [
        ("turtle", b"@prefix a: <http://a/> .\na:b a:c ; .\n", 2, 9, "not a valid RDF object"),
        ("jsonld", b'{"a":\n  [1,}', 2, 6, "broken JSON"),
        ("ukgov-yaml", b"a: [1\nb: 2\n", 2, None, "broken YAML"),
        ("turtle", b'<http://a> <http://b> "\xff" .', 1, None, "UTF-8"),
        ("jsonld", b'{"a": "\xff"}', 1, 8, "UTF-8"),
    ],
)
def test_broken_syntax_names_line_and_column(form: str, data: bytes, line: int, column: int | None, words: str) -> None:
    with pytest.raises(ParseError, match=words) as caught:
        read(form, data)
    assert caught.value.line == line
    assert column is None or caught.value.column == column


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'{"title": "x", "columns": [1]}', "plain JSON"),
        (b'{"@context": "https://example.org/context", "@id": "x"}', "https://example.org/context"),
        (b'{"@context": {"@import": "https://example.org/c"}, "@id": "x"}', "imports"),
    ],
)
def test_json_that_cannot_be_understood(data: bytes, words: str) -> None:
    with pytest.raises(ParseError, match=words):
        read("jsonld", data)


@pytest.mark.parametrize(
    "form", [form for form in readable() if form.write and form.name != "html"], ids=lambda form: str(form.name)
)
def test_the_same_graph_in_every_rdf_form(demo: Catalog, form: object) -> None:
    from ndl_graph.formats import Format

    assert isinstance(form, Format)
    if form.profile:
        return  # schema.org and Croissant are views, compared in their own tests
    assert form.write is not None
    names = {"turtle": "turtle", "jsonld": "json-ld", "ntriples": "nt", "rdfxml": "xml"}
    for slug in ("price-paid-data", "national-pupil-database", "welsh-index-of-multiple-deprivation-2025"):
        record = demo.get(slug)
        expected = rdflib.Graph().parse(data="".join(f"{triple} .\n" for triple in record.triples), format="nt")
        found = rdflib.Graph().parse(data=form.write(record), format=names[form.name])
        assert to_isomorphic(found) == to_isomorphic(expected)


def test_real_feeds_read_as_rdflib_reads_them(shared: Path) -> None:
    for path in sorted((shared / "data" / "councils").glob("*.json")):
        expected = len(rdflib.Graph().parse(path, format="json-ld"))
        assert len(set(read("jsonld", path.read_bytes()))) == expected, path.name


def test_demo_files_are_self_contained() -> None:
    for path in DATA.rglob("*.ttl"):
        graph = rdflib.Graph().parse(path)
        for publisher in graph.objects(None, rdflib.URIRef(DCT.publisher.value)):
            assert (publisher, rdflib.URIRef(FOAF.name.value), None) in graph, path


def test_record_iris_are_linked_in_jsonld(demo: Catalog) -> None:
    form = format_named("jsonld")
    assert form.write is not None
    document = json.loads(form.write(demo.get("price-paid-data")))
    record, dataset = document["@graph"][:2] if len(document["@graph"]) > 1 else (document["@graph"][0], None)
    assert record["@id"] == demo.get("price-paid-data").iri.value
    assert dataset is None or NamedNode(dataset["@id"])


def test_a_format_goes_by_its_suffix_and_its_media_type_too() -> None:
    for name in ("turtle", "ttl", ".ttl", "text/turtle"):
        assert format_named(name).name == "turtle"
    assert format_named("md", [form for form in FORMATS if form.write]).name == "markdown"
    with pytest.raises(SettingError, match="there is no format 'x'"):
        format_named("x")


@pytest.mark.parametrize("places", [False, True])
def test_a_name_that_stands_twice_in_json_keeps_its_values(places: bool) -> None:
    """RFC 8259 leaves open what becomes of them; letting one go would lose what a publisher said."""
    text = b"""{"@context": {"@vocab": "http://v.org/"}, "@id": "http://e.org/1",
      "a": "1", "a": ["2", "1"], "b": "x", "b": "x"}"""
    read = map(str, jsonld.read(io.BytesIO(text), "http://b.org/", places=places))
    found = {line for line in read if "place" not in line}
    assert found == {
        '<http://e.org/1> <http://v.org/a> "1"', '<http://e.org/1> <http://v.org/a> "2"',
        '<http://e.org/1> <http://v.org/b> "x"',
    }  # fmt: skip
    feed = json.loads(DCAT_US)
    twice = json.dumps(feed).replace('"title": "Trees"', '"title": "Trees", "title": "Hedges"').encode()
    form = format_named("dcat-us")
    assert form.read is not None
    titles = {one.object.value for one in form.read(io.BytesIO(twice), relative_base(), places=places)
              if isinstance(one.object, Literal) and one.predicate == DCT.title}  # fmt: skip
    assert titles == {"Trees", "Hedges"}


def test_json_ld_reads_back_where_an_address_begins_like_a_prefix() -> None:
    triples = [
        Triple(NamedNode("http://e.org/1"), DCT.relation, NamedNode("schema:Dataset")),
        Triple(NamedNode("dct:x"), NamedNode("https://schema.org/name"), Literal("1", datatype=NamedNode("xsd:y"))),
    ]
    written = jsonld.write(triples, [NamedNode("http://e.org/1")])
    assert set(jsonld.read(io.BytesIO(written), "http://b.org/")) == set(triples)


def test_a_long_cell_is_read_and_one_without_end_is_told_of() -> None:
    form = format_named("ukgov-csv")
    assert form.read is not None
    sheet = b"identifier,type,title,description\nhttps://e.org/1,dcat:Dataset,T,%s\n"
    found = list(form.read(io.BytesIO(sheet % (b"x" * 200_000)), relative_base()))
    assert max(len(str(one.object)) for one in found) > 200_000
    with pytest.raises(ParseError, match="a cell holds more than") as told:
        list(form.read(io.BytesIO(sheet % (b"x" * (16 * 1024 * 1024 + 1))), relative_base()))
    assert (told.value.line, "link to it" in (told.value.hint or "")) == (2, True)


def test_xml_is_xml_before_it_is_rdf() -> None:
    form = format_named("rdfxml")
    assert form.read is not None
    head = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">\n'
    deep = head + "<rdf:Description><e:p>" * 300 + "x" + "</e:p></rdf:Description>" * 300 + "</rdf:RDF>"
    with pytest.raises(ParseError, match="nested more than 500 deep") as told:
        list(form.read(io.BytesIO(deep.encode()), "http://b.org/"))
    assert told.value.line == 2
    fine = head + "<rdf:Description><e:p>" * 200 + "x" + "</e:p></rdf:Description>" * 200 + "</rdf:RDF>"
    assert len(list(form.read(io.BytesIO(fine.encode()), "http://b.org/"))) == 200
    for entity in ('<!ENTITY a SYSTEM "file:///etc/passwd">', f'<!ENTITY a "{"x" * 1_001}">', '<!ENTITY a "&b;">'):
        text = f"<!DOCTYPE r [\n<!ENTITY b 'x'>\n{entity}]>\n{head}</rdf:RDF>"
        with pytest.raises(ParseError, match="entity") as told:
            list(form.read(io.BytesIO(text.encode()), "http://b.org/"))
        assert told.value.line == 3
    text = f"<!DOCTYPE r [<!ENTITY x \"http://x.org/\">]>\n{head}<rdf:Description rdf:about='&x;1' e:p='1'/></rdf:RDF>"
    assert [str(one.subject) for one in form.read(io.BytesIO(text.encode()), "http://b.org/")] == ["<http://x.org/1>"]


NESTED = "<<( <http://a/s> <http://a/p> "


@pytest.mark.parametrize("form", ["ntriples", "nquads", "turtle", "trig"])
def test_triple_terms_without_end_are_refused(form: str) -> None:
    """Reading them ends the process, however they are hidden."""
    chosen = format_named(form)
    assert chosen.read is not None
    start, depth = "<http://a/s> <http://a/p> ", 600
    hidden = [NESTED * depth + "<http://a/o> " + ")>> " * depth]
    if form in ("turtle", "trig"):
        hidden += [
            (NESTED + "# )>>\n") * depth + "<http://a/o> " + ")>> " * depth,
            '"""a # b""" ; <http://a/q> ' + NESTED * depth + "<http://a/o> " + ")>> " * depth,
            "'(((( )>>' ; <http://a/q#> " + NESTED * depth + "<http://a/o> " + ")>> " * depth,
        ]
    for text in hidden:
        with pytest.raises(ParseError, match="triple terms are nested more than 500 deep"):
            list(chosen.read(io.BytesIO(f"{start}{text} .\n".encode()), "http://b.org/"))
    side = "".join(f"<http://a/{n}> <http://a/p> {NESTED} <http://a/o> )>> .\n" for n in range(depth))
    assert len(list(chosen.read(io.BytesIO(side.encode()), "http://b.org/"))) == depth
    text = f'<http://a/s> <http://a/p> "{NESTED * depth}" .\n'
    assert len(list(chosen.read(io.BytesIO(text.encode()), "http://b.org/"))) == 1


def test_brackets_in_brackets_are_as_good_as_nodes_with_names() -> None:
    form = format_named("turtle")
    assert form.read is not None
    text = "<http://a/s> <http://a/p> " + "[ <http://a/p> " * 5_000 + "1" + "]" * 5_000 + " ."
    assert len(list(form.read(io.BytesIO(text.encode()), "http://b.org/"))) == 5_001
    assert len(list(form.read(io.BytesIO(text.encode()), "http://b.org/", places=True))) >= 5_001


def test_a_page_that_stands_alone_reads_back(demo: Catalog) -> None:
    html, schema = format_named("html"), format_named("schema")
    assert html.write is not None
    assert html.read is not None
    assert schema.write is not None
    assert schema.read is not None
    for name in ("price-paid-data", "hospital-episode-statistics-hes", "sail-databank"):
        record = demo.get(name)
        page = html.write(record)
        text = page.decode()
        inside = text.partition('<script type="application/ld+json">')[2].partition("</script>")[0]
        assert json.loads(inside) == json.loads(schema.write(record))
        read = [
            list(form(io.BytesIO(data), BASE)) for form, data in ((html.read, page), (schema.read, inside.encode()))
        ]
        assert len(read[0]) == len(read[1]) > 20
        assert "<h1>" in text
        assert "Who can use it" in text


def test_a_page_runs_nothing_that_a_publisher_wrote() -> None:
    said = "</script><script>alert(1)</script> <img src=x onerror=alert(1)> ![x](http://e.org/x.png)"
    text = (
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
        f"<http://e.org/d> a dcat:Dataset ; dct:title '{said}' ; dct:description '{said}' ; "
        f"dct:publisher [ <http://xmlns.com/foaf/0.1/name> '{said}' ] ; dct:accessRights '{said}' ."
    )
    triples = tuple(quad.triple for quad in parse(text.encode(), RdfFormat.TURTLE))
    node = NamedNode("http://e.org/d")
    write = format_named("html").write
    assert write is not None
    page = write(Record(NamedNode(f"{BASE}dataset/d"), node, "dataset", "k", Statements(triples=triples))).decode()
    assert page.count("<script") == 1
    assert page.count("</script>") == 1
    assert "<img" not in page
