"""Checking a description on the web: as a form, as an API, with nothing kept and nothing broken by bad input."""

import re
from pathlib import Path

import httpx
import pytest
import rdflib
from rdflib.namespace import RDF, SH

from ndl_graph.catalog import Catalog
from ndl_graph.stores import EmbeddedStore
from tests.conftest import serving

TURTLE = """\
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix ex: <http://example.org/> .
ex:rivers a dcat:Dataset ;
  dct:title "Rivers"@en ;
  dct:description "<script>alert(1)</script>"@en ;
  dct:issued "4 May 2022" ;
  dcat:theme "water" .
"""


def test_the_form_is_there_without_a_script(service: httpx.Client) -> None:
    page = service.get("/validate").text
    assert re.search(r'<form method="post" action="/validate" enctype="multipart/form-data">', page)
    for name in ("ndl", "dcat-ap", "croissant", "controlled"):
        assert f'name="profile" value="{name}"' in page
    assert "<script" not in page


def test_a_text_where_a_node_should_be_is_reported_in_turtle(service: httpx.Client) -> None:
    text = TURTLE.replace('dcat:theme "water"', 'dcat:contactPoint "Data team"')
    headers = {"Content-Type": "text/turtle", "Accept": "text/turtle"}
    answer = service.post("/api/validate", params={"profile": "ukgov"}, content=text, headers=headers)
    assert answer.status_code == 200, answer.text
    report = rdflib.Graph().parse(data=answer.text, format="turtle")
    assert rdflib.Literal("Data team") in set(report.objects(None, SH.focusNode))


def test_a_pasted_description_is_told_line_by_line(service: httpx.Client) -> None:
    page = service.post("/validate", data={"description": TURTLE, "profile": ["dcat-ap", "ndl"]}).text
    summary = page[page.index('class="error-summary"') : page.index("<h1>")]
    links = re.findall(r'<a href="#(problem-\d+)">([^<]+)</a>', summary)
    assert {"The theme is not a web address."} < {text for _, text in links}
    for target, _ in links:
        assert page.count(f'id="{target}"') == 1
    assert '<a href="#line-8">Line 8</a>' in page
    assert 'id="line-8" class="marked"' in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert "<title>Error: " in page


def test_mechanical_repairs_are_offered_as_a_diff_and_as_a_whole(service: httpx.Client) -> None:
    page = service.post("/validate", data={"description": TURTLE}).text
    assert "+\tdct:issued &#34;2022-05-04&#34;^^" in page
    said = service.post("/api/validate?fix=1&profile=ndl", content=TURTLE, headers={"Content-Type": "text/turtle"})
    fixed = said.json()["fixed"]
    graph = rdflib.Graph().parse(data=fixed["text"], format=fixed["format"])
    issued = graph.value(rdflib.URIRef("http://example.org/rivers"), rdflib.DCTERMS.issued)
    assert issued == rdflib.Literal("2022-05-04", datatype=rdflib.XSD.date)
    assert fixed["repairs"]["date"]["count"] == 1
    again = service.post("/api/validate?fix=1", content=fixed["text"], headers={"Content-Type": "text/turtle"})
    assert "fixed" not in again.json(), "what is repaired needs no repair"


def test_an_upload_is_checked_in_its_own_format(service: httpx.Client) -> None:
    upload = {"file": ("a.yaml", b"identifier: https://example.org/a\ntype: dcat:Dataset\ntitle: A\n", "")}
    page = service.post("/validate", files=upload, data={"profile": "ukgov"}).text
    assert "It needs exactly one licence." in page
    assert '<a href="#line-1">Line 1</a>' in page


def test_a_good_description_is_told_so(service: httpx.Client) -> None:
    slug = service.get("/api/search?q=house+prices").json()["hits"][0]["iri"].rsplit("/", 1)[-1]
    good = service.get(f"/dataset/{slug}.ttl").text
    page = service.post("/validate", data={"description": good}).text
    assert "It conforms to ndl" in page
    assert "error-summary" not in page


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json", "application/json"),
        ("text/turtle", "text/turtle; charset=utf-8"),
        ("text/html", "text/html; charset=utf-8"),
        ("application/sarif+json", "application/sarif+json"),
        ("text/plain", "text/plain; charset=utf-8"),
    ],
)
def test_the_api_answers_in_the_form_that_is_asked_for(service: httpx.Client, accept: str, kind: str) -> None:
    answer = service.post(
        "/api/validate?profile=dcat-ap", content=TURTLE, headers={"Content-Type": "text/turtle", "Accept": accept}
    )
    assert answer.headers["content-type"] == kind
    if accept == "application/json":
        lines = {(r["shape"].rsplit("#")[-1], r["line"]) for r in answer.json()["results"]}
        assert ("theme-iri", 8) in lines
    elif accept == "text/turtle":
        graph = rdflib.Graph().parse(data=answer.text, format="turtle")
        report = graph.value(None, RDF.type, SH.ValidationReport)
        assert graph.value(report, SH.conforms) == rdflib.Literal(False)
        values = set(graph.objects(None, SH.value))
        assert rdflib.Literal("water") in values
    else:
        assert "The theme is not a web address." in answer.text


def test_errors_say_where_and_what_next(service: httpx.Client) -> None:
    broken = service.post("/api/validate", content=TURTLE + "\n]", headers={"Content-Type": "text/turtle"})
    assert (broken.status_code, broken.json()["line"]) == (400, 10)
    empty = service.post("/api/validate", content=b"<http://a> <http://b> <http://c> .")
    assert empty.status_code == 422
    assert "dcat:Dataset" in empty.json()["hint"]
    plain = service.post("/api/validate", content=b'{"title": 1, "a": 2}')
    assert plain.status_code == 400
    assert "@context" in plain.json()["hint"]
    unknown = service.post("/api/validate?profile=papyrus", content=TURTLE)
    assert unknown.status_code == 400
    assert "dcat-ap" in unknown.json()["hint"]
    assert service.post("/api/validate?report=papyrus", content=TURTLE).json()["available"]
    page = service.post("/validate", data={"description": TURTLE + "\n]"})
    assert page.status_code == 400
    assert '<a href="#line-10">Line 10: ' in page.text
    assert service.post("/validate", data={"description": "  "}).status_code == 400


def test_what_is_too_large_is_refused(service: httpx.Client) -> None:
    answer = service.post("/api/validate", content=b"x" * (10 * 1024 * 1024 + 1))
    assert answer.status_code == 413
    assert answer.json()["limit"]["name"] == "max_body_bytes"


def test_nothing_is_kept(service: httpx.Client) -> None:
    before = service.get("/api/search?q=rivers").json()["total"]
    service.post("/api/validate", content=TURTLE, headers={"Content-Type": "text/turtle"})
    assert service.get("/api/search?q=rivers").json()["total"] == before
    assert service.post("/api/validate", content=TURTLE).headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "content",
    [
        b"@prefix x: <http://x/> . x:a x:b " + b"[ x:b " * 20_000,
        b"<http://a> <http://b> " + b"( " * 100_000,
        "<http://a> <http://b> '''{}''' .".format("x" * 9_000_000).encode(),
        b"\n".join(b"_:n%d <http://b> _:n%d ." % (n, n + 1) for n in range(200_000)),
        b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">&b;</rdf:RDF>',
        b'{"@context": {"a": {"@id": "http://x/a", "@container": "@language"}}, "a": {"en": {"b": 1}}}',
        b'{"@context": "http://169.254.169.254/latest", "@type": "Dataset"}',
        b"\xff\xfe\x00bad",
        b"--- &a [*a, *a]\n",
    ],
    ids=["brackets", "lists", "long-literal", "blank-nodes", "entities", "language-map", "context", "binary", "alias"],
)
def test_hostile_descriptions_end_in_an_error_and_the_service_goes_on(service: httpx.Client, content: bytes) -> None:
    answer = service.post("/api/validate?profile=ndl,dcat-ap,croissant,google", content=content, timeout=60)
    assert answer.status_code in (400, 413, 422), answer.text[:200]
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(answer.text) < 5_000
    assert service.get("/healthz").status_code == 200


def test_a_check_that_takes_too_much_is_ended_and_says_so(demo: Catalog, tmp_path: Path) -> None:
    content = b"\n".join(b"_:n%d <http://b> _:n%d ." % (n, n + 1) for n in range(200_000))
    assert isinstance(demo.store, EmbeddedStore)
    for limit in ({"check_seconds": 1}, {"check_memory_bytes": 300 * 1024**2}):
        with serving(demo.store.folder, tmp_path / "log", **limit) as client:
            answer = client.post("/api/validate", content=content, timeout=60)
            assert answer.status_code == 503
            assert answer.json()["limit"]["name"] == next(iter(limit))
            assert "ndl-graph validate" in answer.json()["hint"]
            assert client.post("/api/validate", content=TURTLE).status_code == 200, "a small one is checked"


def test_a_description_of_our_own_terms_changes_nothing(service: httpx.Client) -> None:
    before = service.get("/vocab", headers={"Accept": "text/turtle"}).text
    hostile = (
        "<https://w3id.org/ndl-graph/vocab#accessLevel> a <http://www.w3.org/ns/dcat#Dataset> ; "
        '<http://purl.org/dc/terms/title> "Mine" ; a <http://www.w3.org/ns/shacl#NodeShape> .'
    )
    answer = service.post("/api/validate?profile=dcat-ap", content=hostile, headers={"Content-Type": "text/turtle"})
    assert answer.status_code == 200
    assert {r["focus_node"] for r in answer.json()["results"]} == {"https://w3id.org/ndl-graph/vocab#accessLevel"}
    assert service.get("/vocab", headers={"Accept": "text/turtle"}).text == before


def test_a_profile_is_a_table_for_people_and_shapes_for_programs(service: httpx.Client) -> None:
    page = service.get("/shapes/dcat-ap", headers={"Accept": "text/html"}).text
    for heading in ("Property", "Obligation", "Meaning", "Example"):
        assert f'<th scope="col">{heading}</th>' in page
    assert re.search(r"<code>dcat:accessURL</code></th><td>mandatory</td>", page)
    for kind, form in (("text/turtle", "turtle"), ("application/ld+json", "json-ld")):
        answer = service.get("/shapes/dcat-ap", headers={"Accept": kind})
        graph = rdflib.Graph().parse(data=answer.text, format=form)
        assert len(set(graph.subjects(RDF.type, SH.PropertyShape))) > 100
