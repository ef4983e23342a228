"""What publishers say in words that are seldom used, or in more words than one: it counts, and comes out as it was."""

import json
from pathlib import Path
from typing import Any

import pytest
from pyoxigraph import Literal, NamedNode

from ndl_graph.catalog import Catalog
from ndl_graph.formats import format_named
from ndl_graph.namespaces import DCAT
from ndl_graph.record import Record
from ndl_graph.search import SearchQuery
from ndl_graph.stores import EmbeddedStore
from tests.commands import run
from tests.conftest import load
from tests.unit.test_foreign import loaded, written

PREFIXES = """@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix vcard: <http://www.w3.org/2006/vcard/ns#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix time: <http://www.w3.org/2006/time#> .
@prefix locn: <http://www.w3.org/ns/locn#> . @prefix geo: <http://www.opengis.net/ont/geosparql#> .
"""
HEAD = (
    "a dcat:Dataset ; dct:title 'T' ; dct:description 'About it.' ; dct:publisher 'P' ; dcat:landingPage <http://p.e/>"
)


def schema_of(store: EmbeddedStore, tmp_path: Path, said: str) -> dict[str, Any]:
    """What a description says in schema.org once it was loaded."""
    record = loaded(store, tmp_path, f"{PREFIXES} <https://e.org/d> {HEAD} ; {said} .")
    found: dict[str, Any] = written(record, "schema")
    return found


def written_as_text(record: Record) -> str:
    """What a record says in Markdown."""
    form = format_named("markdown")
    assert form.write is not None
    return form.write(record).decode()


def json_ld(store: EmbeddedStore, tmp_path: Path, **said: Any) -> Record:
    document = {"@context": "https://schema.org/", "@type": "Dataset", "@id": "https://e.org/d", "name": "T"}
    document |= {"description": "About it.", "url": "https://e.org/page", **said}
    (tmp_path / "d.json").write_text(json.dumps(document))
    summary = load(store, str(tmp_path / "d.json"))
    assert summary.added == 1, summary.sources[0].rejected
    return Catalog(store).get("https://e.org/d")


def test_another_work_that_is_cited_is_no_citation_of_this(store: EmbeddedStore, tmp_path: Path) -> None:
    publisher = {"@type": "Organization", "name": "P"}
    record = json_ld(store, tmp_path, publisher=publisher, citation="Other A. (2001) A paper about something else.")
    assert "Other A." not in written(record, "markdown")
    assert "Other A." not in json.dumps(written(record, "croissant").get("citeAs"))
    assert written(record, "schema")["citation"].startswith("Other A."), "it is said on as it was said"


@pytest.mark.parametrize("word", ["author", "provider", "sourceOrganization"])
def test_other_words_for_who_made_it_count(store: EmbeddedStore, tmp_path: Path, word: str) -> None:
    maker = {"@type": "CollegeOrUniversity", "name": "University of Bath"}
    record = json_ld(store, tmp_path, **{word: maker})
    view = Catalog(store).describe(record)
    assert view.publisher is not None
    assert view.publisher.label == "University of Bath"


def test_a_file_with_a_page_alone_is_a_way_to_the_data(store: EmbeddedStore, tmp_path: Path) -> None:
    record = json_ld(
        store, tmp_path, author={"@type": "Person", "name": "A"},
        distribution={"@type": "DataDownload", "name": "All", "url": "https://e.org/all"},
    )  # fmt: skip
    assert written(record, "schema")["distribution"]["contentUrl"] == "https://e.org/all"


def test_what_a_publisher_says_in_schema_org_comes_out_whole(store: EmbeddedStore, tmp_path: Path) -> None:
    creator = {
        "@type": "Person", "name": "Ann", "sameAs": "https://orcid.org/0000-0001-2345-6789",
        "affiliation": {"@type": "Organization", "name": "Bath"},
    }  # fmt: skip
    file = {
        "@type": "DataDownload", "contentUrl": "https://e.org/a.csv", "name": "A", "sha256": "0" * 64,
        "encodingFormat": "text/csv",
    }  # fmt: skip
    record = json_ld(store, tmp_path, creator=creator, distribution=file, version=1.1)
    out = written(record, "schema")
    assert out["creator"]["sameAs"] == creator["sameAs"]
    assert out["creator"]["affiliation"]["name"] == "Bath"
    assert out["distribution"]["sha256"] == "0" * 64
    assert out["version"] == "1.1", "as JSON wrote it, and not 1.1E0"
    assert out["includedInDataCatalog"]["@id"].endswith("/catalog")


@pytest.mark.parametrize(
    ("said", "box"),
    [
        ("dct:spatial [ a dct:Location ; dcat:bbox 'POLYGON((-4 55, -3 55, -3 56, -4 56, -4 55))' ]", "55 -4 56 -3"),
        ("dct:spatial [ dcat:bbox '<http://www.opengis.net/def/crs/EPSG/0/27700> POLYGON((1 2, 3 4))' ]", None),
        ("dct:spatial '-4.39,55.78,-4.07,55.92'", "55.78 -4.39 55.92 -4.07"),
        (
            """dct:spatial [ locn:geometry '{"type": "Polygon", "coordinates": [[[-8, 49], [2, 49], [2, 60]]]}' ]""",
            "49 -8 60 2",
        ),
        ("dct:spatial [ dcat:bbox 'ENVELOPE(-8, 2, 60, 49)' ]", "49 -8 60 2"),
        ("dct:spatial [ dcat:bbox 'POINT(5.2e-05 51.47)' ]", "51.47 5.2e-05 51.47 5.2e-05"),
        ("dct:spatial [ dcat:bbox 'POLYGON ZM ((1 2 3 4, 5 6 7 8))' ]", "2 1 6 5"),
        ("dct:spatial [ dcat:bbox 'POINT(1234567 51)' ]", None),
        (f"""dct:spatial [ locn:geometry '{{"coordinates": [{"9" * 400}, 2]}}' ]""", None),
        ("""dct:spatial [ locn:geometry '{"coordinates": [NaN, 1]}' ]""", None),
    ],
)
def test_a_place_that_is_a_box_is_a_box(store: EmbeddedStore, tmp_path: Path, said: str, box: str | None) -> None:
    place = schema_of(store, tmp_path, said).get("spatialCoverage", {})
    assert place.get("geo", {}).get("box") == box
    assert "name" not in place


def test_geojson_stays_one_value(store: EmbeddedStore, tmp_path: Path) -> None:
    shape = {"type": "Polygon", "coordinates": [[[-8, 49], [2, 49], [2, 60], [-8, 60], [-8, 49]]]}
    (tmp_path / "data.json").write_text(json.dumps({
        "conformsTo": "https://project-open-data.cio.gov/v1.1/schema",
        "dataset": [{"title": "T", "description": "About it.", "identifier": "https://e.org/d", "spatial": shape,
                     "publisher": {"name": "P"}, "landingPage": "https://e.org/page"}],
    }))  # fmt: skip
    load(store, str(tmp_path / "data.json"))
    record = Catalog(store).get("https://e.org/d")
    (value,) = [one.object for one in record.triples if one.predicate.value.endswith("locn#geometry")]
    assert isinstance(value, Literal)
    assert json.loads(value.value) == shape
    assert written(record, "schema")["spatialCoverage"]["geo"]["box"] == "49 -8 60 2"


@pytest.mark.parametrize(
    ("said", "covered"),
    [
        ("dct:temporal '2008'", "2008/2008"),
        ("dct:temporal '1 April 2020 to 31 March 2021'", "2020-04-01/2021-03-31"),
        (
            "dct:temporal [ a dct:PeriodOfTime ; time:hasBeginning [ time:inXSDDate '2001-01-01'^^xsd:date ] ; "
            "time:hasEnd [ time:inXSDgYear '2005'^^xsd:gYear ] ]",
            "2001-01-01/2005",
        ),
    ],
)
def test_periods_are_told_in_all_their_forms(store: EmbeddedStore, tmp_path: Path, said: str, covered: str) -> None:
    assert schema_of(store, tmp_path, said)["temporalCoverage"] == covered
    found = Catalog(store).search(SearchQuery(filters={"period": [covered[:4]]}))
    assert found.total == 1


def test_a_financial_year_is_not_taken_for_a_month(store: EmbeddedStore, tmp_path: Path) -> None:
    """2010-11 may be November, and to most who write it of a period it is not."""
    said = schema_of(store, tmp_path, "dct:temporal '2010-11', '1999-00'")
    assert sorted(said["temporalCoverage"]) == ["1999-00", "2010-11"]
    assert schema_of(store, tmp_path, "dct:temporal '2010-05'")["temporalCoverage"] == "2010-05/2010-05"


def test_what_is_said_of_rights_is_told(store: EmbeddedStore, tmp_path: Path) -> None:
    licence = "<http://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/>"
    file = "dcat:distribution [ dcat:accessURL <http://p.e/f.csv> ; dct:rights 'Pictures: staff only' ]"
    rights = f"dct:license {licence} ; dct:rights 'Not for commercial use.' ; {file}"
    said = schema_of(store, tmp_path, rights)
    assert said["conditionsOfAccess"] == "Not for commercial use.; Pictures: staff only"
    assert "isAccessibleForFree" not in said, "what is limited may still cost nothing"
    text = written_as_text(Catalog(store).get("https://e.org/d"))
    assert "Not for commercial use.; Pictures: staff only" in text
    assert "Anyone may" not in text


def test_a_service_is_told_with_its_address(store: EmbeddedStore, tmp_path: Path) -> None:
    (tmp_path / "service.ttl").write_text(
        f"{PREFIXES} <https://e.org/s> a dcat:DataService ; dct:title 'Wells' ; "
        "dct:description 'Wells that were drilled.' ; dct:publisher 'P' ; "
        "dcat:endpointURL <https://e.org/api> ; dcat:endpointDescription <https://e.org/api.json> ."
    )
    load(store, tmp_path / "service.ttl")
    record = Catalog(store).get("https://e.org/s")
    said = written(record, "schema")
    assert said["documentation"] == "https://e.org/api.json"
    assert said["availableChannel"] == {"@type": "ServiceChannel", "serviceUrl": "https://e.org/api"}
    text = written_as_text(record)
    assert "- Service: <https://e.org/api>\n- Its documentation: <https://e.org/api.json>\n" in text


def test_all_licences_are_told(store: EmbeddedStore, tmp_path: Path) -> None:
    schema_of(store, tmp_path, "dct:license 'OGL v3', 'CC BY 4.0'")
    text = written_as_text(Catalog(store).get("https://e.org/d"))
    assert "Creative Commons" in text
    assert "Open Government Licence" in text


@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        ("'Bob Smith <bob@e.uk>'", ["mailto:bob@e.uk"]),
        ("<mailto:Bob%20Smith%20%3Cbob@e.uk%3E>", ["mailto:bob@e.uk"]),
        ("<mailto:mailto:bob@e.uk>", ["mailto:bob@e.uk"]),
        ("'a@e.uk; b@e.uk'", ["mailto:a@e.uk", "mailto:b@e.uk"]),
        ("<mailto:a@e.uk?subject=Your%20data>", ["mailto:a@e.uk?subject=Your%20data"]),
        ("'Smith, Jo <jo@e.uk>'", ["mailto:jo@e.uk"]),
        ("'A <a@e.uk>, B <b@e.uk>'", ["mailto:a@e.uk", "mailto:b@e.uk"]),
        # A page is a page, whatever stands in its address.
        ("<https://x.org/c?m=%3Ca@b.org%3E>", ["https://x.org/c?m=%3Ca@b.org%3E"]),
        ("'nobody at all'", []),
    ],
)
def test_letters_reach_whoever_is_named(store: EmbeddedStore, tmp_path: Path, mail: str, expected: list[str]) -> None:
    contact = f"dcat:contactPoint [ vcard:fn 'B' ; vcard:hasEmail {mail} ]"
    record = loaded(store, tmp_path, f"{PREFIXES} <https://e.org/d> {HEAD} ; {contact} .")
    found = [one.object for one in record.triples if one.predicate.value.endswith("hasEmail")]
    assert sorted(one.value for one in found if isinstance(one, NamedNode)) == expected


@pytest.mark.parametrize(
    ("contact", "told"),
    [
        ("[ vcard:fn 'B' ; vcard:hasEmail [ vcard:hasValue <mailto:b@e.uk> ] ]", ""),
        ("<mailto:b@e.uk>", ""),
        ("[ vcard:fn 'B' ; vcard:hasEmail 'josé@e.uk' ]", ""),
        ("[ vcard:fn 'B' ; vcard:hasEmail <mailto:first%2Blast@e.uk> ]", ""),
        ("[ vcard:fn 'B' ]", "The contact point has no e-mail address"),
        ("[ vcard:fn 'B' ; vcard:hasEmail 'nobody' ]", "The e-mail address cannot be written to."),
        ("[ vcard:fn 'B' ; vcard:hasEmail [ vcard:hasValue <http://e.uk> ] ]", "The e-mail address cannot be written"),
    ],
)
def test_contacts_are_told_what_is_true_of_them(tmp_path: Path, contact: str, told: str) -> None:
    (tmp_path / "d.ttl").write_text(f"{PREFIXES} <https://e.org/d> {HEAD} ; dcat:contactPoint {contact} .")
    said = json.loads(run("validate", tmp_path / "d.ttl", "--report", "json").out)["results"]
    messages = [one["message"] for one in said if "ontact" in one["message"] or "e-mail" in one["message"]]
    assert bool(messages) is bool(told)
    assert not told or messages[0].startswith(told)


def test_an_address_that_starts_nowhere_is_no_way_to_the_data(tmp_path: Path) -> None:
    (tmp_path / "d.ttl").write_text(
        f"{PREFIXES} <https://e.org/d> a dcat:Dataset ; dct:title 'T' ; dct:description 'About it.' ; "
        "dct:publisher 'P' ; dcat:distribution [ dcat:accessURL <files/a.csv> ] ."
    )
    done = run("load", tmp_path / "d.ttl", "--store", tmp_path / "store")
    assert done.code == 1
    assert "no way to the data" in done.err + done.out


def test_a_page_that_the_source_tells_of_stays_a_page(store: EmbeddedStore, tmp_path: Path) -> None:
    alone = HEAD.partition(" ; dcat:landingPage")[0]
    said = f"{alone} ; dcat:landingPage <page> . <page> a foaf:Document ; dct:title 'P'"
    record = loaded(store, tmp_path, f"{PREFIXES} <https://e.org/d> {said} .")
    titled = {one.subject for one in record.triples if one.predicate.value.endswith("title")}
    assert len(titled - {record.dataset}) == 1


def test_what_starts_nowhere_is_mended_once(store: EmbeddedStore, tmp_path: Path) -> None:
    said = f"{HEAD} ; dcat:landingPage <www.e.org/rivers> , <pages/a.html>"
    record = loaded(store, tmp_path, f"{PREFIXES} <https://e.org/d> {said} .")
    found = {one.object for one in record.triples if one.predicate == DCAT.landingPage}
    assert found >= {NamedNode("https://www.e.org/rivers"), Literal("pages/a.html")}
    turtle = format_named("turtle").write
    assert turtle
    (tmp_path / "again.ttl").write_bytes(turtle(record))
    assert load(store, tmp_path / "again.ttl").unchanged == 1


def test_a_node_with_another_part_to_play_stays(store: EmbeddedStore, tmp_path: Path) -> None:
    record = loaded(
        store,
        tmp_path,
        f"{PREFIXES} <https://e.org/d> {HEAD} ; dct:license _:x ; dct:relation _:x . _:x a dct:LicenseDocument .",
    )
    (node,) = [one.object for one in record.triples if one.predicate.value.endswith("relation")]
    assert any(one.subject == node for one in record.triples)


def test_a_page_from_elsewhere_says_where_its_addresses_begin(store: EmbeddedStore, tmp_path: Path) -> None:
    said = {
        "@context": "https://schema.org/", "@type": "Dataset", "@id": "https://e.org/d", "name": "T",
        "description": "About it.", "publisher": {"@type": "Organization", "name": "P"},
        "distribution": {"@type": "DataDownload", "contentUrl": "x.csv"},
    }  # fmt: skip
    (tmp_path / "saved.html").write_text(
        f'<!doctype html><base href="https://e.org/a/"><script type="application/ld+json">{json.dumps(said)}</script>'
    )
    load(store, tmp_path / "saved.html")
    record = Catalog(store).get("https://e.org/d")
    assert written(record, "schema")["distribution"]["contentUrl"] == "https://e.org/a/x.csv"


def test_a_licence_of_which_nothing_is_said_is_none(store: EmbeddedStore, tmp_path: Path) -> None:
    record = loaded(
        store, tmp_path, f"{PREFIXES} <https://e.org/d> {HEAD} ; dct:license [ a dct:LicenseDocument ; dct:type '' ] ."
    )  # fmt: skip
    assert Catalog(store).describe(record).licence is None


@pytest.mark.parametrize("name", ["t/my col", "t/Yes%2FNo", "t/open%3F", "t/a%2520b", "#t/x y", "t/é"])
def test_names_of_columns_are_read_again_as_they_were(store: EmbeddedStore, tmp_path: Path, name: str) -> None:
    document = {
        "@context": {"@vocab": "https://schema.org/", "sc": "https://schema.org/",
                     "cr": "http://mlcommons.org/croissant/", "recordSet": "cr:recordSet", "field": "cr:field",
                     "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
                     "conformsTo": "http://purl.org/dc/terms/conformsTo"},
        "@type": "sc:Dataset", "@id": "https://e.org/d", "name": "T", "description": "About it.",
        "url": "https://e.org/page", "publisher": {"@type": "Organization", "name": "P"},
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "recordSet": {"@type": "cr:RecordSet", "@id": "t", "name": "t",
                      "field": {"@type": "cr:Field", "@id": name, "name": "c", "dataType": "sc:Text"}},
    }  # fmt: skip
    (tmp_path / "d.json").write_text(json.dumps(document))
    assert load(store, tmp_path / "d.json").added == 1
    before = {one for one in Catalog(store).get("https://e.org/d").triples if "croissant" in one.predicate.value}
    (tmp_path / "d.json").write_text(json.dumps(written(Catalog(store).get("https://e.org/d"), "croissant")))
    load(store, tmp_path / "d.json")
    after = {one for one in Catalog(store).get("https://e.org/d").triples if "croissant" in one.predicate.value}
    assert before <= after


@pytest.mark.parametrize(("code", "short"), [("CC_BY_4_0", "by/4.0"), ("CC_BYNCSA_4_0", "by-nc-sa/4.0")])
def test_licences_of_the_european_list_are_known(store: EmbeddedStore, tmp_path: Path, code: str, short: str) -> None:
    there = f"http://publications.europa.eu/resource/authority/licence/{code}"
    assert schema_of(store, tmp_path, f"dct:license <{there}>")["license"].endswith(f"/licenses/{short}/")


def test_a_code_of_an_area_is_the_area(store: EmbeddedStore, tmp_path: Path) -> None:
    assert schema_of(store, tmp_path, "dct:spatial 'S92000003' , 'Somewhere else'")["spatialCoverage"]
    found = Catalog(store).search(SearchQuery(filters={"place": ["Scotland"]}))
    assert found.total == 1


def test_two_languages_in_one_text_are_two(store: EmbeddedStore, tmp_path: Path) -> None:
    assert sorted(schema_of(store, tmp_path, "dct:language 'en-GB, cy-GB'")["inLanguage"]) == ["cy", "en"]


def test_xml_in_another_encoding_is_read(store: EmbeddedStore, tmp_path: Path) -> None:
    text = (
        '<?xml version="1.0" encoding="ISO-8859-1"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'xmlns:dcat="http://www.w3.org/ns/dcat#" xmlns:dct="http://purl.org/dc/terms/">'
        '<dcat:Dataset rdf:about="https://e.org/d"><dct:title>Ynys Môn</dct:title><dct:description>Café.'
        '</dct:description><dct:publisher>P</dct:publisher><dcat:landingPage rdf:resource="http://p.e/"/>'
        "</dcat:Dataset></rdf:RDF>"
    )
    for odd in ("unicode_escape", "utf-7", "utf-16", "punycode", "x-unknown"):
        # Guards look for marks in bytes: what hides them is not read.
        (tmp_path / "d.rdf").write_bytes(text.replace("ISO-8859-1", odd).encode("latin-1"))
        summary = load(store, str(tmp_path / "d.rdf"))
        assert summary.errors, odd
    (tmp_path / "d.rdf").write_bytes(text.encode("latin-1"))
    assert load(store, str(tmp_path / "d.rdf")).added == 1
    assert Catalog(store).describe(Catalog(store).get("https://e.org/d")).title == "Ynys Môn"


def test_names_in_a_croissant_come_out_as_they_came(store: EmbeddedStore, tmp_path: Path) -> None:
    """Data that stands in it refers to them."""
    document = {
        "@context": {"@vocab": "https://schema.org/", "sc": "https://schema.org/",
                     "cr": "http://mlcommons.org/croissant/", "recordSet": "cr:recordSet", "field": "cr:field",
                     "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
                     "data": {"@id": "cr:data", "@type": "@json"},
                     "conformsTo": "http://purl.org/dc/terms/conformsTo"},
        "@type": "sc:Dataset", "@id": "https://e.org/d", "name": "T", "description": "About it.",
        "url": "https://e.org/page", "publisher": {"@type": "Organization", "name": "P"},
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "recordSet": {"@type": "cr:RecordSet", "@id": "#classes", "name": "classes", "data": [{"#classes/value": "a"}],
                      "field": {"@type": "cr:Field", "@id": "#classes/value", "name": "value",
                                "dataType": "sc:Text"}},
    }  # fmt: skip
    (tmp_path / "d.json").write_text(json.dumps(document))
    load(store, str(tmp_path / "d.json"))
    table = written(Catalog(store).get("https://e.org/d"), "croissant")["recordSet"]
    assert table["@id"] == "#classes"
    assert table["field"]["@id"] == "#classes/value"
    assert table["data"] == [{"#classes/value": "a"}]
