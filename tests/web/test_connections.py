"""Connections as they should not be: too large, without a host, half sent; and a service that is told to stop."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest

from ndl_graph.catalog import Catalog
from ndl_graph.stores import EmbeddedStore
from tests.conftest import BASE, free_port, load, serving, wait_until_ready

RIVERS = (
    "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
    "<https://example.org/{name}> a dcat:Dataset ; dct:title '{name}' ; dct:publisher 'P' ;"
    " dct:description 'Levels of {name}.' ; dcat:landingPage <https://example.org/{name}/page> .\n"
)


@contextmanager
def connected(service: httpx.Client) -> Iterator[socket.socket]:
    with socket.create_connection((service.base_url.host, service.base_url.port or 80), 30) as connection:
        yield connection


def answer(connection: socket.socket) -> tuple[int, dict[str, object]]:
    """The status and the problem that a connection answers before it is closed."""
    whole = b""
    while part := connection.recv(65536):
        whole += part
    head, _, body = whole.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head.lower()
    return int(head.split()[1]), json.loads(body)


def send(service: httpx.Client, text: bytes) -> tuple[int, dict[str, object]]:
    with connected(service) as connection:
        with suppress(BrokenPipeError, ConnectionResetError):  # it is refused before the end, as it should be
            connection.sendall(text)
        return answer(connection)


def test_the_head_of_a_request_has_an_end(service: httpx.Client) -> None:
    fields = b"".join(b"X-%d: %s\r\n" % (n, b"a" * 100) for n in range(900))
    status, problem = send(service, b"GET / HTTP/1.1\r\nHost: a\r\n" + fields)
    assert (status, problem["status"], problem["title"]) == (431, 431, "Request Header Fields Too Large")
    status, problem = send(service, b"GET /" + b"a" * 70_000)
    assert status == 414
    assert "65,536 bytes" in str(problem["detail"])
    assert service.get("/healthz").status_code == 200


def test_a_query_of_an_ordinary_length_is_taken(service: httpx.Client) -> None:
    query = "ASK { ?s ?p ?o } #" + "x" * 20_000
    assert service.get("/sparql", params={"query": query}, headers={"Accept": "application/json"}).json()["boolean"]


@pytest.mark.parametrize("head", [b"", b"Host: a\r\nHost: b\r\n"], ids=["none", "two"])
def test_a_request_names_its_host_once(service: httpx.Client, head: bytes) -> None:
    status, problem = send(service, b"GET / HTTP/1.1\r\nConnection: close\r\n" + head + b"\r\n")
    assert (status, problem["title"]) == (400, "Bad Request")
    assert "Host" in str(problem["detail"])


def test_an_instance_names_no_other_host(service: httpx.Client) -> None:
    status, problem = send(service, b"GET //dataset/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert (status, problem["instance"]) == (404, "/.//dataset/x")
    found = service.get("/dataset/a%20%22b%3C%3E", headers={"Accept": "application/json"}).json()
    assert found["instance"] == "/dataset/a%20%22b%3C%3E"


@pytest.mark.parametrize("path", ["/sparql", "/api/validate"])
def test_a_client_that_leaves_in_the_middle_is_no_fault(service: httpx.Client, path: str) -> None:
    """That nothing is written of it is looked at when the service has ended: see `serving`."""
    with connected(service) as connection:
        kind = b"Content-Type: application/sparql-query\r\n"
        connection.sendall(b"POST %s HTTP/1.1\r\nHost: a\r\n%sContent-Length: 100\r\n\r\nASK" % (path.encode(), kind))
    assert service.get("/healthz").status_code == 200


def test_told_to_stop_it_stops(tmp_path: Path) -> None:
    """Also while a client has sent half a request; what it ends with says that nothing went wrong."""
    store = EmbeddedStore(tmp_path / "store", BASE)
    (tmp_path / "a.ttl").write_text(RIVERS.format(name="tay"))
    load(store, tmp_path / "a.ttl")
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "ndl_graph", "serve", "--port", str(port), "--store", str(store.folder)],
        stderr=subprocess.PIPE,
    )
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        wait_until_ready(client, process)
        with connected(client) as connection:
            connection.sendall(b"POST /sparql HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nASK")
            start = time.monotonic()
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=60)
            assert time.monotonic() - start < 30
    assert process.returncode == 0
    assert b"Traceback" not in said


def test_a_store_that_takes_the_place_of_another_is_seen(tmp_path: Path) -> None:
    """The first snapshot of each has the same number."""
    store, other = EmbeddedStore(tmp_path / "store", BASE), EmbeddedStore(tmp_path / "other", BASE)
    for place, name in ((store, "tay"), (other, "spey")):
        (tmp_path / f"{name}.ttl").write_text(RIVERS.format(name=name))
        load(place, tmp_path / f"{name}.ttl")
    with serving(store.folder, tmp_path / "log") as client:
        assert client.get("/dataset/tay.ttl").status_code == 200
        shutil.rmtree(store.folder)
        other.folder.rename(store.folder)
        assert client.get("/dataset/spey.ttl").status_code == 200
        assert client.get("/dataset/tay.ttl").status_code == 404
        assert "spey" in client.get("/catalog.ttl").text


def test_conditions(service: httpx.Client) -> None:
    page = service.get("/dataset/price-paid-data.ttl")
    changed = page.headers["last-modified"]
    tag = page.headers["etag"]

    def status(**headers: str) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return service.get("/dataset/price-paid-data.ttl", headers=named).status_code

    assert (status(If_Match='"other"'), status(If_Match=f'"other", {tag}'), status(If_Match="*")) == (412, 200, 200)
    old, asctime = "Sun, 06 Nov 1994 08:49:37 GMT", "Sun Nov  6 08:49:37 2094"
    assert (status(If_Unmodified_Since=old), status(If_Unmodified_Since=changed)) == (412, 200)
    assert (status(If_Modified_Since=asctime), status(If_Modified_Since=old)) == (304, 200)


def test_a_page_that_tells_something_new_has_changed(tmp_path: Path) -> None:
    """Who uses the data stands on its page, and is no part of its description."""
    store = EmbeddedStore(tmp_path / "store", BASE)
    (tmp_path / "a.ttl").write_text(RIVERS.format(name="tay"))
    load(store, tmp_path / "a.ttl")
    with serving(store.folder, tmp_path / "log") as client:
        before = client.get("/dataset/tay")
        (tmp_path / "uses.csv").write_text(
            "Project ID,Project title,Organisation,Dataset,Summary,Public benefit,Legal basis,Start date\n"
            "1,Salmon,University,tay,Counts of fish.,Better rivers.,Public task,2024-01-01\n"
        )
        time.sleep(1.1)  # HTTP dates tell seconds: there is nothing else to wait for
        load(store, tmp_path / "uses.csv")
        since = {"If-Modified-Since": before.headers["last-modified"]}
        after = client.get("/dataset/tay", headers=since)
        assert after.status_code == 200
        assert after.headers["last-modified"] != before.headers["last-modified"]


def test_media_types_can_be_named_everywhere(service: httpx.Client) -> None:
    for path in ("/vocab", "/shapes/ndl", "/catalog", "/quality", "/dataset/price-paid-data"):
        found = service.get(path, params={"_mediatype": "text/turtle"})
        assert found.headers["content-type"].startswith("text/turtle"), path
        assert service.get(path, params={"_mediatype": "image/png"}).status_code == 406, path
    profile = "http://www.w3.org/ns/dcat#"
    for asked in (
        {"params": {"_profile": profile}},
        {"headers": {"Accept": f'application/ld+json; profile="{profile}"'}},
    ):
        found = service.get("/dataset/price-paid-data", **asked)  # type: ignore[arg-type]
        assert found.headers["content-type"] == "application/ld+json"


def test_a_check_of_a_query_can_be_asked_for_its_head(service: httpx.Client) -> None:
    assert service.head("/api/check-query", params={"query": "ASK {}"}).status_code == 200


def test_a_catalogue_that_was_described_has_a_page_and_is_exported(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path / "store", BASE)
    (tmp_path / "a.ttl").write_text(
        RIVERS.format(name="tay")
        + "<https://example.org/c> a dcat:Catalog ; dct:title 'Rivers of Perthshire' ; dct:description 'All of them.' ;"
        " dcat:dataset <https://example.org/tay> .\n"
    )
    load(store, tmp_path / "a.ttl")
    assert "https://example.org/c" in {one.dataset.value for one in Catalog(store).holdings()}
    with serving(store.folder, tmp_path / "log") as client:
        assert "Rivers of Perthshire" in client.get("/catalog/rivers-of-perthshire").text
        found = client.get("/catalog/rivers-of-perthshire.schema.jsonld").json()
        assert (found["@type"], found["name"]) == ("DataCatalog", "Rivers of Perthshire")


def test_what_is_about_an_address_of_ours_is_not_taken_for_the_record_there(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path / "store", BASE)
    (tmp_path / "a.ttl").write_text(
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
        f"<{BASE}dataset/foo> a dcat:Catalog ; dct:title 'A catalogue' .\n"
        + RIVERS.format(name="tay").split("\n", 1)[1]
    )
    load(store, tmp_path / "a.ttl")
    with serving(store.folder, tmp_path / "log") as client:
        for path in ("/dataset/foo", "/dataset/foo.ttl", "/dataset/foo/history"):
            assert client.get(path).status_code == 404, path


def test_what_rdf_xml_cannot_say_is_refused(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path / "store", BASE)
    (tmp_path / "a.ttl").write_text(RIVERS.format(name="tay") + "<https://example.org/tay> <https://e.org/9-9> 'x' .")
    load(store, tmp_path / "a.ttl")
    with serving(store.folder, tmp_path / "log") as client:
        refused = client.get("/dataset/tay.rdf", headers={"Accept": "application/json"})
        assert refused.status_code == 406
        assert "https://e.org/9-9" in refused.json()["detail"]
        query = {"query": "CONSTRUCT { <urn:a> <urn:9> 'x' } {}"}
        answered = client.get("/sparql", params=query, headers={"Accept": "application/rdf+xml"})
        assert answered.status_code == 400
        assert "RDF/XML" in answered.text


def test_robots_are_told_of_both_languages(service: httpx.Client) -> None:
    rules = service.get("/robots.txt").text
    for path in ("/sparql", "/cy/sparql", "/cy/dataset?*", "/en/api/"):
        assert f"Disallow: {path}\n" in rules


def test_the_catalogue_keeps_the_profile_that_it_ships(service: httpx.Client, tmp_path: Path) -> None:
    (tmp_path / "catalogue.ttl").write_text(service.get("/catalog.ttl").text)
    from tests.commands import run

    done = run("validate", tmp_path / "catalogue.ttl", "--profile", "dcat-ap", "--report", "json")
    wrong = [one for one in json.loads(done.out)["results"] if one["severity"] == "violation"]
    # What is said of each dataset stands at its own address.
    assert {one["path"] for one in wrong} <= {
        "http://purl.org/dc/terms/title", "http://purl.org/dc/terms/description", "http://www.w3.org/ns/dcat#endpointURL"
    }  # fmt: skip


@pytest.mark.parametrize("names", [("Upgrade", "HTTP2-Settings"), ("upgrade", "http2-settings")])
def test_an_offer_of_another_protocol_is_passed_over(service: httpx.Client, names: tuple[str, str]) -> None:
    """RFC 9110, section 7.8: the request is answered as it is, with its body. Java's client makes the offer."""
    upgrade, settings = names
    body = b"query=ASK%7B%3Fs%20%3Fp%20%3Fo%7D"
    head = (
        f"POST /sparql HTTP/1.1\r\nHost: {service.base_url.netloc.decode()}\r\nConnection: Upgrade, {settings}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        f"{upgrade}: h2c\r\n{settings}: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n\r\n"
    )
    with connected(service) as connection:
        connection.sendall(head.encode() + body)
        told = b""
        while b"true" not in told and (part := connection.recv(65536)):
            told += part
    assert told.startswith(b"HTTP/1.1 200")


def test_a_record_has_one_address(service: httpx.Client) -> None:
    assert service.get("/dataset/sail-databank?kind=service").status_code == 404
    assert service.get("/dataset/price-paid-data?kind=service").status_code == 200
    parameters = service.get("/openapi.json").json()["paths"]["/dataset/{slug}"]["get"]["parameters"]
    assert [one["name"] for one in parameters] == ["slug", "_profile", "_mediatype", "asOf"]


def test_checks_are_shared_out(service: httpx.Client) -> None:
    """One client's long checks leave room for another's, and an end to how many it may send."""
    long = "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n" + "".join(
        f"<https://e.org/{n}> a dcat:Dataset ; dct:title '{n}' ; dct:isPartOf <https://e.org/{n + 1}> .\n"
        for n in range(4_000)
    )
    headers = {"Content-Type": "text/turtle", "Accept": "application/json"}

    def sent(_: int) -> int:
        return httpx.post(service.base_url.join("/api/validate"), content=long, headers=headers, timeout=60).status_code

    with ThreadPoolExecutor(8) as pool:
        told = sorted(pool.map(sent, range(8)))
    assert told[0] == 200
    assert 503 in told, "those beyond its share are told to wait"


def test_a_compressed_body_is_refused_in_words(service: httpx.Client) -> None:
    for path, kind in (("/api/validate", "text/turtle"), ("/sparql", "application/sparql-query")):
        answer = service.post(path, content=b"\x1f\x8b", headers={"Content-Type": kind, "Content-Encoding": "gzip"})
        assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "identity")
        assert "gzip" in answer.json()["detail"]


def test_agents_are_told_which_methods_there_are(service: httpx.Client) -> None:
    assert service.options("/mcp").headers["allow"] == "POST, OPTIONS"
    for method in ("GET", "DELETE", "PUT"):
        answer = service.request(method, "/mcp")
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST, OPTIONS")
