"""Clients that write requests in their own way, and what they are told where they are wrong."""

import json
from typing import Any
from urllib.robotparser import RobotFileParser

import httpx
import pytest
from jsonschema import Draft202012Validator

from ndl_graph.catalog import Catalog
from ndl_graph.errors import NotFoundError
from tests.conftest import BASE

QUERY = "SELECT ?d { ?d a dcat:Dataset } LIMIT 1"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/turtle;q=.9", "text/turtle"),
        ("text/html;q=.2, text/turtle; q=.21, */*; q=.1", "text/turtle"),
        ("text/turtle;q=1.0000", "text/turtle"),
        ("text/turtle;q=0.12345, text/html;q=0.1", "text/turtle"),
        ('application/ld+json; profile="http://schema.org/"', "application/ld+json"),
        ('application/ld+json; profile="https://schema.org"', "application/ld+json"),
    ],
)
def test_weights_and_profiles_are_read_as_clients_write_them(service: httpx.Client, accept: str, kind: str) -> None:
    answer = service.get("/dataset/price-paid-data", headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kind)
    if "schema.org" in accept:
        assert answer.json()["@context"] == "https://schema.org/"


@pytest.mark.parametrize("accept", ["text/turtle;q=x", "text/turtle;q=-1", "text/turtle;q=0"])
def test_what_is_no_weight_asks_for_nothing(service: httpx.Client, accept: str) -> None:
    assert service.get("/dataset/price-paid-data", headers={"Accept": accept}).status_code == 406


@pytest.mark.parametrize(("name", "kind"), [("csv", "text/csv"), ("xml", "application/sparql-results+xml")])
def test_the_format_is_told_as_fuseki_has_it(service: httpx.Client, name: str, kind: str) -> None:
    answer = service.get("/sparql", params={"query": QUERY, "output": name})
    assert answer.headers["content-type"].split(";")[0] == kind
    refused = service.get("/sparql", params={"query": QUERY, "output": "nonsense"})
    assert refused.status_code == 400
    assert "csv" in refused.json()["available"]


def test_xml_goes_by_its_old_name_too(service: httpx.Client) -> None:
    answer = service.get("/sparql", params={"query": QUERY}, headers={"Accept": "text/xml"})
    assert answer.headers["content-type"].split(";")[0] == "application/sparql-results+xml"
    assert "<sparql" in answer.text


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("rows=5", "rows"),
        ("q%5B%5D=air", "Did you mean q?"),
        ("publishers=x", "Did you mean publisher?"),
        ("q=air&q=school", "stands twice"),
    ],
)
def test_a_parameter_that_is_none_is_told(service: httpx.Client, asked: str, told: str) -> None:
    answer = service.get(f"/api/search?{asked}")
    assert answer.status_code == 400
    assert told in answer.text
    assert service.get("/api/search?q=air&utm_source=x&_=1&fbclid=2").status_code == 200


def test_a_form_that_is_none_is_told(service: httpx.Client) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    turtle = b"@prefix dct: <http://purl.org/dc/terms/> .\n<http://e.org/d> dct:title 'T' ."
    answer = service.post("/api/validate", content=turtle, headers=kind)
    assert answer.status_code == 400
    assert "Content-Type" in answer.json()["hint"]


@pytest.mark.parametrize(
    "address",
    ["ndl://record/price-paid-data", f"{BASE}dataset/price-paid-data.md", f"{BASE}cy/dataset/price-paid-data",
     f"{BASE}dataset/price-paid-data/", f"{BASE}dataset/price-paid-data#offer", " price-paid-data "],
)  # fmt: skip
def test_a_record_goes_by_every_address_that_it_has(demo: Catalog, address: str) -> None:
    assert demo.get(address).slug == "price-paid-data"


@pytest.mark.parametrize(
    "address",
    [f"{BASE}dataset/nothing.md", BASE + "cy/" * 3_000 + "dataset/nothing", BASE, f"{BASE}about", "ndl://record/"],
    ids=["form", "endless", "base", "about", "empty"],
)
def test_what_is_no_record_is_told(demo: Catalog, address: str) -> None:
    with pytest.raises(NotFoundError):
        demo.get(address)


def test_agents_that_nobody_has_heard_of_may_ask(service: httpx.Client) -> None:
    parser = RobotFileParser()
    parser.parse(service.get("/robots.txt").text.splitlines())
    assert parser.can_fetch("SomeAgent/1.0", f"{BASE}api/search?q=air")
    assert parser.can_fetch("SomeAgent/1.0", f"{BASE}mcp")
    assert not parser.can_fetch("SomeAgent/1.0", f"{BASE}sparql?query=x")
    assert not parser.can_fetch("Googlebot", f"{BASE}api/search?q=air")


def test_the_head_of_the_api_catalogue_tells_where_it_is(service: httpx.Client) -> None:
    assert 'rel="api-catalog"' in service.head("/.well-known/api-catalog").headers["link"]


@pytest.mark.parametrize(
    "address",
    [
        "/api/search?q=house%20prices",
        "/api/search?q=zzzzz",
        "/api/search?limit=100",
        "/api/access?who=company&for=product",
        "/api/uses",
        "/api/keys",
        "/api/keys?dataset=price-paid-data",
    ],
)
def test_answers_are_as_the_api_describes_them(service: httpx.Client, address: str) -> None:
    described: dict[str, Any] = service.get("/openapi.json").json()["paths"][address.split("?")[0]]["get"]
    schema = described["responses"]["200"]["content"]["application/json"]["schema"]
    assert schema["required"], "it says what there is"
    answer = service.get(address).json()
    Draft202012Validator(schema).validate(answer)
    # What the description does not name, an answer does not have.
    assert set(answer) <= set(schema["properties"])
    for hit in answer.get("hits", []):
        assert set(hit) <= set(schema["properties"]["hits"]["items"]["properties"]), json.dumps(hit)


def test_what_is_sent_is_described_too(service: httpx.Client) -> None:
    paths = service.get("/openapi.json").json()["paths"]
    for path in ("/sparql", "/api/validate"):
        assert paths[path]["post"]["requestBody"]["content"], path
