"""SPARQL 1.1 Protocol, read side."""

import csv
import io
import xml.etree.ElementTree as ET

import httpx
import pytest
import rdflib

from ndl_graph.catalog import Catalog

COUNT = "SELECT (COUNT(DISTINCT ?d) AS ?n) { ?d a dcat:Dataset }"
JSON = {"Accept": "application/sparql-results+json"}


def number(answer: httpx.Response) -> int:
    assert answer.status_code == 200, answer.text
    return int(answer.json()["results"]["bindings"][0]["n"]["value"])


def test_get_post_form_and_post_body_agree(service: httpx.Client, demo: Catalog) -> None:
    expected = sum(row[0].startswith(f"{demo.base_iri}dataset/") for row in demo.listing())
    assert number(service.get("/sparql", params={"query": COUNT}, headers=JSON)) == expected
    assert number(service.post("/sparql", data={"query": COUNT}, headers=JSON)) == expected
    body = {**JSON, "Content-Type": "application/sparql-query; charset=utf-8"}
    assert number(service.post("/sparql", content=COUNT, headers=body)) == expected


@pytest.mark.parametrize("form", ["json", "xml", "csv", "tsv"])
def test_result_formats(service: httpx.Client, form: str) -> None:
    query = 'SELECT ?t { ?d dct:title ?t FILTER(?t = "Price Paid Data"@en) } LIMIT 1'
    types = {
        "json": "application/sparql-results+json",
        "xml": "application/sparql-results+xml",
        "csv": "text/csv; charset=utf-8",
        "tsv": "text/tab-separated-values; charset=utf-8",
    }
    by_header = service.get("/sparql", params={"query": query}, headers={"Accept": types[form].split(";")[0]})
    by_name = service.get("/sparql", params={"query": query, "format": form})
    assert by_header.headers["content-type"] == by_name.headers["content-type"] == types[form]
    assert by_header.content == by_name.content
    if form == "json":
        assert by_name.json()["results"]["bindings"][0]["t"] == {
            "type": "literal",
            "value": "Price Paid Data",
            "xml:lang": "en",
        }
    elif form == "xml":
        assert "Price Paid Data" in ET.tostring(ET.fromstring(by_name.content), encoding="unicode")
    elif form == "csv":
        assert list(csv.reader(io.StringIO(by_name.text))) == [["t"], ["Price Paid Data"]]
    else:
        assert by_name.text.splitlines() == ["?t", '"Price Paid Data"@en']


@pytest.mark.parametrize(
    ("medium", "name"),
    [
        ("text/turtle", "turtle"),
        ("application/n-triples", "nt"),
        ("application/rdf+xml", "xml"),
        ("application/ld+json", "json-ld"),
    ],
)
def test_graph_formats(service: httpx.Client, medium: str, name: str) -> None:
    query = 'CONSTRUCT { ?d dct:title ?t } { ?d dct:title ?t FILTER(STRSTARTS(?t, "Price")) }'
    answer = service.get("/sparql", params={"query": query}, headers={"Accept": medium})
    assert answer.headers["content-type"].split(";")[0] == medium
    assert len(rdflib.Graph().parse(data=answer.text, format=name)) == 1


def test_ask(service: httpx.Client) -> None:
    assert service.get("/sparql", params={"query": "ASK { ?s ?p ?o }"}, headers=JSON).json()["boolean"] is True
    refused = service.get("/sparql", params={"query": "ASK { ?s ?p ?o }"}, headers={"Accept": "text/csv"})
    assert refused.status_code == 406


def test_each_record_is_a_named_graph(service: httpx.Client, demo: Catalog) -> None:
    record = demo.get("price-paid-data")
    query = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    fields = {"query": query, "default-graph-uri": record.iri.value}
    assert number(service.get("/sparql", params=fields, headers=JSON)) == len(record.triples)
    named = f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{record.iri.value}> {{ ?s ?p ?o }} }}"
    assert number(service.get("/sparql", params={"query": named}, headers=JSON)) == len(record.triples)


@pytest.mark.parametrize(
    "update",
    ["INSERT DATA { <a:a> <a:b> 1 }", "PREFIX a: <http://a/> DELETE WHERE { ?s ?p ?o }", "DROP ALL", "# x\nCLEAR ALL"],
)
def test_updates_are_forbidden(service: httpx.Client, update: str) -> None:
    for answer in (
        service.get("/sparql", params={"query": update}),
        service.post("/sparql", data={"update": update}),
        service.post("/sparql", content=update, headers={"Content-Type": "application/sparql-update"}),
    ):
        assert answer.status_code == 403
        assert "only reads" in answer.json()["detail"]


def test_broken_query_shows_the_place(service: httpx.Client) -> None:
    answer = service.get("/sparql", params={"query": "SELECT * {\n ?s ?p \n}"})
    assert answer.status_code == 400
    problem = answer.json()
    assert problem["line"] == 3
    assert problem["column"] >= 1
    assert "^" in problem["hint"]
    assert "expected one of" not in answer.text


@pytest.mark.parametrize(
    ("send", "status"),
    [
        ({"content": b"x", "headers": {"Content-Type": "text/plain"}}, 415),
        ({"content": b"\xff\xfe", "headers": {"Content-Type": "application/sparql-query"}}, 400),
        ({"content": b"", "headers": {"Content-Type": "application/sparql-query"}}, 400),
        ({"content": b"#" * (1 << 21), "headers": {"Content-Type": "application/sparql-query"}}, 413),
        ({"data": {"query": "SELECT * {" + "(" * 10_000}}, 400),
        ({"data": {"query": COUNT, "default-graph-uri": "not an iri"}}, 400),
        ({"data": {"query": COUNT, "format": "papyrus"}}, 400),
    ],
)
def test_bad_requests_are_explained(service: httpx.Client, send: dict[str, object], status: int) -> None:
    answer = service.post("/sparql", **send)  # type: ignore[arg-type]
    assert answer.status_code == status
    assert answer.json()["detail"]
    assert number(service.get("/sparql", params={"query": COUNT}, headers=JSON)) > 0


def test_without_a_query_it_describes_itself(service: httpx.Client) -> None:
    answer = service.get("/sparql", headers={"Accept": "text/turtle"})
    graph = rdflib.Graph().parse(data=answer.text)
    sd = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")
    service_node = next(graph.subjects(rdflib.RDF.type, sd.Service))
    assert (service_node, sd.feature, sd.UnionDefaultGraph) in graph
    assert "<form" in service.get("/sparql", headers={"Accept": "text/html"}).text
