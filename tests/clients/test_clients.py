"""Clients that nobody here wrote get from the endpoint what they ask for."""

import csv
import io
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import rdflib
import SPARQLWrapper
from rdflib.plugins.stores.sparqlstore import SPARQLStore

from ndl_graph.catalog import Catalog
from tests.conftest import need, serving
from tests.servers import COMPONENTS, oxigraph

# SPARQLWrapper makes a graph of a class that rdflib deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")

COMUNICA = COMPONENTS / "clients" / "node_modules" / ".bin" / "comunica-sparql"
DATASETS = "PREFIX dcat: <http://www.w3.org/ns/dcat#> SELECT (COUNT(DISTINCT ?d) AS ?n) { ?d a dcat:Dataset }"
TITLES = """PREFIX dcat: <http://www.w3.org/ns/dcat#> PREFIX dct: <http://purl.org/dc/terms/>
CONSTRUCT { ?d dct:title ?t } { ?d a dcat:Dataset ; dct:title ?t }"""


@pytest.fixture(scope="module")
def endpoint(service: httpx.Client) -> str:
    return f"{str(service.base_url).rstrip('/')}/sparql"


@pytest.fixture(scope="module")
def expected(demo: Catalog) -> int:
    return sum(kind.split("/")[-2] == "dataset" for kind, _, _ in demo.listing())


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory, demo: Catalog) -> Iterator[str]:
    """A second endpoint, which says how many people like a dataset of the first."""
    with oxigraph(tmp_path_factory.mktemp("elsewhere")) as address:
        dataset = demo.get("price-paid-data").dataset.value
        likes = f"<{dataset}> <http://likes.example/count> 42 . <http://other.example/> <http://x.example/> 1"
        update = f"INSERT DATA {{ {likes} }}"
        httpx.post(f"{address}/update", data={"update": update}).raise_for_status()
        yield f"{address}/query"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("form", ["json", "xml", "csv", "tsv"])
def test_sparqlwrapper_selects(endpoint: str, expected: int, method: str, form: str) -> None:
    client = SPARQLWrapper.SPARQLWrapper(endpoint)
    client.setMethod(method)
    client.setReturnFormat(form)
    client.setQuery(DATASETS)
    found: Any = client.queryAndConvert()
    if form == "json":
        assert found["results"]["bindings"][0]["n"]["value"] == str(expected)
    elif form == "xml":
        assert found.getElementsByTagName("literal")[0].firstChild.data == str(expected)
    else:
        assert str(expected) in found.decode()


def test_sparqlwrapper_constructs_asks_and_is_told_of_errors(endpoint: str) -> None:
    client = SPARQLWrapper.SPARQLWrapper(endpoint)
    client.setQuery(TITLES)
    graph: Any = client.queryAndConvert()
    assert isinstance(graph, rdflib.Graph)
    assert len(graph) > 40
    client.setReturnFormat("turtle")
    turtle: Any = client.queryAndConvert()
    assert len(rdflib.Graph().parse(data=turtle, format="turtle")) == len(graph)
    client.setReturnFormat("json")
    client.setRequestMethod(SPARQLWrapper.POSTDIRECTLY)
    client.setMethod("POST")
    client.setQuery("ASK { ?s ?p ?o }")
    answer: Any = client.queryAndConvert()
    assert answer["boolean"] is True
    client.setQuery("SELECT * { ?s ?p")
    with pytest.raises(SPARQLWrapper.SPARQLExceptions.QueryBadFormed, match="is not closed"):
        client.query()


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
def test_rdflib_reads_the_endpoint_as_a_store(endpoint: str, expected: int, demo: Catalog, method: str) -> None:
    graph = rdflib.Graph(SPARQLStore(endpoint, method=method))
    rows: Any = list(graph.query(DATASETS))
    assert int(rows[0][0]) == expected
    record = demo.get("price-paid-data")
    titles = list(graph.objects(rdflib.URIRef(record.dataset.value), rdflib.DCTERMS.title))
    assert [str(title) for title in titles] == ["Price Paid Data"]
    assert len(graph) == demo.statistics().triples
    named = rdflib.Graph(SPARQLStore(endpoint, method=method), identifier=rdflib.URIRef(record.iri.value))
    assert len(named) == len(record.triples)


def comunica(*arguments: str) -> list[dict[str, str]]:
    need(shutil.which("node") is not None, "Node")
    need(COMUNICA.is_file(), f"Comunica ({COMUNICA})")
    kind = ("-t", "application/sparql-results+json")
    done = subprocess.run([str(COMUNICA), *arguments, *kind], capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr.decode()
    rows = json.loads(done.stdout)["results"]["bindings"]
    return [{name: value["value"] for name, value in row.items()} for row in rows]


def test_comunica_asks_one_endpoint(endpoint: str, expected: int) -> None:
    assert comunica(f"sparql@{endpoint}", DATASETS) == [{"n": str(expected)}]


def test_comunica_joins_two_endpoints(endpoint: str, elsewhere: str, demo: Catalog) -> None:
    query = """PREFIX dct: <http://purl.org/dc/terms/>
    SELECT ?d ?t ?n { ?d <http://likes.example/count> ?n . ?d dct:title ?t }"""
    found = comunica(f"sparql@{endpoint}", f"sparql@{elsewhere}", query)
    assert found == [{"d": demo.get("price-paid-data").dataset.value, "t": "Price Paid Data", "n": "42"}]


def test_curl(endpoint: str, expected: int) -> None:
    need(shutil.which("curl") is not None, "curl")
    arguments = ["curl", "--silent", "--show-error", "--fail", endpoint, "--data-urlencode", f"query={DATASETS}"]
    done = subprocess.run([*arguments, "--header", "Accept: text/csv"], capture_output=True, timeout=30, check=True)
    assert list(csv.reader(io.StringIO(done.stdout.decode()))) == [["n"], [str(expected)]]
    head = subprocess.run(["curl", "--silent", "--head", endpoint], capture_output=True, timeout=30, check=True)
    assert b"200" in head.stdout.splitlines()[0]


FEDERATED = """SELECT ?t ?n {{ SERVICE {silent} <{there}> {{ ?d <http://likes.example/count> ?n }} ?d dct:title ?t }}"""


@pytest.fixture(scope="module")
def federating(demo: Catalog, elsewhere: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A service that may ask the second endpoint, within limits, and one that is down."""
    folder = getattr(demo.store, "folder", Path())
    allowed = f"{elsewhere}, http://127.0.0.1:9/query"
    log = tmp_path_factory.mktemp("federating") / "log"
    with serving(folder, log, service_endpoints=allowed, service_seconds=2, service_bytes=2_000) as client:
        yield client


def test_service_joins_an_endpoint_on_the_list(federating: httpx.Client, elsewhere: str) -> None:
    answer = federating.post("/sparql", data={"query": FEDERATED.format(silent="", there=elsewhere)})
    rows = answer.json()["results"]["bindings"]
    assert [(row["t"]["value"], row["n"]["value"]) for row in rows] == [("Price Paid Data", "42")]
    description = rdflib.Graph().parse(data=federating.get("/sparql", headers={"Accept": "text/turtle"}).text)
    sd = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")
    assert (None, sd.feature, sd.BasicFederatedQuery) in description


def test_service_is_refused_elsewhere_and_told_when_it_fails(
    federating: httpx.Client, service: httpx.Client, elsewhere: str
) -> None:
    refused = service.post("/sparql", data={"query": FEDERATED.format(silent="", there=elsewhere)})
    assert refused.status_code == 400
    assert "is not allowed" in refused.json()["detail"]
    other = federating.post("/sparql", data={"query": FEDERATED.format(silent="", there="http://169.254.169.254/")})
    assert other.status_code == 400
    assert elsewhere in other.json()["hint"]
    down = {"query": FEDERATED.format(silent="", there="http://127.0.0.1:9/query")}
    assert "does not answer" in federating.post("/sparql", data=down).json()["detail"]
    silent = {"query": "SELECT (COUNT(*) AS ?n) { SERVICE SILENT <http://127.0.0.1:9/query> { ?a ?b ?c } }"}
    assert federating.post("/sparql", data=silent).json()["results"]["bindings"][0]["n"]["value"] == "1"


def test_service_has_a_limit_of_its_own(federating: httpx.Client, elsewhere: str) -> None:
    many = " ".join(f"<http://e.example/{n}>" for n in range(200))
    query = f"SELECT * {{ SERVICE <{elsewhere}> {{ VALUES ?x {{ {many} }} }} }}"
    answer = federating.post("/sparql", data={"query": query})
    assert answer.status_code == 503
    assert answer.json()["limit"] == {"name": "service_bytes", "value": 2_000}
    nested = f"SELECT * {{ SERVICE <{elsewhere}> {{ SERVICE <{elsewhere}> {{ ?a ?b ?c }} }} }}"
    assert "inside another" in federating.post("/sparql", data={"query": nested}).json()["detail"]
