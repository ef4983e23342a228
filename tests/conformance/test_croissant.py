"""Croissant goes in and comes out again; mlcroissant loads everything that we publish."""

import json
from pathlib import Path

import mlcroissant
import pytest
import rdflib
from rdflib.compare import graph_diff, to_isomorphic

from ndl_graph.catalog import Catalog
from ndl_graph.formats import format_named
from tests.conftest import run

SHARED = Path(__file__).parents[3] / "shared" / "data" / "croissant"
REAL = sorted((SHARED / "datasets").rglob("*.json")) if SHARED.is_dir() else []


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


def broken(document: dict[str, object]) -> bool:
    try:
        loads(document)
    except mlcroissant.ValidationError:
        return True
    return False


def test_croissant_written_here_is_tested_without_the_real_ones(tmp_path: Path) -> None:
    """Something smaller of our own, for machines that have no real ones."""
    document: dict[str, object] = {
        "@context": {
            "@language": "en", "@vocab": "https://schema.org/", "sc": "https://schema.org/",
            "cr": "http://mlcommons.org/croissant/", "dct": "http://purl.org/dc/terms/", "conformsTo": "dct:conformsTo",
            "recordSet": "cr:recordSet", "field": "cr:field", "source": "cr:source", "extract": "cr:extract",
            "column": "cr:column", "fileObject": "cr:fileObject", "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
        },
        "@type": "sc:Dataset", "name": "rivers", "description": "River levels.", "url": "https://example.org/rivers",
        "conformsTo": "http://mlcommons.org/croissant/1.1", "license": "https://creativecommons.org/licenses/by/4.0/",
        "creator": {"@type": "Organization", "name": "Water Board"}, "datePublished": "2020-01-01",
        "distribution": [
            {"@type": "cr:FileObject", "@id": "levels.csv", "name": "levels.csv", "encodingFormat": "text/csv",
             "contentUrl": "https://example.org/levels.csv", "sha256": "0" * 64}
        ],
        "recordSet": [
            {"@type": "cr:RecordSet", "@id": "levels", "name": "levels", "field": [
                {"@type": "cr:Field", "@id": "levels/height", "name": "height", "dataType": "sc:Float",
                 "source": {"fileObject": {"@id": "levels.csv"}, "extract": {"column": "height"}}}]}
        ],
    }  # fmt: skip
    (tmp_path / "rivers.json").write_text(json.dumps(document))
    assert run("load", "rivers.json", cwd=tmp_path).code == 0
    found = json.loads(run("show", "https://example.org/rivers", "--format", "croissant", cwd=tmp_path).out)
    loads(found)
    _, missing, _ = graph_diff(to_isomorphic(graph_of(document)), to_isomorphic(graph_of(found)))
    assert not {triple for triple in missing if not any(isinstance(term, rdflib.BNode) for term in triple)}
    turtle = run("show", "https://example.org/rivers", cwd=tmp_path).out
    assert "dcat:downloadURL <https://example.org/levels.csv>" in turtle
    assert 'dct:title "rivers"@en' in turtle
