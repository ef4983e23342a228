"""SPARQL 1.1 Protocol, read side."""

import csv
import io
import time
import xml.etree.ElementTree as ET

import httpx
import pyoxigraph
import pytest
import rdflib
from rdflib.compare import isomorphic

from ndl_graph.catalog import Catalog
from ndl_graph.sparql.examples import examples

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
    assert problem["line"] == 2
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
        ({"data": {"query": [COUNT, COUNT]}}, 400),
        ({"params": {"query": COUNT}, "data": {"query": COUNT}}, 400),
        ({"content": b"query=%ff%fe", "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 400),
        ({"content": b"x=1&" * 2_000, "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 400),
        ({"content": COUNT, "headers": {"Content-Type": "application/sparql-query; charset=utf-16"}}, 415),
    ],
)
def test_bad_requests_are_explained(service: httpx.Client, send: dict[str, object], status: int) -> None:
    answer = service.post("/sparql", **send)  # type: ignore[arg-type]
    assert answer.status_code == status
    assert answer.json()["detail"]
    assert number(service.get("/sparql", params={"query": COUNT}, headers=JSON)) > 0


def test_head_and_options(service: httpx.Client) -> None:
    got = service.get("/sparql", params={"query": COUNT}, headers=JSON)
    head = service.head("/sparql", params={"query": COUNT}, headers=JSON)
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-type"] == got.headers["content-type"]
    assert int(head.headers["content-length"]) == len(got.content)
    options = service.options("/sparql")
    assert options.status_code == 204
    assert set(options.headers["allow"].split(", ")) == {"GET", "HEAD", "POST", "OPTIONS"}
    assert "application/sparql-query" in options.headers["accept-post"]
    assert service.put("/sparql", content=b"x").status_code == 405
    assert service.delete("/sparql").status_code == 405


def test_graphs_named_in_the_request_are_one_dataset(service: httpx.Client, demo: Catalog) -> None:
    """Two graphs that say the same say it once (SPARQL 1.1, section 13.2), whichever way they are named."""
    rows = demo.snapshot().view.graphs.select(
        "SELECT ?g ?other ?org { GRAPH ?g { ?org foaf:name ?name } GRAPH ?other { ?org foaf:name ?name } "
        "FILTER (?g != ?other) } ORDER BY ?g ?other LIMIT 1"
    )
    first, other = (str(rows[0][name]).strip("<>") for name in ("g", "other"))
    triples = {
        *map(str, demo.snapshot().view.graphs.triples(first)),
        *map(str, demo.snapshot().view.graphs.triples(other)),
    }
    everything = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    fields: dict[str, str | list[str]] = {"query": everything, "default-graph-uri": [first, other]}
    assert number(service.get("/sparql", params=fields, headers=JSON)) == len(triples)
    assert number(service.post("/sparql", data=fields, headers=JSON)) == len(triples)
    inside = f"SELECT (COUNT(*) AS ?n) FROM <{first}> FROM <{other}> {{ ?s ?p ?o }}"
    assert number(service.get("/sparql", params={"query": inside}, headers=JSON)) == len(triples)
    count = "{ { SELECT (COUNT(*) AS ?n) { ?s ?p ?o } } }"
    built = f"CONSTRUCT {{ <urn:x> <urn:n> ?n }} FROM <{first}> FROM <{other}> WHERE {count}"
    answer = service.get("/sparql", params={"query": built}, headers={"Accept": "application/n-triples"})
    assert f'"{len(triples)}"' in answer.text, "a template before FROM changes nothing"
    described = f"DESCRIBE {rows[0]['org']} FROM <{first}> FROM <{other}>"
    lines = service.get("/sparql", params={"query": described}, headers={"Accept": "application/n-triples"}).text
    assert len(lines.splitlines()) == len(set(lines.splitlines())) > 0
    named = {"query": "SELECT (COUNT(DISTINCT ?g) AS ?n) { GRAPH ?g { ?s ?p ?o } }", "named-graph-uri": [first, other]}
    assert number(service.get("/sparql", params=named, headers=JSON)) == 2
    nothing = {"query": everything, "named-graph-uri": first}
    assert number(service.get("/sparql", params=nothing, headers=JSON)) == 0, "no default graph was named"
    outer = {"query": inside, "default-graph-uri": first}
    own = len(demo.snapshot().view.graphs.triples(first))
    assert number(service.get("/sparql", params=outer, headers=JSON)) == own, "the request comes before the query"


def test_the_default_graph_is_the_union_of_records(service: httpx.Client) -> None:
    union = "SELECT (COUNT(*) AS ?n) { { SELECT DISTINCT ?s ?p ?o { GRAPH ?g { ?s ?p ?o } } } }"
    plain = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    expected = number(service.get("/sparql", params={"query": union}, headers=JSON))
    assert number(service.get("/sparql", params={"query": plain}, headers=JSON)) == expected > 1_000


@pytest.mark.parametrize(
    ("accept", "query", "medium"),
    [
        ("application/rdf+xml, application/sparql-results+xml", COUNT, "application/sparql-results+xml"),
        ("application/sparql-results+xml;q=0.5, text/csv", COUNT, "text/csv"),
        ("*/*", COUNT, "application/sparql-results+json"),
        ("application/json", COUNT, "application/sparql-results+json"),
        ("*/*", "CONSTRUCT WHERE { ?s a ?o }", "text/turtle"),
        ("application/n-quads", "CONSTRUCT WHERE { ?s a ?o }", "application/n-quads"),
        ("application/trig;q=0.9, text/plain", "DESCRIBE <http://nowhere.example/>", "application/trig"),
    ],
)
def test_negotiation(service: httpx.Client, accept: str, query: str, medium: str) -> None:
    answer = service.post("/sparql", data={"query": query}, headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"].split(";")[0] == medium
    assert "Accept" in answer.headers["vary"]


def test_what_cannot_be_written_is_not_acceptable(service: httpx.Client) -> None:
    answer = service.get("/sparql", params={"query": COUNT}, headers={"Accept": "text/turtle"})
    assert answer.status_code == 406
    assert "text/csv" in answer.json()["available"]


@pytest.mark.parametrize(
    ("form", "medium"), [("xml", "application/rdf+xml"), ("ttl", "text/turtle"), ("json-ld", "application/ld+json")]
)
def test_clients_name_formats_in_their_own_way(service: httpx.Client, form: str, medium: str) -> None:
    fields: dict[str, str | list[str]] = {
        "query": "CONSTRUCT WHERE { ?s a dcat:Dataset }",
        "format": [form, medium],
        "output": form,
    }
    answer = service.get("/sparql", params=fields)
    assert answer.headers["content-type"].split(";")[0] == medium


def test_a_large_answer_leaves_before_it_is_complete(service: httpx.Client) -> None:
    query = "SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 400000"
    with service.stream("GET", "/sparql", params={"query": query, "format": "csv"}) as answer:
        assert answer.status_code == 200
        assert "content-length" not in answer.headers
        started = time.monotonic()
        sizes, first = 0, 0.0
        for chunk in answer.iter_raw():
            first = first or time.monotonic() - started
            sizes += chunk.count(b"\n")
        whole = time.monotonic() - started
    assert sizes == 400_001
    assert first < whole / 2


def test_missing_prefixes_are_added_and_told(service: httpx.Client) -> None:
    answer = service.get(
        "/sparql", params={"query": "SELECT * { ?d a dcat:Dataset ; dcterms:title ?t } LIMIT 1"}, headers=JSON
    )
    assert len(answer.json()["results"]["bindings"]) == 1
    assert answer.headers["ndl-added-prefixes"] == "dcat dcterms"
    declared = service.get(
        "/sparql", params={"query": "PREFIX dcat: <http://x/> SELECT * { ?d a dcat:Dataset }"}, headers=JSON
    )
    assert declared.json()["results"]["bindings"] == []
    assert "ndl-added-prefixes" not in declared.headers


def test_unknown_terms_of_an_empty_answer_are_named(service: httpx.Client) -> None:
    query = "SELECT * { ?d a dcat:Dataset ; dcat:title ?t }"
    answer = service.get("/sparql", params={"query": query}, headers=JSON)
    assert answer.json()["results"]["bindings"] == []
    told = "dcat:Dataset has no dcat:title; it has dct:title."
    assert answer.headers["ndl-hint"] == told
    strict = service.get("/sparql", params={"query": query}, headers={**JSON, "Prefer": "handling=strict"})
    assert strict.status_code == 400
    assert strict.headers["content-type"] == "application/problem+json"
    assert strict.json()["hints"] == [told]
    checked = service.get("/api/check-query", params={"query": query}).json()
    assert checked["hints"] == [told]
    assert list(checked["added_prefixes"]) == ["dcat"]
    found = service.get("/sparql", params={"query": "SELECT * { ?d dct:title ?t } LIMIT 1"}, headers=JSON)
    assert "ndl-hint" not in found.headers


SD = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")
VOID = rdflib.Namespace("http://rdfs.org/ns/void#")
NDL = rdflib.Namespace("https://w3id.org/ndl-graph/vocab#")


@pytest.mark.parametrize(
    ("query", "form"),
    [
        (r'SELECT ("a\u0001b\uFFFEc" AS ?x) {}', "xml"),
        (r'CONSTRUCT { <urn:a> <urn:p> "a\u0001b\uFFFEc" } {}', "rdfxml"),
    ],
)
def test_xml_holds_what_xml_can_hold(service: httpx.Client, query: str, form: str) -> None:
    answer = service.get("/sparql", params={"query": query, "format": form})
    assert answer.status_code == 200
    texts = [text for text in ET.fromstring(answer.content).itertext() if text.strip()]
    assert texts == ["a\ufffdb\ufffdc"]


@pytest.mark.parametrize("medium", ["text/turtle", "application/rdf+xml", "application/ld+json"])
def test_service_description(service: httpx.Client, demo: Catalog, medium: str) -> None:
    answer = service.get("/sparql", headers={"Accept": medium})
    assert answer.headers["content-type"].split(";")[0] == medium
    graph = rdflib.Graph().parse(data=answer.text, format=medium)
    node = next(graph.subjects(rdflib.RDF.type, SD.Service))
    assert graph.value(node, SD.endpoint) == rdflib.URIRef(f"{str(service.base_url).rstrip('/')}/sparql")
    assert (node, SD.feature, SD.UnionDefaultGraph) in graph
    formats = {str(one).rsplit("/", 1)[-1] for one in graph.objects(node, SD.resultFormat)}
    assert {"SPARQL_Results_JSON", "SPARQL_Results_TSV", "Turtle", "JSON-LD", "N-Quads"} <= formats
    dataset = graph.value(node, SD.defaultDataset)
    named = {str(graph.value(one, SD.name)) for one in graph.objects(dataset, SD.namedGraph)}
    asked = {"query": "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }", "format": "json"}
    rows = service.get("/sparql", params=asked).json()["results"]["bindings"]
    assert named == {row["g"]["value"] for row in rows}, "as many as a query finds"
    assert {row[0] for row in demo.listing()} | set(demo.use_iris()) < named
    limits = {name: graph.value(node, NDL[name]) for name in ("mostSeconds", "mostMemory", "mostRows", "mostBytes")}
    assert {name: int(str(value)) for name, value in limits.items()} == {
        "mostSeconds": 10, "mostMemory": 1024**3, "mostRows": 1_000_000, "mostBytes": 256 * 1024**2,
    }  # fmt: skip


def test_void_counts_what_is_there(service: httpx.Client, demo: Catalog) -> None:
    answer = service.get("/.well-known/void", headers={"Accept": "text/turtle"})
    graph = rdflib.Graph().parse(data=answer.text)
    dataset = next(graph.subjects(rdflib.RDF.type, VOID.Dataset))

    def counted(query: str) -> int:
        return int(str(next(iter(demo.snapshot().view.graphs.select(query)))["n"]).split('"')[1])

    assert int(str(graph.value(dataset, VOID.triples))) == counted("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")
    classes = {graph.value(part, VOID["class"]): part for part in graph.objects(dataset, VOID.classPartition)}
    part = classes[rdflib.URIRef("http://www.w3.org/ns/dcat#Dataset")]
    expected = counted("SELECT (COUNT(DISTINCT ?d) AS ?n) { ?d a dcat:Dataset }")
    assert int(str(graph.value(part, VOID.entities))) == expected
    titles = counted("SELECT (COUNT(*) AS ?n) { ?d a dcat:Dataset ; dct:title ?t }")
    properties = {
        str(graph.value(one, VOID.property)): int(str(graph.value(one, VOID.triples)))
        for one in graph.objects(part, VOID.propertyPartition)
    }
    assert properties["http://purl.org/dc/terms/title"] == titles
    assert graph.value(dataset, VOID.sparqlEndpoint) == rdflib.URIRef(f"{demo.base_iri}sparql")
    dump = str(graph.value(dataset, VOID.dataDump)).removeprefix(demo.base_iri)
    assert service.get(f"/{dump}").headers["content-type"] == "application/n-quads"
    again = service.get("/.well-known/void", headers={"Accept": "text/turtle", "If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


def test_graph_store_protocol(service: httpx.Client, demo: Catalog) -> None:
    record = demo.get("price-paid-data")
    expected = rdflib.Graph().parse(data="".join(f"{one} .\n" for one in record.triples), format="nt")
    for path in ("/data", "/sparql"):
        for medium, name in (
            ("text/turtle", "turtle"),
            ("application/rdf+xml", "xml"),
            ("application/ld+json", "json-ld"),
        ):
            answer = service.get(path, params={"graph": record.iri.value}, headers={"Accept": medium})
            assert answer.headers["content-type"].split(";")[0] == medium
            assert isomorphic(rdflib.Graph().parse(data=answer.text, format=name), expected)
    union = rdflib.Graph().parse(
        data=service.get("/data?default", headers={"Accept": "application/n-triples"}).text, format="nt"
    )
    assert len(union) == demo.statistics().triples
    whole = list(pyoxigraph.parse(service.get("/data").content, pyoxigraph.RdfFormat.N_QUADS))
    graphs = {str(quad.graph_name).strip("<>") for quad in whole}
    uses = {record.iri.value for record in demo.uses()[1]}
    assert graphs == {record for record, _, _ in demo.listing()} | uses | {f"{demo.base_iri}quality"}
    assert {str(quad.triple) for quad in whole if quad.graph_name == record.iri} == set(map(str, record.triples))
    assert service.head("/data", params={"graph": record.iri.value}).status_code == 200
    missing = service.get("/data", params={"graph": f"{demo.base_iri}dataset/none"})
    assert missing.status_code == 404
    assert "no such graph" in missing.json()["detail"]
    assert service.get("/data", params={"graph": "no iri"}).status_code == 400
    assert service.get("/data", params={"graph": record.iri.value, "default": ""}).status_code == 400
    assert service.get("/data?default", headers={"Accept": "image/png"}).status_code == 406
    assert service.put("/data", params={"graph": record.iri.value}, content=b"").status_code == 405


def test_examples_are_served(service: httpx.Client) -> None:
    graph = rdflib.Graph().parse(data=service.get("/.well-known/sparql-examples").text)
    sh = rdflib.Namespace("http://www.w3.org/ns/shacl#")
    found = set(graph.subjects(rdflib.RDF.type, sh.SPARQLExecutable))
    assert len(found) == len(examples())
    for one in found:
        assert graph.value(one, rdflib.RDFS.comment)
        texts = [text for name in ("select", "ask", "construct", "describe") for text in graph.objects(one, sh[name])]
        assert len(texts) == 1
        assert service.post("/sparql", data={"query": str(texts[0])}).status_code == 200


def test_terms_for_the_editor(service: httpx.Client) -> None:
    terms = service.get("/api/sparql-terms").json()
    assert terms["prefixes"]["dct"] == "http://purl.org/dc/terms/"
    dataset = next(one for one in terms["classes"] if one["name"] == "dcat:Dataset")
    assert dataset["count"] > 40
    assert dataset["label"]
    assert any(one["name"] == "dct:title" for one in terms["properties"])


def test_a_browser_gets_the_editor(service: httpx.Client) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    page = service.get("/sparql", headers=browser).text
    assert "<textarea" in page
    assert examples()[0].label in page.replace("&#39;", "'")
    shared = service.get("/sparql", params={"query": 'SELECT ?x { ?x ?y "<b>" }'}, headers=browser)
    assert "SELECT ?x { ?x ?y &#34;&lt;b&gt;&#34; }" in shared.text
    # What the form sends without scripts names a format, and is answered.
    assert service.get("/sparql", params={"query": COUNT, "format": "json"}, headers=browser).json()["results"]


@pytest.mark.parametrize(
    ("accept", "medium"),
    [
        ("text/csv, application/json;q=0.1", "application/sparql-results+json"),
        ("text/csv, */*;q=0.1", "application/sparql-results+json"),
        ("text/tab-separated-values;q=1, application/sparql-results+xml;q=0.2", "application/sparql-results+xml"),
    ],
)
def test_yes_or_no_in_a_form_that_has_it(service: httpx.Client, accept: str, medium: str) -> None:
    answer = service.post("/sparql", data={"query": "ASK {}"}, headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, medium)
    assert service.post("/sparql", data={"query": "ASK {}"}, headers={"Accept": "text/csv"}).status_code == 406


@pytest.mark.parametrize("accept", ["text/turtle", "text/csv", "application/ld+json", "application/n-triples"])
@pytest.mark.parametrize(
    "query", ["PREFIX dct <http://purl.org/dc/terms/> CONSTRUCT {?s ?p ?o} WHERE {?s ?p ?o}", "SELEC * {?s ?p ?o}"]
)
def test_what_is_no_query_is_told_whatever_is_accepted(service: httpx.Client, accept: str, query: str) -> None:
    answer = service.post("/sparql", data={"query": query}, headers={"Accept": accept})
    assert answer.status_code == 400
    assert answer.json()["line"] == 1


def test_the_api_tells_how_to_query(service: httpx.Client) -> None:
    paths = service.get("/openapi.json").json()["paths"]
    named = {one["name"] for one in paths["/sparql"]["get"]["parameters"]}
    assert {"query", "default-graph-uri", "named-graph-uri", "format"} <= named
    assert "text/csv" in paths["/sparql"]["get"]["responses"]["200"]["content"]
    form = paths["/sparql"]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    assert {"default-graph-uri", "named-graph-uri"} <= set(form["properties"])
    assert {one["name"] for one in paths["/data"]["get"]["parameters"]} >= {"graph", "default"}


def test_the_service_description_is_the_same_until_something_changes(service: httpx.Client) -> None:
    first, again = (service.get("/sparql", headers={"Accept": "text/turtle"}) for _ in range(2))
    assert (first.content, first.headers["etag"]) == (again.content, again.headers["etag"])
    asked = {"Accept": "text/turtle", "If-None-Match": first.headers["etag"]}
    assert service.get("/sparql", headers=asked).status_code == 304
