"""Everything works on a SPARQL server as it does on the embedded store; a server that misbehaves is told in words."""

import http.server
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
import rdflib
from rdflib.compare import isomorphic, to_isomorphic

from ndl_graph.catalog import Catalog
from ndl_graph.errors import StoreDownError, StoreLiesError, StoreSlowError
from ndl_graph.sparql.examples import examples
from ndl_graph.stores import RemoteStore, Server
from tests.commands import Ran
from tests.commands import run as run_command
from tests.conftest import BASE, DATA, free_port, serving
from tests.crash.test_kill import COUNT, feed
from tests.servers import fuseki, oxigraph, server


def run(*arguments: str | Path, settings: Mapping[str, str]) -> Ran:
    """Runs a command with settings in its environment."""
    return run_command(*arguments, **settings)  # type: ignore[arg-type]  # the names are those of settings


@pytest.fixture(scope="module", params=["oxigraph", "fuseki"])
def remote(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A SPARQL server with the demonstration catalogue on it, and the folder for what is kept here."""
    folder = tmp_path_factory.mktemp("remote")
    with oxigraph(folder) if request.param == "oxigraph" else fuseki(folder) as address:
        loaded = run(
            "load",
            DATA,
            "--store",
            address,
            "--base-iri",
            BASE,
            settings={"NDL_GRAPH_STORE_FOLDER": str(folder / "here")},
        )
        assert loaded.code == 0, loaded.err
        assert "62 added" in loaded.out
        yield address, folder / "here"


@pytest.fixture(scope="module")
def there(remote: tuple[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The web service over that server."""
    address, here = remote
    # A server in Java that has just begun is slow: what is tested is not how fast it is.
    with serving(address, tmp_path_factory.mktemp("log") / "log", store_folder=here, query_seconds=60) as client:
        yield client


def graph(answer: httpx.Response) -> rdflib.Graph:
    assert answer.status_code == 200, answer.text
    parsed = rdflib.Graph().parse(data=answer.text, format=answer.headers["content-type"].split(";")[0])
    for predicate in ("http://purl.org/dc/terms/issued", "http://purl.org/dc/terms/modified"):
        for triple in list(parsed.triples((None, rdflib.URIRef(predicate), None))):
            if str(triple[0]).startswith(BASE):
                parsed.remove(triple)  # when the record was made differs
    return parsed


def rows(answer: httpx.Response) -> set[frozenset[tuple[str, str]]]:
    assert answer.status_code == 200, answer.text
    return {
        frozenset((name, value["value"]) for name, value in row.items()) for row in answer.json()["results"]["bindings"]
    }


def test_pages_and_forms_are_the_same(there: httpx.Client, service: httpx.Client, demo: Catalog) -> None:
    for iri, _, _ in demo.listing()[::10]:
        path = iri.removeprefix(BASE.rstrip("/"))
        assert "<h1" in there.get(path, headers={"Accept": "text/html"}).text
        ours, theirs = (graph(one.get(f"{path}.ttl")) for one in (there, service))
        assert isomorphic(to_isomorphic(ours), to_isomorphic(theirs)), path


def test_search_and_catalogue_are_the_same(there: httpx.Client, service: httpx.Client) -> None:
    for path in ("/api/search?q=deprivation", "/api/search?place=Wales"):
        ours, theirs = (one.get(path).json() for one in (there, service))
        assert [hit["iri"] for hit in ours["hits"]] == [hit["iri"] for hit in theirs["hits"]]
        assert ours["facets"] == theirs["facets"]
    assert there.get("/sitemap.xml").text.count("<url>") == service.get("/sitemap.xml").text.count("<url>")


def test_queries_are_the_same(there: httpx.Client, service: httpx.Client) -> None:
    accept = {"Accept": "application/sparql-results+json"}
    checked = 0
    for one in examples():
        if "SELECT" not in one.query or "changed" in one.name or "CONSTRUCT" in one.query:
            continue
        asked = {"query": one.query}
        ours, theirs = (client.post("/sparql", data=asked, headers=accept) for client in (there, service))
        assert rows(ours) == rows(theirs), one.name
        checked += 1
    assert checked > 15
    union = {"query": "SELECT (COUNT(*) AS ?n) { { SELECT DISTINCT ?s ?p ?o { GRAPH ?g { ?s ?p ?o } } } }"}
    plain = {"query": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"}
    assert rows(there.post("/sparql", data=union)) == rows(there.post("/sparql", data=plain))


def test_protocol_is_the_same(there: httpx.Client) -> None:
    empty = there.post("/sparql", data={"query": "SELECT * { ?d a dcat:Dataset ; dcat:title ?t }"})
    assert empty.headers["ndl-hint"] == "dcat:Dataset has no dcat:title; it has dct:title."
    broken = there.post("/sparql", data={"query": "SELECT * {\n ?s ?p"})
    assert broken.status_code == 400
    assert broken.json()["line"] == 2
    assert "Encountered" not in broken.text
    assert "expected" not in broken.text
    assert there.post("/sparql", data={"query": "ASK { ?s ?p ?o }"}).json()["boolean"] is True
    assert there.post("/sparql", data={"update": "DROP ALL"}).status_code == 403
    turtle = there.post("/sparql", data={"query": "CONSTRUCT WHERE { ?s a dcat:Dataset }"})
    assert len(rdflib.Graph().parse(data=turtle.text, format="turtle")) > 40
    count = {"query": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", "default-graph-uri": f"{BASE}dataset/price-paid-data"}
    there_count = int(there.post("/sparql", data=count).json()["results"]["bindings"][0]["n"]["value"])
    assert there_count == len(graph(there.get("/data", params={"graph": count["default-graph-uri"]}))) + 2
    large = "SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 30000"
    with there.stream("POST", "/sparql", data={"query": large}, headers={"Accept": "text/csv"}) as answer:
        assert sum(chunk.count(b"\n") for chunk in answer.iter_raw()) >= 30_000
    void = rdflib.Graph().parse(data=there.get("/.well-known/void").text)
    triples = next(void.objects(None, rdflib.URIRef("http://rdfs.org/ns/void#triples")))
    assert int(str(triples)) > 0
    assert there.get("/data").text.count(f" <{BASE}dataset/price-paid-data> .") == there_count


def test_a_slow_query_is_stopped(remote: tuple[str, Path], tmp_path: Path) -> None:
    address, here = remote
    slow = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    with serving(address, tmp_path / "log", store_folder=here, query_seconds=1) as client:
        start = time.monotonic()
        answer = client.post("/sparql", data={"query": slow})
        assert answer.status_code == 503
        assert answer.json()["limit"]["name"] == "query_seconds"
        assert time.monotonic() - start < 4


def test_commands_work_and_repeat_without_harm(remote: tuple[str, Path]) -> None:
    address, here = remote
    settings = {"NDL_GRAPH_STORE_FOLDER": str(here)}
    again = run("load", DATA, "--store", address, settings=settings)
    assert "0 added, 0 changed, 62 unchanged" in again.out
    shown = run("show", "price-paid-data", "--store", address, settings=settings)
    assert "Price Paid Data" in shown.out
    count = "SELECT (COUNT(?d) AS ?n) { ?d a dcat:Dataset }"
    counted = run("query", count, "--results", "csv", "--store", address, settings=settings)
    assert counted.out.split() == ["n", "41"]
    empty = run("query", "SELECT * { ?d a dcat:Dataset ; dcat:title ?t }", "--store", address, settings=settings)
    assert "it has dct:title" in empty.err


def test_a_second_machine_makes_its_own_index(remote: tuple[str, Path], tmp_path: Path) -> None:
    address, _ = remote
    with serving(address, tmp_path / "log", store_folder=tmp_path / "elsewhere") as client:
        assert client.get("/api/search", params={"q": "price paid"}).json()["total"] > 0
        assert client.get("/readyz").json()["records"] == 59


def test_removing_leaves_a_tombstone(remote: tuple[str, Path], there: httpx.Client) -> None:
    address, here = remote
    path = "/dataset/statistics-gov-scot" if there.get("/dataset/statistics-gov-scot").status_code == 200 else ""
    slug = path.rsplit("/", 1)[-1] or "food-hygiene-ratings"
    removed = run("remove", slug, "--store", address, settings={"NDL_GRAPH_STORE_FOLDER": str(here)})
    assert removed.code == 0, removed.err
    end = time.monotonic() + 10
    while there.get(f"/dataset/{slug}").status_code != 410:
        assert time.monotonic() < end, "the service sees within a moment what another process did"
    gone = "SELECT * { GRAPH ?g { ?g a ndl:Tombstone } }"
    assert len(rows(there.post("/sparql", data={"query": gone}))) == 1


def test_the_service_recovers_when_the_server_returns(tmp_path: Path) -> None:
    port = free_port()
    here = {"NDL_GRAPH_STORE_FOLDER": str(tmp_path / "here")}
    source = DATA / "open-england"
    with ExitStack() as stack:
        with oxigraph(tmp_path / "server", port) as address:
            assert run("load", source, "--store", address, "--base-iri", BASE, settings=here).code == 0
            client = stack.enter_context(serving(address, tmp_path / "log", store_folder=tmp_path / "here"))
            page = "/dataset/price-paid-data.ttl"
            assert client.get(page).status_code == 200
        end = time.monotonic() + 10
        while (answer := client.get(page)).status_code == 200:
            assert time.monotonic() < end
        assert answer.status_code == 503
        assert "does not answer" in answer.json()["detail"]
        assert answer.headers["retry-after"]
        query = client.post("/sparql", data={"query": "ASK {}"})
        assert query.status_code == 503
        assert "does not answer" in query.json()["detail"]
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 503
        broken = run("load", source, "--store", address, settings=here)
        assert broken.code == 2
        assert "does not answer" in broken.err
        with oxigraph(tmp_path / "server", port):
            end = time.monotonic() + 10
            while client.get(page).status_code != 200:
                assert time.monotonic() < end
            again = run("load", source, "--store", address, settings=here)
            assert "0 added, 0 changed" in again.out


def test_a_load_that_the_server_leaves_can_be_repeated(tmp_path: Path) -> None:
    """The server dies in the middle of a load: no record is there by half, and a second load completes the first."""
    source = tmp_path / "many.ttl"
    feed(source, 2001)
    port, here = free_port(), {"NDL_GRAPH_STORE_FOLDER": str(tmp_path / "here")}
    with oxigraph(tmp_path / "server", port) as address:
        command = ["load", str(source), "--store", address, "--base-iri", BASE]
        results: list[Ran] = []
        thread = threading.Thread(target=lambda: results.append(run(*command, settings=here)))
        thread.start()
        there = RemoteStore(server(address), tmp_path / "look", BASE)
        while not there.graphs.select("SELECT ?g { GRAPH ?g { ?s ?p ?o } } LIMIT 1"):
            assert thread.is_alive()
    thread.join(60)
    assert results[0].code == 2
    with oxigraph(tmp_path / "server", port) as address:
        there = RemoteStore(server(address), tmp_path / "look", BASE)
        counts = there.graphs.select("SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g")
        sizes = {str(row["n"]) for row in counts}
        assert len(sizes) == 1, "every record is whole"
        assert 0 < len(counts) < COUNT
        done = run(*command, settings=here)
        assert done.code == 0, done.err
        counts = there.graphs.select("SELECT (COUNT(DISTINCT ?g) AS ?n) { GRAPH ?g { ?g ndl:digest ?d } }")
        assert f'"{COUNT}"' in str(counts[0]["n"])


@contextmanager
def lying(status: int, body: bytes, wait: float = 0) -> Iterator[str]:
    """A server that answers everything with the same."""
    done = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            done.wait(wait)
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as service:
        thread = threading.Thread(target=service.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{service.server_port}"
        done.set()
        service.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (200, b"<html>hello</html>", StoreLiesError, "answered what is no result"),
        (200, b'{"head":{"vars":["version"]},"results":{"bindings":[{"ver', StoreLiesError, "no result"),
        (500, b"Traceback: secrets", StoreLiesError, "answered 500"),
        (404, b"", StoreLiesError, "answered 404"),
        (401, b"", Exception, "other credentials"),
        (503, b"", StoreSlowError, "gave up"),
    ],
)
def test_a_lying_server_is_told_in_words(
    tmp_path: Path, status: int, body: bytes, error: type[Exception], words: str
) -> None:
    with lying(status, body) as address:
        store = RemoteStore(server(address), tmp_path / "here", BASE)
        with pytest.raises(error, match=words):
            store.current()
        ran = run("query", "ASK {}", "--store", address, settings={"NDL_GRAPH_STORE_FOLDER": str(tmp_path / "here")})
        assert ran.code == 2
        assert words in ran.err
        assert "secrets" not in ran.err


def test_slow_and_dead_servers_are_told_apart(tmp_path: Path) -> None:
    with lying(200, b"{}", wait=20) as address:
        slow = RemoteStore(server(address, seconds=0.5), tmp_path / "here", BASE)
        with pytest.raises(StoreSlowError, match=r"within 0\.5 s"):
            slow.current()
    dead = RemoteStore(server(f"http://127.0.0.1:{free_port()}"), tmp_path / "here", BASE)
    with pytest.raises(StoreDownError, match="does not answer"):
        dead.current()


def test_credentials_are_used_and_never_shown(tmp_path: Path) -> None:
    passwords = tmp_path / "passwords"
    passwords.write_text("steward: s3cret-word\n", "utf-8")
    with fuseki(tmp_path / "server", "--auth=basic", f"--passwd={passwords}") as address:
        here = {"NDL_GRAPH_STORE_FOLDER": str(tmp_path / "here"), "NDL_GRAPH_STORE_USER": "steward"}
        refused = run("load", DATA / "open-wales", "--store", address, "--base-iri", BASE, settings=here)
        assert refused.code == 2
        assert "credentials" in refused.err
        known = {**here, "NDL_GRAPH_STORE_PASSWORD": "s3cret-word"}
        loaded = run("--verbose", "load", DATA / "open-wales", "--store", address, "--base-iri", BASE, settings=known)
        assert loaded.code == 0, loaded.err
        shown = run("config", "--store", address, settings=known)
        assert "store_password" in shown.out
        for said in (refused, loaded, shown):
            assert "s3cret-word" not in said.out + said.err
    assert "s3cret-word" not in repr(Server("q", "u", "steward", "s3cret-word"))
