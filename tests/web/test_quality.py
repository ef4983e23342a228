"""The quality pages: figures, lists to work through, a page for each publisher, and charts with their tables."""

import csv
import io
import re

import httpx
import rdflib
from rdflib.namespace import Namespace

from ndl_graph.catalog import Catalog

DQV = Namespace("http://www.w3.org/ns/dqv#")


def test_the_page_tells_what_the_json_tells(service: httpx.Client, demo: Catalog) -> None:
    told = service.get("/quality", headers={"Accept": "application/json"}).json()
    page = service.get("/quality").text
    assert told["datasets"] == demo.index.quality().whole.total
    assert f"{told['averages']['eu']:.0f} <span" in page
    assert sum(told["bands"].values()) == told["datasets"]
    assert len(told["fixes"]) == 10
    assert page.count("List to work through (CSV)") == 10
    for fix in told["fixes"]:
        assert fix["label"] in page
    gains = [fix["gain"] for fix in told["fixes"]]
    assert gains == sorted(gains, reverse=True)


def test_every_chart_has_its_table_and_no_script(service: httpx.Client) -> None:
    page = service.get("/quality").text
    assert page.count('<svg class="chart"') <= page.count("As a table")
    assert "<script" not in page
    assert "style=" not in page
    for chart in re.findall(r'<svg class="(?:chart|meter)"[^>]*>', page):
        assert 'role="img"' in chart
        assert re.search(r'aria-label="[^"]+"', chart)


def test_a_list_holds_exactly_the_records_that_lack_something(service: httpx.Client) -> None:
    told = service.get("/quality", headers={"Accept": "application/json"}).json()
    fix = next(one for one in told["fixes"] if one["datasets"] < told["datasets"])
    answer = service.get(f"/quality/fixes/{fix['name']}.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == fix["datasets"]
    assert all(row["how to mend it"] == fix["fix"] for row in rows)
    publisher = rows[0]["publisher"]
    fewer = service.get(f"/quality/fixes/{fix['name']}.csv", params={"publisher": publisher})
    own = list(csv.DictReader(io.StringIO(fewer.content.decode("utf-8-sig"))))
    assert own == [row for row in rows if row["publisher"] == publisher]
    slug = rows[0]["record"].rsplit("/", 1)[-1]
    assert fix["label"] in service.get(f"/dataset/{slug}").text
    rule, count = next(iter(told["broken"].items()))
    profile, name = rule.split("#")
    listed = service.get(f"/quality/rules/{profile}/{name}.csv").content.decode("utf-8-sig")
    assert len(list(csv.DictReader(io.StringIO(listed)))) == count


def test_each_publisher_has_a_page_to_be_sent(service: httpx.Client) -> None:
    links = re.findall(r'href="(/quality/publisher/[^"]+)"', service.get("/quality").text)
    assert len(links) > 12
    for link in links:
        page = service.get(link)
        assert page.status_code == 200
        assert "What to mend first" in page.text
    assert service.get("/quality/publisher/nobody").status_code == 404


def test_scores_are_linked_data(service: httpx.Client, demo: Catalog) -> None:
    graph = rdflib.Graph().parse(data=service.get("/quality", headers={"Accept": "text/turtle"}).text, format="turtle")
    catalogue = rdflib.URIRef(f"{demo.base_iri}catalog")
    values = {
        str(graph.value(node, DQV.isMeasurementOf)).rsplit("#", 1)[-1]: graph.value(node, DQV.value)
        for node in graph.objects(catalogue, DQV.hasQualityMeasurement)
    }
    assert values.keys() == {"eu-score", "ai-score"}
    metric = service.get("/vocab/metric", headers={"Accept": "text/turtle"})
    defined = rdflib.Graph().parse(data=metric.text, format="turtle")
    for score in values:
        assert (rdflib.URIRef(f"https://w3id.org/ndl-graph/vocab/metric#{score}"), None, DQV.Metric) in defined
    query = (
        "SELECT ?d ?points { ?d a dcat:Dataset ; dqv:hasQualityMeasurement [ dqv:isMeasurementOf "
        "<https://w3id.org/ndl-graph/vocab/metric#ai-score> ; dqv:value ?points ] } ORDER BY DESC(?points) LIMIT 3"
    )
    ranked = service.get("/sparql", params={"format": "json", "query": query})
    points = [int(row["points"]["value"]) for row in ranked.json()["results"]["bindings"]]
    assert len(points) == 3
    assert points == sorted(points, reverse=True)


def test_unknown_lists_are_not_found(service: httpx.Client) -> None:
    assert service.get("/quality/fixes/papyrus.csv").status_code == 404
    assert service.get("/quality/rules/ndl/papyrus.csv").status_code == 404
    assert service.get("/quality/rules/papyrus/x.csv").status_code == 404


def test_what_agents_get_out_of_it_is_shown_as_it_was_measured(service: httpx.Client) -> None:
    told = service.get("/quality/agents", headers={"Accept": "application/json"}).json()
    page = service.get("/quality/agents", headers={"Accept": "text/html"}).text
    assert 'href="/quality/agents"' in service.get("/quality").text
    assert len(told["policies"]) == 7
    for name, one in told["policies"].items():
        row = re.search(rf'<th scope="row">{re.escape(name)}</th>(.*?)</tr>', page, re.S)
        assert row
        assert f"{one['success']} of {one['of']}" in row[1]
        assert f"{one['refused']} of {one['unanswerable']}" in row[1]
    ours = [one["success"] for name, one in told["policies"].items() if name.startswith("P0")]
    others = [one["success"] for name, one in told["policies"].items() if name.startswith("others")]
    assert min(ours) > max(others)
