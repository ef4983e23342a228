"""The rest of the site: home, search, catalogue, sitemap, shapes, vocabulary, operations."""

import asyncio
import gzip
import re
import xml.etree.ElementTree as ET

import brotli
import httpx
import pytest
import rdflib

from ndl_graph.catalog import Catalog
from ndl_graph.settings import load_settings
from ndl_graph.web.app import create_app
from tests.conftest import BASE

ROUTES = (
    "/", "/dataset", "/dataset?q=schools", "/catalog", "/sparql", "/shapes", "/shapes/ndl", "/shapes/ukgov", "/vocab",
    "/vocab/access-level", "/sitemap.xml", "/robots.txt", "/healthz", "/readyz", "/metrics", "/docs", "/openapi.json",
    "/api/search?q=schools", "/static/vendor/site.css", "/catalog.ttl", "/catalog.jsonld", "/catalog.nt",
    "/catalog.rdf", "/access", "/access?who=public&for=research", "/uses", "/keys", "/key/uprn", "/nations", "/about",
    "/developers", "/agents", "/stewards", "/uses.atom", "/feed.atom?q=flood", "/cy/",
)  # fmt: skip


@pytest.mark.parametrize("path", ROUTES)
def test_every_route_answers_get_and_head(service: httpx.Client, path: str) -> None:
    answer = service.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.content
    head = service.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_pages_take_nothing_from_elsewhere(service: httpx.Client) -> None:
    for path in ("/", "/dataset?q=schools", "/dataset/price-paid-data", "/sparql"):
        text = service.get(path).text
        assert not re.findall(r'<(?:script|img|iframe|link rel="stylesheet")[^>]*(?:src|href)="(?:https?:)?//', text)
        assert "never the data itself" in text


AS_IT_IS = ("/dataset/price-paid-data.ttl", "/static/icon.svg")


@pytest.mark.parametrize(
    ("path", "asked", "coding"),
    [
        ("/dataset/price-paid-data", "gzip, deflate, br", "gzip"),
        ("/dataset/price-paid-data", "*", "gzip"),
        ("/dataset/price-paid-data.ttl", "gzip", None),
        ("/dataset/price-paid-data", "gzip;q=0", None),
        ("/dataset/price-paid-data", "identity", None),
        ("/static/vendor/site.css", "gzip, deflate, br", "br"),
        ("/static/vendor/site.css", "br;q=0, gzip", "gzip"),
        ("/static/vendor/yasqe.min.js", "", None),
        ("/static/icon.svg", "gzip", None),
    ],
)
def test_answers_are_as_small_as_the_client_takes_them(
    service: httpx.Client, path: str, asked: str, coding: str | None
) -> None:
    plain = service.get(path, headers={"Accept-Encoding": "identity"})
    with service.stream("GET", path, headers={"Accept-Encoding": asked}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers.get("content-encoding") == coding
    told = brotli.decompress(raw) if coding == "br" else gzip.decompress(raw) if coding else raw
    assert told == plain.content
    assert ("accept-encoding" in plain.headers.get("vary", "").casefold()) == (path not in AS_IT_IS)
    assert (answer.headers["etag"] == plain.headers["etag"]) == (coding is None), "another representation"
    again = {"Accept-Encoding": asked, "If-None-Match": answer.headers["etag"]}
    assert service.get(path, headers=again).status_code == 304
    assert service.get(path, headers={**again, "Accept-Encoding": "identity"}).status_code == (200 if coding else 304)
    head = service.head(path, headers={"Accept-Encoding": asked})
    assert head.headers["content-length"] == str(len(raw))


def test_search_as_json(service: httpx.Client) -> None:
    answer = service.get("/api/search", params={"q": "pupils in schools", "limit": 3}).json()
    assert answer["total"] >= 1
    hit = answer["hits"][0]
    assert {
        "iri",
        "dataset",
        "title",
        "publisher",
        "licence",
        "access",
        "modified",
        "formats",
        "score",
        "why",
    } <= hit.keys()
    assert set(answer["facets"]) == {"publisher", "theme", "format", "licence", "access", "place"}
    assert answer["no_good_match"] is False


def test_facets_narrow_and_count_right(service: httpx.Client) -> None:
    everything = service.get("/api/search").json()
    for facet, values in everything["facets"].items():
        value, count = next(iter(values.items()))
        narrowed = service.get("/api/search", params={facet: value}).json()
        assert narrowed["total"] == count, facet
    wales = service.get("/api/search", params={"place": "Wales", "theme": "Health"}).json()
    assert 0 < wales["total"] < everything["facets"]["place"]["Wales"]
    assert all("Wales" in hit["place"] for hit in wales["hits"])


def test_paging_is_stable_and_complete(service: httpx.Client) -> None:
    total = service.get("/api/search").json()["total"]
    seen: list[str] = []
    cursor = ""
    while True:
        page = service.get("/api/search", params={"limit": 7, "cursor": cursor}).json()
        seen += [hit["iri"] for hit in page["hits"]]
        cursor = page["next"]
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == total


def test_nothing_found_helps(service: httpx.Client) -> None:
    answer = service.get("/api/search", params={"q": "xylophonistics"}).json()
    assert (answer["total"], answer["no_good_match"], answer["hits"]) == (0, True, [])
    assert answer["advice"]
    assert "See everything" in service.get("/dataset", params={"q": "xylophonistics"}).text


@pytest.mark.parametrize(
    "query", ["page=0", "page=abc", "page=99999999", "limit=1000&x=1", "cursor=%00%00", "cursor=abc"]
)
def test_bad_parameters_are_explained(service: httpx.Client, query: str) -> None:
    answer = service.get(f"/api/search?{query}")
    assert answer.status_code == 400
    assert answer.json()["detail"]


@pytest.mark.parametrize("words", ['"', "((", "a AND", "title:x", "*", "\x00", "é" * 300, "<script>", "' OR 1=1", "-"])
def test_any_words_can_be_searched(service: httpx.Client, words: str) -> None:
    assert service.get("/api/search", params={"q": words}).status_code == 200
    page = service.get("/dataset", params={"q": words})
    assert page.status_code == 200
    assert "<script>" not in page.text


def test_catalogue_pages_hold_every_record(service: httpx.Client, demo: Catalog) -> None:
    graph = rdflib.Graph().parse(data=service.get("/catalog", headers={"Accept": "text/turtle"}).text)
    dcat = rdflib.Namespace("http://www.w3.org/ns/dcat#")
    hydra = rdflib.Namespace("http://www.w3.org/ns/hydra/core#")
    catalogue = rdflib.URIRef(f"{demo.base_iri}catalog")
    assert (catalogue, rdflib.RDF.type, dcat.Catalog) in graph
    records = {str(record) for record in graph.objects(catalogue, dcat.record)}
    assert records == {row[0] for row in demo.listing()}
    assert int(str(graph.value(catalogue, hydra.totalItems))) == len(records)
    assert service.get("/catalog?page=2").status_code == 404


def test_sitemap_lists_every_record_with_its_date(service: httpx.Client, demo: Catalog) -> None:
    root = ET.fromstring(service.get("/sitemap.xml").content)
    ns = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    found = {one.findtext("s:loc", "", ns): one.findtext("s:lastmod", "", ns) for one in root.findall("s:url", ns)}
    assert {row[0]: row[2][:10] for row in demo.listing()}.items() <= found.items()
    assert f"Sitemap: {demo.base_iri}sitemap.xml" in service.get("/robots.txt").text


def test_shapes_are_served_as_they_are_used(service: httpx.Client, demo: Catalog) -> None:
    graph = rdflib.Graph().parse(data=service.get("/shapes/ndl", headers={"Accept": "text/turtle"}).text)
    sh = rdflib.Namespace("http://www.w3.org/ns/shacl#")
    title = rdflib.URIRef(f"{demo.base_iri}shapes/ndl#title")
    assert str(graph.value(title, sh.message)) == "It has no title."
    assert service.get("/shapes/papyrus").status_code == 404


def test_vocabulary_speaks_both_languages(service: httpx.Client) -> None:
    graph = rdflib.Graph().parse(data=service.get("/vocab/access-level", headers={"Accept": "text/turtle"}).text)
    skos = rdflib.Namespace("http://www.w3.org/2004/02/skos/core#")
    concepts = list(graph.subjects(rdflib.RDF.type, skos.Concept))
    assert len(concepts) == 7
    for concept in concepts:
        assert {label.language for label in graph.objects(concept, skos.prefLabel)} == {"en", "cy"}  # type: ignore[attr-defined]


def test_any_origin_may_read(service: httpx.Client) -> None:
    answer = service.get("/api/search", headers={"Origin": "https://elsewhere.example"})
    assert answer.headers["access-control-allow-origin"] == "*"


def test_methods_that_write_are_refused(service: httpx.Client) -> None:
    answer = service.post("/dataset/price-paid-data", content=b"x")
    assert answer.status_code == 405
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("OPTIONS", "/validate", "GET, HEAD, POST"),
        ("DELETE", "/sparql", "GET, HEAD, POST, OPTIONS"),
        ("POST", "/dataset/price-paid-data", "GET, HEAD"),
        ("GET", "/api/validate", "POST"),
    ],
)
def test_a_method_that_is_not_there_is_told_with_those_that_are(
    service: httpx.Client, method: str, path: str, allowed: str
) -> None:
    answer = service.request(method, path)
    assert answer.status_code == 405
    assert answer.headers["allow"] == allowed


def test_the_api_description_tells_of_bodies_and_of_errors(service: httpx.Client) -> None:
    told = service.get("/openapi.json").json()
    operations = [one for path in told["paths"].values() for one in path.values()]
    assert len(operations) > 40
    for one in operations:
        problem = one["responses"]["default"]["content"]["application/problem+json"]
        assert problem["schema"]["required"] == ["type", "title", "status", "detail", "instance"]
        assert one.get("description") or one.get("summary")
    assert problem["schema"]["required"] == sorted(problem["example"].keys() & {*problem["schema"]["required"]},
                                                   key=problem["schema"]["required"].index)  # fmt: skip
    for path, kind in (("/sparql", "application/sparql-query"), ("/api/validate", "text/turtle")):
        body = told["paths"][path]["post"]["requestBody"]
        assert body["required"] is True
        assert kind in body["content"]
    wrong = service.get("/dataset/nowhere").json()
    assert problem["schema"]["required"] == [name for name in problem["schema"]["required"] if name in wrong]


def test_a_fault_of_ours_is_told_as_every_problem_is(demo: Catalog) -> None:
    app = create_app(demo, load_settings({}, {"NDL_GRAPH_MEANING": "no"}))

    def broken() -> None:
        raise KeyError("secret detail")

    app.add_api_route("/broken", broken)

    async def ask(accept: str) -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            return await client.get("/broken", headers={"Accept": accept})

    answer = asyncio.run(ask("application/json"))
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    said = answer.json()
    assert (said["status"], said["instance"], said["title"]) == (500, "/broken", "Internal Server Error")
    assert "secret" not in answer.text
    page = asyncio.run(ask("text/html"))
    assert (page.status_code, "fault of the catalogue" in page.text) == (500, True)


def test_no_sitemap_has_more_addresses_than_are_allowed(demo: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ndl_graph.web.discovery._SITEMAP", 10)
    app = create_app(demo, load_settings({}, {"NDL_GRAPH_MEANING": "no"}))

    async def ask(path: str) -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000") as client:
            return await client.get(path)

    parts = re.findall("<loc>([^<]+)</loc>", asyncio.run(ask("/sitemap.xml")).text)
    found: list[str] = []
    for part in parts:
        some = re.findall("<loc>([^<]+)</loc>", asyncio.run(ask(part)).text)
        assert 0 < len(some) <= 10
        found += some
    assert len(found) == len(set(found))
    assert set(found) == {BASE, *demo.use_iris(), *(record for record, _, _ in demo.listing())}
    for number in (0, len(parts) + 1):
        assert asyncio.run(ask(f"/sitemap-{number}.xml")).status_code == 404


def test_a_search_is_narrowed_by_period_and_quality(service: httpx.Client) -> None:
    whole = service.get("/api/search").json()["total"]
    some = service.get("/api/search", params={"period": "1995"}).json()["total"]
    assert 0 < some < whole
    good = service.get("/api/search", params={"quality": ["good", "excellent"]}).json()["total"]
    assert 0 < good <= whole
    page = service.get("/dataset", params={"period": "1995", "quality": "good"}).text
    assert "Period: 1995" in page
    assert "Quality of the description: good" in page
    for wrong in ({"period": "long ago"}, {"quality": "splendid"}):
        answer = service.get("/api/search", params=wrong, headers={"Accept": "application/json"})
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
        assert next(iter(wrong.values())) in answer.json()["detail"]
