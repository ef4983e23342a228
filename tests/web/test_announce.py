"""What machines are told of the catalogue: every address it names is there, and every form is what its readers read."""

import re
from urllib.robotparser import RobotFileParser

import extruct
import feedparser
import httpx
import pytest
from signposting import find_signposting_http_link, find_signposting_linkset

from ndl_graph.catalog import Catalog
from ndl_graph.stores import EmbeddedStore
from tests.conftest import serving

BASE = "http://127.0.0.1:8000/"


def there(service: httpx.Client, address: str) -> httpx.Response:
    """What stands at one of our own addresses."""
    assert address.startswith(BASE), address
    return service.get("/" + address.removeprefix(BASE), follow_redirects=True)


def test_robots_names_three_policies_and_the_sitemap(demo: Catalog, service: httpx.Client, tmp_path: object) -> None:
    text = service.get("/robots.txt").text
    parser = RobotFileParser()
    parser.parse(text.splitlines())
    for agent in ("Googlebot", "Claude-User", "GPTBot", "SomebodyElse"):
        assert parser.can_fetch(agent, f"{BASE}dataset/price-paid-data")
        # Who looks something up for somebody may ask; who gathers pages may not.
        assert parser.can_fetch(agent, f"{BASE}sparql?query=x") == (agent == "Claude-User")
        assert parser.can_fetch(agent, f"{BASE}api/search?q=x") == (agent in ("Claude-User", "SomebodyElse"))
    (sitemap,) = parser.site_maps() or []
    assert there(service, sitemap).text.count("<loc>") == 1 + len(demo.listing()) + demo.uses()[0]


def test_a_policy_can_be_closed_without_the_others(demo: Catalog, tmp_path: object) -> None:
    assert isinstance(demo.store, EmbeddedStore)
    with serving(demo.store.folder, demo.store.folder.parent / "robots.log", robots_training="no") as client:
        parser = RobotFileParser()
        parser.parse(client.get("/robots.txt").text.splitlines())
    assert not parser.can_fetch("GPTBot", f"{BASE}dataset/price-paid-data")
    assert parser.can_fetch("Googlebot", f"{BASE}dataset/price-paid-data")
    assert parser.can_fetch("ChatGPT-User", f"{BASE}dataset/price-paid-data")


def test_every_address_in_the_guide_for_models_is_there(service: httpx.Client) -> None:
    guide = service.get("/llms.txt")
    assert guide.headers["content-type"] == "text/markdown; charset=utf-8"
    assert guide.text.startswith("# ")
    links = re.findall(r"\]\((http[^)]+)\)", guide.text)
    assert len(links) >= 8
    for link in links:
        answer = there(service, link)
        assert answer.status_code == (405 if link.endswith("/mcp") else 200), link


def test_the_api_catalogue_leads_to_every_api(service: httpx.Client) -> None:
    answer = service.get("/.well-known/api-catalog")
    assert answer.headers["content-type"].startswith("application/linkset+json")
    linkset = answer.json()["linkset"]
    anchors = {one["anchor"] for one in linkset}
    assert {item["href"] for item in linkset[0]["item"]} <= anchors
    for one in linkset[1:]:
        for relation in ("service-desc", "service-doc", "service-meta"):
            for target in one.get(relation, []):
                found = service.get("/" + target["href"].removeprefix(BASE), headers={"Accept": target["type"]})
                assert found.status_code == 200
                assert found.headers["content-type"].split(";")[0] == target["type"]


def test_the_catalogue_for_ai_leads_to_the_agent_server(service: httpx.Client) -> None:
    (entry,) = service.get("/.well-known/ai-catalog.json").json()["entries"]
    assert entry["mediaType"] == entry["type"] == "application/mcp-server-card+json"
    card = there(service, entry["url"])
    assert card.headers["content-type"] == entry["mediaType"]
    (remote,) = card.json()["remotes"]
    assert remote == {"type": "streamable-http", "url": f"{BASE}mcp"}


def test_the_feed_is_atom_with_the_newest_first(service: httpx.Client, demo: Catalog) -> None:
    answer = service.get("/feed.atom")
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    feed = feedparser.parse(answer.text)
    assert not feed.bozo
    assert len(feed.entries) == 50
    dates = [entry.updated for entry in feed.entries]
    assert dates == sorted(dates, reverse=True)
    known = {record for record, _, _ in demo.listing()}
    for entry in feed.entries:
        assert entry.id in known
        assert entry.title
        assert there(service, entry.link).status_code == 200


@pytest.mark.parametrize("slug", ["dataset/price-paid-data", "dataset/os-open-uprn", "service/opensafely"])
def test_a_record_has_signposts_of_both_levels(service: httpx.Client, slug: str) -> None:
    page = service.get(f"/{slug}", headers={"Accept": "text/html"})
    assert page.status_code == 200
    signs = find_signposting_http_link([page.headers["link"]], f"{BASE}{slug}")
    assert signs.citeAs is not None
    assert signs.describedBy
    assert all(one.type for one in signs.describedBy)
    kinds = {str(one.target) for one in signs.types}
    assert "https://schema.org/AboutPage" in kinds
    assert len(kinds) == 2
    assert signs.authors
    assert signs.linksets
    (linkset,) = signs.linksets
    document = there(service, str(linkset.target))
    assert document.headers["content-type"] == "application/linkset+json"
    same = document.json()["linkset"][0]
    assert same["anchor"] == f"{BASE}{slug}"
    assert same["cite-as"] == [{"href": str(signs.citeAs.target)}]
    assert {one["href"] for one in same["describedby"]} == {str(one.target) for one in signs.describedBy}
    assert len(same.get("item", [])) == len(signs.items)
    assert find_signposting_linkset is not None


def test_pages_carry_schema_org_that_a_reader_reads(service: httpx.Client) -> None:
    page = service.get("/dataset/price-paid-data", headers={"Accept": "text/html"}).text
    (found,) = extruct.extract(page, syntaxes=["json-ld"])["json-ld"]
    assert found["@type"] == "Dataset"
    assert found["name"] in page
    assert 50 <= len(found["description"]) <= 5000
    (home,) = extruct.extract(service.get("/").text, syntaxes=["json-ld"])["json-ld"]
    assert home["@type"] == "DataCatalog"
