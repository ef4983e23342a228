"""Croissant goes in and comes out again; mlcroissant loads everything that we publish."""

import json
from io import BytesIO
from pathlib import Path

import mlcroissant
import pytest
import rdflib
from pyoxigraph import Literal
from rdflib.compare import graph_diff, to_isomorphic

from ndl_graph.catalog import Catalog
from ndl_graph.formats import croissant, format_named, jsonld
from ndl_graph.quality import croissant_verdict
from ndl_graph.stores import EmbeddedStore
from ndl_graph.validation import load_profile, validate
from tests.commands import run
from tests.conftest import BASE, WHOLE, load

SHARED = Path(__file__).parents[3] / "shared" / "data" / "croissant"
REAL = sorted((SHARED / "datasets").rglob("*.json")) if SHARED.is_dir() else []
#: Of the real records, each so many-th is looked at.
EVERY = 1 if WHOLE else 5


def loads(document: dict[str, object]) -> None:
    """Raises what mlcroissant finds wrong."""
    mlcroissant.Dataset(jsonld=json.loads(json.dumps(document)))


def test_every_demo_record_loads_in_mlcroissant(demo: Catalog) -> None:
    for name in ("croissant", "croissant-1.0"):
        form = format_named(name)
        assert form.write is not None
        for record in demo.records():
            document = json.loads(form.write(record))
            loads(document)
            assert document["conformsTo"] == form.profile


def test_fields_of_a_demo_record_are_there(demo: Catalog) -> None:
    form = format_named("croissant")
    assert form.write is not None
    dataset = mlcroissant.Dataset(jsonld=json.loads(form.write(demo.get("price-paid-data"))))
    fields = dataset.metadata.record_sets[0].fields
    assert len(fields) == 16
    assert any("price" in str(field.id) for field in fields)
    assert dataset.metadata.license


def graph_of(document: dict[str, object]) -> rdflib.Graph:
    """The graph of a Croissant document; the dataset itself, named or not, is one and the same node."""
    text = json.dumps(document)
    graph = rdflib.Graph().parse(data=text, format="json-ld", base="https://base.example/")
    schema = rdflib.Namespace("https://schema.org/")
    roots = [
        node
        for node in graph.subjects(rdflib.RDF.type, schema.Dataset)
        if (node, rdflib.DCTERMS.conformsTo, None) in graph
    ]
    out = rdflib.Graph()
    for s, p, o in graph:
        subject = rdflib.URIRef("urn:root") if s in roots else s
        value = o
        if isinstance(o, rdflib.Literal) and o.datatype == rdflib.RDF.JSON:
            value = rdflib.Literal(json.dumps(json.loads(str(o)), sort_keys=True))
        out.add((subject, p, value))
    return out


@pytest.mark.parametrize("path", REAL, ids=lambda path: str(path.relative_to(SHARED)))
def test_what_comes_in_as_croissant_comes_out_as_croissant(path: Path) -> None:
    given = json.loads(path.read_text())
    version = "croissant-1.0" if "/1.0/" in str(path) else "croissant"
    done = run("convert", path, "--to", version)
    assert done.code == 0, done.err
    found = json.loads(done.out)
    expected, actual = graph_of(given), graph_of(found)
    # What we add (a page, a creator) is besides; nothing that was given may be missing.
    _, missing, _ = graph_diff(to_isomorphic(expected), to_isomorphic(actual))
    named = {triple for triple in missing if not any(isinstance(term, rdflib.BNode) for term in triple)}
    assert not named, named
    for kind in ("RecordSet", "Field", "FileObject", "FileSet"):
        class_ = rdflib.URIRef(f"http://mlcommons.org/croissant/{kind}")
        assert len(set(actual.subjects(rdflib.RDF.type, class_))) == len(
            set(expected.subjects(rdflib.RDF.type, class_))
        )
    for name in ("https://schema.org/sha256", "http://mlcommons.org/croissant/column", "https://schema.org/md5"):
        assert sorted(map(str, actual.objects(None, rdflib.URIRef(name)))) == sorted(
            map(str, expected.objects(None, rdflib.URIRef(name)))
        )
    assert broken(found) == broken(given), "what is wrong in the source is still wrong, and nothing else is"


@pytest.fixture(scope="module")
def real(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Every real catalogue that there is, in one store."""
    store = EmbeddedStore(tmp_path_factory.mktemp("real") / "store", BASE)
    folders = ("scotland", "councils", "us", "health", "australia", "croissant/datasets")
    load(store, *(shared / "data" / name for name in folders))
    return Catalog(store)


@pytest.mark.slow
def test_every_real_dataset_with_a_distribution_loads(real: Catalog) -> None:
    count, refused = 0, []
    for record in list(real.records())[::EVERY]:
        view = real.describe(record)
        if record.kind == "dataset" and view.distributions:
            count += 1
            if broken(json.loads(croissant.write(view, record.iri.value, record.triples))):
                refused.append(record.slug)
    assert count > 2_000 / EVERY
    assert not refused


@pytest.mark.slow
def test_the_stored_verdict_is_that_of_the_profile(real: Catalog) -> None:
    """Stricter only where a publisher left out what we fill in for the profile: the format, and any file at all."""
    filled = {"There is no distribution with an address.", "A distribution does not say in which format it is."}
    profiles = [load_profile("croissant")]
    refused = 0
    for record in list(real.records())[::EVERY]:
        view = real.describe(record)
        verdict = croissant_verdict(view)
        assert (verdict is not None) == (record.kind == "dataset")
        if verdict is None:
            continue
        document = BytesIO(croissant.write(view, record.iri.value, record.triples))
        lines = map(str, jsonld.read(document, record.dataset.value))
        results = validate(profiles, "".join(f"{line} .\n" for line in lines)).results
        broken_rules = {result.message for result in results if result.severity == "violation"}
        refused += bool(broken_rules)
        assert verdict.loads != bool(verdict.faults)
        assert bool(set(verdict.faults) - filled) == bool(broken_rules), (record.iri, verdict.faults, broken_rules)
    assert refused > 1_000 / EVERY


def test_what_would_lead_a_reader_in_circles_is_left_out(tmp_path: Path) -> None:
    """mlcroissant follows a way back, and a nameless node of which nothing is said, without end."""
    (tmp_path / "rings.ttl").write_text(
        """
        @prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
        @prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix org: <http://www.w3.org/ns/org#> .
        @prefix ex: <http://example.org/> .
        ex:rings a dcat:Dataset ; dct:title "Rings" ; dct:description "What leads back to itself." ;
          dct:publisher _:team ; dct:issued "2020-01-01" ; ex:about ex:part, [] ; ex:is ex:rings ;
          dct:license <https://creativecommons.org/licenses/by/4.0/> ;
          dcat:distribution [ a dcat:Distribution ; dcat:downloadURL <http://example.org/rings.csv> ;
            dct:format "CSV" ; ex:of ex:rings ] .
        _:team a foaf:Organization ; foaf:name "Team" ; org:subOrganizationOf _:office .
        _:office a foaf:Organization ; foaf:name "Office" ; org:subOrganizationOf _:team .
        ex:part ex:whole ex:rings ; ex:next [ ex:after ex:part ; ex:note [] ] .
        """
    )
    assert run("load", "rings.ttl", cwd=tmp_path).code == 0
    found = json.loads(run("show", "http://example.org/rings", "--format", "croissant", cwd=tmp_path).out)
    loads(found)
    assert found["publisher"]["name"] == "Team"
    assert found["publisher"]["parentOrganization"] == {"@type": "sc:Organization", "name": "Office"}
    assert found["distribution"]["name"] == "rings.csv"
    assert found["http://example.org/about"]["@id"] == "http://example.org/part"


def broken(document: dict[str, object]) -> bool:
    try:
        loads(document)
    except mlcroissant.ValidationError:
        return True
    return False


def rivers(address: str, column: str) -> dict[str, object]:
    """A Croissant of our own, with one column."""
    return {
        "@context": {
            "@language": "en", "@vocab": "https://schema.org/", "sc": "https://schema.org/",
            "cr": "http://mlcommons.org/croissant/", "dct": "http://purl.org/dc/terms/", "conformsTo": "dct:conformsTo",
            "recordSet": "cr:recordSet", "field": "cr:field", "source": "cr:source", "extract": "cr:extract",
            "column": "cr:column", "fileObject": "cr:fileObject", "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
        },
        "@id": address, "@type": "sc:Dataset", "name": "rivers", "description": "River levels.", "url": address,
        "conformsTo": "http://mlcommons.org/croissant/1.1", "license": "https://creativecommons.org/licenses/by/4.0/",
        "creator": {"@type": "Organization", "name": "Water Board"}, "datePublished": "2020-01-01",
        "distribution": [
            {"@type": "cr:FileObject", "@id": "levels.csv", "name": "levels.csv", "encodingFormat": "text/csv",
             "contentUrl": "https://example.org/levels.csv", "sha256": "0" * 64}
        ],
        "recordSet": [
            {"@type": "cr:RecordSet", "@id": "levels", "name": "levels", "field": [
                {"@type": "cr:Field", "@id": f"levels/{column}", "name": column, "dataType": "sc:Float",
                 "source": {"fileObject": {"@id": "levels.csv"}, "extract": {"column": column}}}]}
        ],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ('"2023-12-31Z"^^xsd:date', "2023-12-31"), ('"2023-12+01:00"^^xsd:gYearMonth', "2023-12"),
        ('"2023"^^xsd:gYear', "2023"), ('"circa 1850"', None), ('"2020-13-45"', None), ('"-0044"^^xsd:gYear', None),
        ('"2023-12-31T10:00:00+01:00"^^xsd:dateTime', "2023-12-31T10:00:00+01:00"), ('"R/P1Y"', None),
    ],
)  # fmt: skip
def test_only_dates_are_given_as_dates(tmp_path: Path, given: str, expected: str | None) -> None:
    (tmp_path / "day.ttl").write_text(
        f"""
        @prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
        @prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
        <http://ex.org/a> a dcat:Dataset ; dct:title "A" ; dct:description "What there is of A." ; dct:issued {given} ;
          dct:publisher [ a foaf:Person ; foaf:givenName "Ann" ; foaf:familyName "Lee" ] ;
          dct:license <https://creativecommons.org/licenses/by/4.0/>, <http://ex.org/own> ;
          dcat:distribution <http://ex.org/a>, <http://ex.org/f> .
        <http://ex.org/f> a dcat:Distribution ; dcat:downloadURL <http://ex.org/a.csv> ; dct:format "CSV" .
        """
    )
    assert run("load", "day.ttl", cwd=tmp_path).code == 0
    found = json.loads(run("show", "http://ex.org/a", "--format", "croissant", cwd=tmp_path).out)
    loads(found)
    assert found.get("datePublished") == expected
    assert sorted(found["license"]) == ["http://ex.org/own", "https://creativecommons.org/licenses/by/4.0/"]
    assert found["publisher"] == {"@type": "sc:Person", "name": "Ann Lee"}
    schema = json.loads(run("show", "http://ex.org/a", "--format", "schema", cwd=tmp_path).out)
    assert schema.get("datePublished") == expected
    assert (schema["publisher"]["@type"], schema["publisher"]["name"]) == ("Person", "Ann Lee")
    assert set(schema["license"]) == set(found["license"])


def test_a_table_is_left_out_only_where_nothing_says_where_its_values_are(tmp_path: Path) -> None:
    """Beside DCAT: one that holds its rows itself, one of a file, one with parts, and one of nothing."""
    (tmp_path / "tables.ttl").write_text(
        """
        @prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
        @prefix cr: <http://mlcommons.org/croissant/> . @prefix schema: <https://schema.org/> .
        @prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> . @prefix ex: <http://ex.org/> .
        ex:a a dcat:Dataset ; dct:title "A" ; dct:description "Tables." ; dct:publisher [ schema:name "P" ] ;
          dct:license <https://creativecommons.org/licenses/by/4.0/> ; dct:issued "2024-01-01" ;
          dcat:distribution ex:f ;
          cr:recordSet ex:rows, ex:file, ex:parts, ex:nothing .
        ex:f a dcat:Distribution ; dcat:downloadURL <http://ex.org/a.csv> ; dct:format "CSV" .
        ex:rows a cr:RecordSet ; schema:name "rows" ; cr:data "[{\\"rows/n\\": 1}]"^^rdf:JSON ; cr:field ex:n .
        ex:n a cr:Field ; schema:name "n" ; cr:dataType schema:Integer .
        ex:file a cr:RecordSet ; schema:name "file" ; cr:field ex:m .
        ex:m a cr:Field ; schema:name "m" ; cr:dataType schema:Integer ; cr:source ex:s .
        ex:s cr:fileObject ex:f ; cr:extract [ cr:column "m" ] .
        ex:parts a cr:RecordSet ; schema:name "parts" ; cr:field ex:p .
        ex:p a cr:Field ; schema:name "p" ; cr:subField ex:q .
        ex:q a cr:Field ; schema:name "q" ; cr:dataType schema:Integer ; cr:source ex:s2 .
        ex:s2 cr:fileObject ex:f ; cr:extract [ cr:column "q" ] .
        ex:nothing a cr:RecordSet ; schema:name "nothing" ; cr:field ex:o .
        ex:o a cr:Field ; schema:name "o" ; cr:dataType schema:Integer .
        """
    )
    assert run("load", "tables.ttl", cwd=tmp_path).code == 0
    found = json.loads(run("show", "http://ex.org/a", "--format", "croissant", cwd=tmp_path).out)
    assert sorted(one["name"] for one in found["recordSet"]) == ["file", "parts", "rows"]
    turtle = run("show", "http://ex.org/a", cwd=tmp_path).out
    assert '"nothing"' in turtle, "it is left out of Croissant only"


def test_tables_name_the_headings_of_their_files(tmp_path: Path) -> None:
    columns = [{"name": "id", "titles": "ID"}, {"name": "lat", "titles": "Latitude", "datatype": "duration"}]
    about = {"@context": "http://www.w3.org/ns/csvw", "url": "http://ex.org/stops.csv", "dc:title": "Stops"}
    (tmp_path / "stops.csv-metadata.json").write_text(json.dumps({**about, "tableSchema": {"columns": columns}}))
    done = run("convert", "stops.csv-metadata.json", "--to", "croissant", cwd=tmp_path)
    found = json.loads(done.out)
    loads({**found, "license": "https://creativecommons.org/licenses/by/4.0/"})
    fields = found["recordSet"]["field"]
    assert [one["source"]["extract"]["column"] for one in fields] == ["ID", "Latitude"]
    package = {
        "name": "hills", "title": "Hills", "description": "Heights.", "homepage": "https://ex.org/hills",
        "resources": [
            {"name": "h", "path": "h.csv", "format": "csv",
             "schema": {"fields": [{"name": "where", "type": "geopoint"}, {"name": "long", "type": "duration"}]}},
            {"name": "inline", "data": [[1]], "schema": {"fields": [{"name": "n", "type": "integer"}]}},
        ],
    }  # fmt: skip
    (tmp_path / "datapackage.json").write_text(json.dumps(package))
    found = json.loads(run("convert", "datapackage.json", "--to", "croissant", cwd=tmp_path).out)
    loads(found)
    assert found["recordSet"]["name"] == "h", "a table without a file has nothing to be read from"


def test_two_files_in_a_folder_keep_their_own_nodes(tmp_path: Path) -> None:
    """`@id`s are relative to a document, and people call the parts of all their datasets the same."""
    (tmp_path / "both").mkdir()
    for number, column in ((1, "height"), (2, "depth")):
        (tmp_path / "both" / f"{column}.json").write_text(json.dumps(rivers(f"https://example.org/{number}", column)))
    assert run("load", "both", cwd=tmp_path).code == 0
    for number, column in ((1, "height"), (2, "depth")):
        found = json.loads(run("show", f"https://example.org/{number}", "--format", "croissant", cwd=tmp_path).out)
        loads(found)
        assert found["recordSet"]["field"]["name"] == column
    checked = run("validate", "both", "--profile", "croissant", cwd=tmp_path)
    assert checked.code == 0, checked.out


def test_croissant_written_here_is_tested_without_the_real_ones(tmp_path: Path) -> None:
    """Something smaller of our own, for machines that have no real ones."""
    document = rivers("https://example.org/rivers", "height")
    (tmp_path / "rivers.json").write_text(json.dumps(document))
    assert run("load", "rivers.json", cwd=tmp_path).code == 0
    found = json.loads(run("show", "https://example.org/rivers", "--format", "croissant", cwd=tmp_path).out)
    loads(found)
    _, missing, _ = graph_diff(to_isomorphic(graph_of(document)), to_isomorphic(graph_of(found)))
    assert not {triple for triple in missing if not any(isinstance(term, rdflib.BNode) for term in triple)}
    turtle = run("show", "https://example.org/rivers", cwd=tmp_path).out
    assert "dcat:downloadURL <https://example.org/levels.csv>" in turtle
    assert 'dct:title "rivers"@en' in turtle


@pytest.mark.parametrize("given", ["1.0", "1.1"])
@pytest.mark.parametrize("asked", ["croissant", "croissant-1.0"])
def test_what_is_in_an_archive_stays_in_it_in_either_version(tmp_path: Path, given: str, asked: str) -> None:
    """`containedIn` is schema.org's in Croissant 1.0 and Croissant's own in 1.1."""
    context = {"@language": "en", "@vocab": "https://schema.org/", "sc": "https://schema.org/",
               "cr": "http://mlcommons.org/croissant/", "conformsTo": "dct:conformsTo", "dct": "http://purl.org/dc/terms/",
               "includes": "cr:includes", **({"containedIn": "cr:containedIn"} if given == "1.1" else {})}  # fmt: skip
    document = {
        "@context": context, "@type": "sc:Dataset", "@id": "https://example.org/zip", "name": "zipped",
        "description": "Tables in an archive.", "conformsTo": f"http://mlcommons.org/croissant/{given}",
        "license": "https://creativecommons.org/licenses/by/4.0/", "url": "https://example.org/zip",
        "distribution": [
            {"@type": "cr:FileObject", "@id": "archive", "name": "archive", "contentUrl": "https://example.org/a.zip",
             "encodingFormat": "application/zip", "sha256": "0" * 64},
            {"@type": "cr:FileSet", "@id": "tables", "name": "tables", "containedIn": {"@id": "archive"},
             "encodingFormat": "text/csv", "includes": "*.csv"},
        ],
    }  # fmt: skip
    source = tmp_path / "zip.json"
    source.write_text(json.dumps(document))
    written = tmp_path / "out.json"
    written.write_text(run("convert", source, "--to", asked).out)
    read = mlcroissant.Dataset(jsonld=str(written)).metadata
    (tables,) = [one for one in read.distribution if one.name == "tables"]
    assert len(tables.contained_in) == 1


def test_text_in_another_language_keeps_it(tmp_path: Path) -> None:
    document = {
        "@context": {"@language": "fr", "@vocab": "https://schema.org/", "sc": "https://schema.org/",
                     "cr": "http://mlcommons.org/croissant/", "dct": "http://purl.org/dc/terms/",
                     "conformsTo": "dct:conformsTo"},
        "@type": "sc:Dataset", "@id": "https://example.org/fr", "name": "Rivières", "url": "https://example.org/fr",
        "description": "Les niveaux des rivières.", "conformsTo": "http://mlcommons.org/croissant/1.1",
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "distribution": [{"@type": "cr:FileObject", "@id": "csv", "name": "csv", "description": "Le tableau",
                          "contentUrl": "https://example.org/a.csv", "encodingFormat": "text/csv", "sha256": "0" * 64}],
    }  # fmt: skip
    source = tmp_path / "fr.json"
    source.write_text(json.dumps(document))
    written = json.loads(run("convert", source, "--to", "croissant").out)
    assert written["@context"]["@language"] == "fr"
    texts = {q.object for q in jsonld.read(BytesIO(json.dumps(written).encode()), "https://example.org/")}
    assert {Literal(text, language="fr") for text in ("Rivières", "Le tableau")} <= texts
    loads(written)


def test_what_json_cannot_say_is_text_in_croissant(tmp_path: Path) -> None:
    """Ill-formed JSON and infinite numbers, in a description that came as Croissant and in one of DCAT."""
    said = """
        @prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
        @prefix cr: <http://mlcommons.org/croissant/> . @prefix schema: <https://schema.org/> .
        @prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
        <http://ex.org/{name}> a {kind} ; dct:title "{name}" ; dct:description "Tables." ; schema:x "INF"^^xsd:double,
            "-INF"^^xsd:double, "NaN"^^xsd:double, "1e3"^^xsd:double, "12"^^xsd:integer ;
          dct:publisher [ schema:name "P" ] ; dct:license <https://creativecommons.org/licenses/by/4.0/> ;
          dct:issued "2024-01-01" ; dcat:distribution <http://ex.org/{name}/f> ; cr:recordSet <http://ex.org/{name}/t> .
        <http://ex.org/{name}/f> a dcat:Distribution ; dcat:downloadURL <http://ex.org/a.csv> ; dct:format "CSV" .
        <http://ex.org/{name}/t> a cr:RecordSet ; schema:name "t" ; cr:field <http://ex.org/{name}/n> ;
          cr:data "{{bad json"^^rdf:JSON, "[NaN]"^^rdf:JSON, "[1]"^^rdf:JSON .
        <http://ex.org/{name}/n> a cr:Field ; schema:name "n" ; cr:dataType schema:Integer .
        """
    (tmp_path / "one.ttl").write_text(said.format(name="one", kind="dcat:Dataset"))
    (tmp_path / "two.ttl").write_text(said.format(name="two", kind="dcat:Dataset, schema:Dataset"))
    done = run("load", "one.ttl", "two.ttl", "--json", cwd=tmp_path)
    assert json.loads(done.out)["added"] == 2, done.err

    def strict(name: str) -> float:
        raise AssertionError(name)

    for name in ("one", "two"):
        written = run("show", f"http://ex.org/{name}", "--format", "croissant", cwd=tmp_path).out
        found = json.loads(written, parse_constant=strict)
        assert sorted(map(str, found["x"])) == ["-INF", "1000.0", "12", "INF", "NaN"]
        (tables,) = [found["recordSet"]] if isinstance(found["recordSet"], dict) else found["recordSet"]
        assert sorted(map(str, tables["data"])) == ["[1]", "[NaN]", "{bad json"]


@pytest.mark.parametrize(
    ("hashes", "live"),
    [
        (("", ""), True), (("schema:sha256 'HASH'", ""), True),
        (("schema:sha256 'HASH'", "spdx:checksum [ spdx:algorithm spdx:checksumAlgorithm_sha256 ; "
          "spdx:checksumValue 'HASH' ]"), None),
        (("spdx:checksum [ spdx:algorithm spdx:checksumAlgorithm_md5 ; spdx:checksumValue 'MD5' ]",
          "cr:md5 'MD5'"), None),
        (("spdx:checksum [ spdx:algorithm spdx:checksumAlgorithm_sha256 ; spdx:checksumValue 'none' ]",
          "schema:sha256 'HASH'"), True),
        (("spdx:checksum [ spdx:algorithm spdx:checksumAlgorithm_sha1 ; spdx:checksumValue 'HASH' ]",
          "schema:sha256 'HASH'"), True),
    ],
)  # fmt: skip
def test_files_have_their_hashes_and_types(tmp_path: Path, hashes: tuple[str, str], live: bool | None) -> None:
    files = "".join(
        f"<http://ex.org/{number}> a dcat:Distribution ; dcat:downloadURL <http://ex.org/{number}.csv> ;"
        f" dct:format 'CSV' {';' if said else ''} {said} .\n".replace("HASH", "Ab" * 32).replace("MD5", "c" * 32)
        for number, said in enumerate(hashes)
    )
    (tmp_path / "some.ttl").write_text(
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> . "
        "@prefix cr: <http://mlcommons.org/croissant/> . @prefix schema: <https://schema.org/> . "
        "@prefix spdx: <http://spdx.org/rdf/terms#> .\n"
        "<http://ex.org/a> a dcat:Dataset ; dct:title 'A' ; dct:description 'Two files.' ; dct:issued '2024-01-01' ;"
        " dct:publisher [ schema:name 'P' ] ; dct:license <https://creativecommons.org/licenses/by/4.0/> ;"
        f" dcat:distribution <http://ex.org/0>, <http://ex.org/1> .\n{files}"
    )
    assert run("load", "some.ttl", cwd=tmp_path).code == 0
    found = json.loads(run("show", "http://ex.org/a", "--format", "croissant", cwd=tmp_path).out)
    loads(found)
    assert found.get("isLiveDataset") is live
    assert {one["encodingFormat"] for one in found["distribution"]} == {"text/csv"}
    written = {one.get("sha256") or one.get("md5") for one in found["distribution"]}
    assert live or None not in written
