"""Who may use data, who does, and what can be linked: the pages, the API and the graph say the same."""

import feedparser
import httpx
import pytest

from ndl_graph.access import LEVELS, sentences
from ndl_graph.catalog import Catalog
from ndl_graph.keys import all_keys
from ndl_graph.namespaces import NDL, ODRL

NPD = "/dataset/national-pupil-database"
LEO = "/dataset/longitudinal-education-outcomes-leo-standard-extract"
USE = "/use/hypothetical-does-help-after-school-lead-to-work"


def groups(service: httpx.Client, **asked: str) -> dict[str, dict[str, object]]:
    answer = service.get("/api/access", params=asked)
    assert answer.status_code == 200, answer.text
    return {group["verdict"]: group for group in answer.json()["groups"]}


def test_the_levels_are_explained_with_who_and_what_it_takes(service: httpx.Client, demo: Catalog) -> None:
    page = service.get("/access").text
    for iri in LEVELS:
        for text in (demo.labels.text(iri), demo.labels.note(iri, NDL.who), demo.labels.note(iri, NDL.takes)):
            assert text
            assert text.replace("'", "&#39;") in page, text
    assert sum(demo.index.levels().values()) == len(demo.listing())


@pytest.mark.parametrize(
    ("asked", "verdict", "title"),
    [
        ({"who": "researcher", "for": "research"}, "apply", "National Pupil Database"),
        ({"who": "company", "for": "product"}, "no", "National Pupil Database"),
        ({"who": "researcher", "for": "learning"}, "no", "National Pupil Database"),
        ({"who": "researcher", "for": "curiosity"}, "no", "National Pupil Database"),
        ({"who": "public"}, "now", "Price Paid Data"),
        ({"who": "company"}, "apply", "UK Biobank"),
        ({"who": "charity", "for": "services"}, "apply", "Justice Data Lab"),
    ],
)
def test_could_i_use_this(service: httpx.Client, asked: dict[str, str], verdict: str, title: str) -> None:
    found = groups(service, **asked, limit="100")
    datasets = found[verdict]["datasets"]
    assert isinstance(datasets, list)
    assert title in [one["title"] for one in datasets]
    assert all(bool(one["why_not"]) == (verdict == "no") for one in datasets)
    # The page says the same, and leads to the record's own words.
    page = service.get("/access", params=asked).text
    assert title in page
    assert str(found[verdict]["meaning"]) in page


def test_an_answer_is_narrowed_by_place_and_words(service: httpx.Client, demo: Catalog) -> None:
    whole = groups(service, who="researcher", limit="100")
    wales = groups(service, who="researcher", place="Wales", q="health", limit="100")
    assert (
        0
        < sum(int(str(one["total"])) for one in wales.values())
        < sum(int(str(one["total"])) for one in whole.values())
    )
    for group in wales.values():
        datasets = group["datasets"]
        assert isinstance(datasets, list)
        for one in datasets:
            assert "Wales" in demo.describe(demo.get(one["iri"])).nations


@pytest.mark.parametrize(
    "asked", [{"who": "king"}, {"who": "public", "for": "gold"}, {"who": "public", "place": "Mars"}]
)
def test_what_cannot_be_asked_is_told(service: httpx.Client, asked: dict[str, str]) -> None:
    answer = service.get("/api/access", params=asked)
    assert answer.status_code == 400
    assert "is none of" in answer.json()["detail"]
    assert service.get("/api/access").status_code in (400, 422), "who asks must be said"


def test_a_record_says_in_words_what_its_offer_says(service: httpx.Client, demo: Catalog) -> None:
    page = service.get(NPD).text
    view = demo.describe(demo.get("national-pupil-database"))
    assert len(sentences(view)) >= 5
    for sentence in sentences(view):
        assert f"<li>{sentence}</li>" in page
    query = (
        f"SELECT ?level ?who {{ <{view.iri}> odrl:hasPolicy ?offer . ?offer ndl:accessLevel ?level ; "
        "odrl:permission/odrl:constraint ?may . ?may odrl:leftOperand odrl:recipient ; odrl:rightOperand ?who }"
    )
    answer = service.get("/sparql", params={"query": query}, headers={"Accept": "application/json"}).json()
    (row,) = answer["results"]["bindings"]
    assert row["level"]["value"] == LEVELS[4]
    assert row["who"]["value"].endswith("#researcher")
    croissant = service.get(f"{NPD}.croissant.json").json()
    assert croissant["usageInfo"]["description"] == " ".join(sentences(view))
    assert croissant["usageInfo"]["@type"] == str(ODRL.Offer).strip("<>")


def test_a_use_is_shown_by_itself_and_with_its_data(service: httpx.Client) -> None:
    page = service.get(USE).text
    assert "Made up." in page
    assert LEO in page
    assert USE in service.get(LEO).text
    assert USE not in service.get(NPD).text
    register = service.get("/uses").text
    assert register.count("Made up.") == 3
    said = service.get("/api/uses").json()
    assert (said["total"], said["next"]) == (3, None)
    assert all(one["hypothetical"] for one in said["uses"])
    only = service.get("/api/uses", params={"dataset": LEO.rsplit("/", 1)[1]}).json()
    assert [one["title"] for one in only["uses"]] == ["Hypothetical: does help after school lead to work?"]
    assert service.get("/uses", params={"page": 2}).status_code == 404
    assert service.get("/use/none").status_code == 404


def test_uses_are_linked_data_and_no_datasets(service: httpx.Client) -> None:
    turtle = service.get(USE, headers={"Accept": "text/turtle"})
    assert turtle.headers["content-type"].startswith("text/turtle")
    assert "prov:used" in turtle.text
    assert service.get(f"{USE}.jsonld").json()
    query = "SELECT (COUNT(*) AS ?n) { ?use a ndl:Use, odrl:Agreement, prov:Activity ; odrl:assignee ?who }"
    answer = service.get("/sparql", params={"query": query}, headers={"Accept": "application/json"}).json()
    assert answer["results"]["bindings"][0]["n"]["value"] == "3"
    assert service.get("/sitemap.xml").text.count("/use/") == 3, "pages to be found, all the same"
    for path in ("/catalog.ttl", "/feed.atom"):
        assert "/use/" not in service.get(path).text, path
    found = service.get("/api/search", params={"q": "delivery robots"}).json()
    assert not [hit for hit in found["hits"] if "Hypothetical" in hit["title"]]


def test_feeds_are_for_all_for_a_publisher_and_for_uses(service: httpx.Client) -> None:
    whole = feedparser.parse(service.get("/feed.atom").text)
    one = feedparser.parse(service.get("/feed.atom", params={"publisher": "HM Land Registry"}).text)
    uses = feedparser.parse(service.get("/uses.atom").text)
    for feed in (whole, one, uses):
        assert not feed.bozo
    assert 0 < len(one.entries) < len(whole.entries)
    assert "Price Paid Data" in [entry.title for entry in one.entries]
    assert {entry.author for entry in one.entries} == {"HM Land Registry"}
    words = feedparser.parse(service.get("/feed.atom", params={"q": "flood"}).text)
    assert any("flood" in entry.title.casefold() for entry in words.entries)
    assert [entry.updated[:10] for entry in uses.entries] == ["2026-09-01", "2026-05-11", "2026-03-02"]
    assert all("hypothetical" in entry.author for entry in uses.entries)


def test_keys_lead_to_what_shares_them(service: httpx.Client, demo: Catalog) -> None:
    said = service.get("/api/keys").json()["keys"]
    assert [one["key"] for one in said] == list(all_keys())
    counts = {one["key"]: one["datasets"] for one in said}
    for iri, key in all_keys().items():
        page = service.get(f"/key/{key.name}").text
        assert f"<strong>{counts[iri]}</strong>" in page
    assert service.get("/key/none").status_code == 404
    partners = service.get("/api/keys", params={"dataset": "price-paid-data"}).json()["keys"]
    postcode = next(one for one in partners if one["key"].endswith("#postcode"))
    assert postcode["known_by"] == "field name"
    assert postcode["total"] == len(postcode["linked_with"]) == counts[postcode["key"]] - 1
    page = service.get("/dataset/price-paid-data").text
    assert "What it can be linked with" in page
    assert postcode["linked_with"][0]["title"] in page
    assert "It may be wrong" in page
    assert "The publisher says so." in service.get(NPD).text
    assert "picks out people" in service.get("/key/nhs-number").text
