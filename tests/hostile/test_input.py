"""Input that is made to hurt: each is refused in words, within seconds, and the service goes on."""

import time
from pathlib import Path

import httpx
import pytest

from ndl_graph.catalog import Catalog
from ndl_graph.stores import EmbeddedStore
from tests.commands import run
from tests.conftest import BASE, DATA, load, serving

BOMBS: dict[str, bytes] = {
    "aliases.yaml": b"a: &a [x,x,x,x,x,x,x,x,x]\n"
    + b"".join(b"%c: &%c [%s]\n" % (98 + n, 98 + n, b",".join([b"*%c" % (97 + n)] * 9)) for n in range(9)),
    "deep.yaml": b"title: " + b"[" * 100_000 + b"]" * 100_000,
    "deep.json": b'{"@context": {}, "@graph": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep.ttl": b"<http://a> <http://b> " + b"[ <http://p> " * 100_000,
    "lists.ttl": b"<http://a> <http://b> " + b"( " * 100_000,
    "entities.rdf": b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, (b"&%c;" % (97 + n)) * 10) for n in range(9))
    + b']><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:d="http://d/">'
    b'<rdf:Description rdf:about="http://a/"><d:p>&j;</d:p></rdf:Description></rdf:RDF>',
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_quickly(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(BOMBS[name])
    start = time.monotonic()
    done = run("load", name, cwd=tmp_path, timeout=60)
    assert done.code == 2, (done.out, done.err)
    assert name in done.err
    assert time.monotonic() - start < 20


def test_entities_that_stand_for_namespaces_are_read(tmp_path: Path) -> None:
    (tmp_path / "owl.rdf").write_bytes(
        b'<!DOCTYPE rdf:RDF [<!ENTITY ex "http://ex.org/">]>'
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dct="http://purl.org/dc/terms/">'
        b'<rdf:Description rdf:about="&ex;a"><dct:title>A</dct:title></rdf:Description></rdf:RDF>'
    )
    assert "<http://ex.org/a>" in run("convert", "owl.rdf", "--to", "ntriples", cwd=tmp_path).out


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "bom.ttl").write_bytes(b'\xef\xbb\xbf<http://a.org/> <http://purl.org/dc/terms/title> "A" .')
    assert "<http://a.org/>" in run("convert", "bom.ttl", "--to", "ntriples", cwd=tmp_path).out


QUERIES = {
    "parentheses": "SELECT (" + "(" * 10_000 + "1" + ")" * 10_000 + " AS ?x) {}",
    "sums": "SELECT (1" + "+1" * 20_000 + " AS ?x) {}",
    "nots": "ASK { FILTER(" + "!" * 20_000 + "true) }",
    "paths": "SELECT * { ?s " + "/".join(["<http://p>"] * 20_000) + " ?o }",
    "unions": "SELECT * { " + " UNION ".join(["{ ?s ?p ?o }"] * 5_000) + " }",
    "service": "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
    "silent service": "SELECT * { service SILENT <http://169.254.169.254/> { ?s ?p ?o } }",
    "service by variable": "SELECT * { ?x ?y ?z SERVICE ?x { ?s ?p ?o } }",
    "service to a file": "SELECT * { SERVICE <file:///etc/passwd> { ?s ?p ?o } }",
    "service by prefix": "PREFIX e: <http://127.0.0.1/> CONSTRUCT { ?s ?p ?o } { SERVICE e:x { ?s ?p ?o } }",
    "from elsewhere": "SELECT * FROM <not an iri> { ?s ?p ?o }",
}


@pytest.mark.parametrize("name", QUERIES)
def test_hostile_queries_are_refused_and_the_service_goes_on(service: httpx.Client, name: str) -> None:
    answer = service.post("/sparql", data={"query": QUERIES[name]})
    assert answer.status_code == 400, answer.text[:200]
    assert answer.json()["detail"]
    assert service.get("/healthz").text == "ok\n"


def test_what_only_looks_like_service_is_answered(service: httpx.Client) -> None:
    query = 'SELECT ?service { ?service a dcat:DataService ; dct:title ?t FILTER(?t != "SERVICE <x>") }'
    answer = service.post("/sparql", data={"query": query, "format": "json"})
    assert answer.status_code == 200
    assert answer.json()["results"]["bindings"]


def test_publisher_text_stays_text(tmp_path: Path) -> None:
    """HTML, Markdown and template code in every field, shown on the page and embedded as data."""
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}</script>[x](javascript:alert(1))"
    (tmp_path / "evil.ttl").write_text(
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
        f'<https://ex.org/evil> a dcat:Dataset ; dct:title """{evil}""" ; dct:description """{evil}""" ;\n'
        f' dct:publisher """{evil}""" ; dcat:keyword """{evil}""" ; dcat:landingPage <javascript:alert(1)> ;\n'
        f' dcat:distribution [ dct:title """{evil}""" ; dcat:accessURL <https://ex.org/x> ] .'
    )
    store = EmbeddedStore(tmp_path / "s", BASE)
    assert load(store, tmp_path / "evil.ttl").added == 1
    path = Catalog(store).listing()[0][0].removeprefix(BASE.rstrip("/"))
    with serving(store.folder, tmp_path / "log") as client:
        for address in (path, "/dataset", "/", "/catalog"):
            text = client.get(address, headers={"Accept": "text/html"}).text
            assert "<script>alert" not in text
            assert "<img" not in text
            assert 'href="javascript:' not in text
            assert ">49" not in text
            assert text.count("</script>") == text.count("<script")
        markdown = client.get(f"{path}.md").text
        assert "<script>" not in markdown
        assert "[x](" not in markdown


def test_removed_and_changed_records_are_seen_by_a_running_service(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path / "s", BASE)
    load(store, DATA / "open-england")
    with serving(store.folder, tmp_path / "log") as client:
        before = client.get("/dataset/price-paid-data.ttl")
        assert before.status_code == 200
        assert run("remove", "price-paid-data", "--store", store.folder).code == 0
        gone = client.get("/dataset/price-paid-data", headers={"Accept": "application/json"})
        assert gone.status_code == 410
        assert gone.json()["name"] == "Price Paid Data"
        assert gone.json()["removed"]
        page = client.get("/dataset/price-paid-data", headers={"Accept": "text/html"})
        assert page.status_code == 410
        assert "withdrawn on" in " ".join(page.text.split())
        assert "price-paid-data" not in client.get("/sitemap.xml").text
        assert client.get("/api/search", params={"q": "price paid"}).json()["total"] == 0
        load(store, DATA / "open-england")
        assert client.get("/dataset/price-paid-data.ttl").status_code == 200
