"""What a page says is true of the very record: who holds or made it, what is asked of whom, and where one can go on."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Final

import httpx
import pytest

from ndl_graph.catalog import Catalog
from ndl_graph.quality.scoring import _OF_OPEN_DATA
from ndl_graph.stores import EmbeddedStore
from tests.conftest import load, serving

RECORDS: Final = """
@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix vcard: <http://www.w3.org/2006/vcard/ns#> .
@prefix ar: <http://publications.europa.eu/resource/authority/access-right/> .
@prefix theme: <http://publications.europa.eu/resource/authority/data-theme/> .
<https://e.org/made> a dcat:Dataset ; dct:title "Made" ; dct:description "Of somebody." ;
  dct:creator [ a foaf:Person ; foaf:name "Ann Maker" ] ; dcat:landingPage <https://e.org/made/page> ;
  dct:accessRights ar:PUBLIC ; dcat:contactPoint [ vcard:fn "Desk" ; vcard:hasURL <https://e.org/desk> ] .
<https://e.org/run> a dcat:DataService ; dct:title "Run" ; dct:description "A service." ;
  dct:publisher [ a foaf:Organization ; foaf:name "Town Council" ] ; dcat:endpointURL <https://e.org/api> ;
  dcat:theme theme:HEAL .
<https://e.org/long> a dcat:Dataset ; dct:title "Long"@en , "Hir"@cy ; dct:description \"\"\"START %s END\"\"\"@en ,
  "Disgrifiad Cymraeg o lawer o goed."@cy ;
  dct:publisher [ a foaf:Organization ; foaf:name "Town Council"@en , "Cyngor y Dref"@cy ] ;
  dcat:keyword "trees"@en , "coed"@cy , "all" ;
  dcat:landingPage <https://e.org/long/page> ; dcat:theme theme:HEAL .
<https://e.org/template> a dcat:Dataset ; dct:title "Template" ; dct:description "{{description}}" , "Real words." ;
  dct:publisher "Town Council" ; dcat:landingPage <https://e.org/t> .
""" % ("many words about trees and their leaves " * 80)  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder: Path = tmp_path_factory.mktemp("true")
    (folder / "some.ttl").write_text(RECORDS)
    store = EmbeddedStore(folder / "store")
    assert load(store, str(folder / "some.ttl")).added == 4
    with serving(folder / "store", folder / "log", contact="help@library.example") as client:
        yield client


def lead(client: httpx.Client, path: str) -> str:
    found = re.search(r'<p class="lead">(.*?)</p>', client.get(path).text, re.S)
    assert found
    return " ".join(unescape(re.sub(r"<[^>]*>", "", found[1])).split())


def test_who_made_it_does_not_hold_it_and_who_runs_it_does_not_either(site: httpx.Client) -> None:
    assert lead(site, "/dataset/made").startswith("Ann Maker made it. Nobody is named as holding it.")
    assert lead(site, "/service/run").startswith("Town Council runs it.")
    assert lead(site, "/dataset/long").startswith("Town Council holds it.")


def test_to_be_public_is_no_leave_to_use(site: httpx.Client) -> None:
    page = site.get("/dataset/made").text
    assert "Anyone may get it." in page
    assert "ask the holder before you use it" in page
    assert "for any lawful purpose" not in page
    group = next(
        one for one in site.get("/api/access?who=company&for=product").json()["groups"] if one["verdict"] == "ask"
    )
    assert "Made" in [one["title"] for one in group["datasets"]]


def test_publishers_and_themes_lead_to_their_pages_here(site: httpx.Client) -> None:
    page = site.get("/dataset/long").text
    for path in ("/organisation/town-council", "/theme/health"):
        assert f'href="{path}"' in page
        assert site.get(path).status_code == 200
    assert "decides who may use it" in site.get("/organisation/town-council").text


def test_somebody_can_be_told_of_a_fault_without_an_address_for_letters(site: httpx.Client) -> None:
    page = site.get("/dataset/made").text
    assert re.search(r'href="https://e\.org/desk">Report a problem on the holder’s page', page)
    assert 'href="https://e.org/long/page">Report a problem' in site.get("/dataset/long").text


def test_a_long_description_is_folded_and_none_of_it_is_lost(site: httpx.Client) -> None:
    page = site.get("/dataset/long").text
    folded = page.index("<details><summary")
    assert page.index("START") < folded
    assert page.index("END", folded) < page.index('id="who"')


def test_what_a_template_left_is_no_description(site: httpx.Client) -> None:
    page = site.get("/dataset/template").text
    assert "Real words." in page
    assert "{{description}}" not in page


def test_welsh_is_shown_where_publishers_write_it(site: httpx.Client) -> None:
    page = site.get("/cy/dataset?q=trees").text
    assert re.search(r'<a href="/cy/dataset/long">Hir</a>', page), "and is not marked as English"
    assert "Disgrifiad Cymraeg" in page
    assert "Cyngor y Dref" in page
    assert "Hir" not in site.get("/dataset?q=trees").text
    hit = next(one for one in site.get("/api/search?q=trees").json()["hits"] if one["title"] == "Long")
    assert "cy" not in hit
    assert "coed, all" in site.get("/cy/dataset/long").text.replace("all, coed", "coed, all")
    assert "coed" not in re.sub(r"(?s)<details>.*?</details>|<script.*?</script>", "", site.get("/dataset/long").text)


def test_the_service_says_whom_to_tell(site: httpx.Client) -> None:
    assert 'href="/accessibility"' in site.get("/").text
    assert 'href="mailto:help@library.example"' in site.get("/accessibility").text


def test_nobody_is_asked_to_offer_for_download_what_is_lent(service: httpx.Client, demo: Catalog) -> None:
    marks = demo.index.marks_of(demo.get("hospital-episode-statistics-hes").iri.value)
    assert marks is not None
    assert marks["lacks"]
    assert "eu-access-url-reachable" not in _OF_OPEN_DATA, "an address that is dead is a fault of any data"
    assert not {"eu-download-url", "eu-licence", "eu-byte-size", "ai-open-machine-format"} & set(marks["lacks"])
    page = service.get("/dataset/hospital-episode-statistics-hes").text
    assert "Data behind approval is not meant to be downloaded" in page
    assert "dcat:downloadURL" not in page
    assert "Data behind approval" not in service.get("/dataset/price-paid-data").text


def test_uses_that_are_made_up_are_not_counted_as_uses(service: httpx.Client, demo: Catalog) -> None:
    total, _ = demo.uses()
    assert demo.made_up() == total, "all of the demonstration's are"
    page = service.get("/uses").text
    assert "<strong>0</strong> uses are registered." in page
    assert f"{total} entries are made up" in page


def test_every_publisher_can_be_browsed_to(service: httpx.Client, demo: Catalog) -> None:
    page = unescape(service.get("/").text)
    for name in demo.index.values("publisher"):
        assert f">{name}</a>" in page, name


def test_an_error_leads_back(service: httpx.Client) -> None:
    page = {"Accept": "text/html"}
    missing = service.get("/dataset/nothing-like-it", headers=page)
    assert missing.status_code == 404
    assert 'name="q"' in missing.text
    assert "There is no such record." in missing.text
    broken = service.get("/sparql", params={"query": "SELEC ?x {}", "format": "json"}, headers=page)
    assert broken.status_code == 400
    assert 'href="/sparql?query=SELEC' in broken.text
    assert "There is no such page" not in service.get("/cy/nothing", headers=page).text
