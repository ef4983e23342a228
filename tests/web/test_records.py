"""Records over HTTP: every form, negotiation, conditional requests, links and errors."""

import json
import re
from pathlib import Path

import httpx
import mlcroissant
import pytest
import rdflib
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse
from rdflib.compare import to_isomorphic

from ndl_graph.catalog import Catalog
from ndl_graph.formats import format_named
from ndl_graph.namespaces import FOAF, RDF, SKOS
from ndl_graph.quality import croissant_verdict
from ndl_graph.stores import EmbeddedStore
from ndl_graph.web.negotiation import NotAcceptable, Offer, choose
from tests.conftest import BASE, load, serving

PAGE = "/dataset/price-paid-data"
FORMS = {
    "html": "text/html; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "jsonld": "application/ld+json",
    "ttl": "text/turtle; charset=utf-8",
    "nt": "application/n-triples",
    "rdf": "application/rdf+xml",
    "schema.jsonld": 'application/ld+json; profile="https://schema.org/"',
    "croissant.json": 'application/ld+json; profile="http://mlcommons.org/croissant/1.1"',
    "ro-crate-metadata.json": 'application/ld+json; profile="https://w3id.org/ro/crate/1.1"',
}


@pytest.mark.parametrize("suffix", FORMS)
def test_every_form_has_its_address(service: httpx.Client, suffix: str) -> None:
    answer = service.get(f"{PAGE}.{suffix}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, FORMS[suffix])
    assert "Price Paid Data" in answer.text
    if suffix != "html":
        assert answer.headers["content-location"] == f"{PAGE}.{suffix}"
    head = service.head(f"{PAGE}.{suffix}", headers={"Accept-Encoding": "identity"})
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(answer.content))


def test_what_was_negotiated_says_where_it_stands(service: httpx.Client) -> None:
    negotiated = service.get(PAGE, headers={"Accept": "text/turtle"})
    place = negotiated.headers["content-location"]
    assert (place, service.get(place).content) == (f"{PAGE}.ttl", negotiated.content)
    again = service.get(PAGE, headers={"Accept": "text/turtle", "If-None-Match": negotiated.headers["etag"]})
    assert (again.status_code, again.headers["content-location"]) == (304, place)
    as_of = service.get(PAGE, params={"asOf": "2100-01-01"}, headers={"Accept": "text/turtle"})
    assert "content-location" not in as_of.headers


def test_rdf_forms_hold_the_same_graph(service: httpx.Client, demo: Catalog) -> None:
    expected = rdflib.Graph()
    expected.parse(data="".join(f"{one} .\n" for one in demo.get("price-paid-data").triples), format="nt")
    for suffix, name in (("ttl", "turtle"), ("nt", "nt"), ("rdf", "xml"), ("jsonld", "json-ld")):
        found = rdflib.Graph().parse(data=service.get(f"{PAGE}.{suffix}").text, format=name)
        assert to_isomorphic(found) == to_isomorphic(expected), suffix


@pytest.mark.parametrize(
    ("accept", "suffix"),
    [
        (None, "html"),
        ("*/*", "html"),
        ("", "html"),
        ("text/turtle", "ttl"),
        ("text/html;q=0.5, text/turtle;q=0.8", "ttl"),
        ("text/*;q=0.3, application/rdf+xml;q=0.9", "rdf"),
        ("application/ld+json", "jsonld"),
        ("application/json", "jsonld"),
        ('application/ld+json; profile="http://mlcommons.org/croissant/1.1"', "croissant.json"),
        ('application/ld+json;profile="https://schema.org/"', "schema.jsonld"),
        ("text/markdown, text/html;q=0.9", "md"),
        ("text/html;q=0, */*;q=0.1", "ttl"),
        ("Text/Turtle ; Q=1.0", "ttl"),
        ("application/xhtml+xml,text/html,application/xml;q=0.9,*/*;q=0.8", "html"),
    ],
)
def test_negotiation(service: httpx.Client, accept: str | None, suffix: str) -> None:
    headers = {} if accept is None else {"Accept": accept}
    answer = service.get(PAGE, headers=headers)
    assert answer.headers["content-type"] == FORMS[suffix]
    assert "Accept" in answer.headers["vary"].split(", ")
    assert answer.content == service.get(f"{PAGE}.{suffix}").content


@pytest.mark.parametrize(
    ("query", "suffix"),
    [
        ("_profile=croissant", "croissant.json"),
        ("_profile=schema", "schema.jsonld"),
        ("_profile=http%3A%2F%2Fmlcommons.org%2Fcroissant%2F1.1", "croissant.json"),
        ("_mediatype=text/turtle", "ttl"),
        ("_profile=dcat", "jsonld"),
    ],
)
def test_negotiation_by_parameter(service: httpx.Client, query: str, suffix: str) -> None:
    assert service.get(f"{PAGE}?{query}").headers["content-type"] == FORMS[suffix]


def test_croissant_1_0_is_there_on_demand(service: httpx.Client) -> None:
    document = service.get(f"{PAGE}?_profile=croissant-1.0").json()
    assert document["conformsTo"] == "http://mlcommons.org/croissant/1.0"


def test_what_cannot_be_accepted_is_answered_with_what_there_is(service: httpx.Client) -> None:
    answer = service.get(PAGE, headers={"Accept": "image/png"})
    assert answer.status_code == 406
    assert answer.headers["content-type"] == "application/problem+json"
    assert "text/turtle" in answer.json()["available"]
    assert service.get(f"{PAGE}?_profile=papyrus").status_code == 406


@pytest.mark.parametrize(
    ("accept", "name"),
    [("a/b;q=0.4,a/c;q=0.5", "c"), ("a/*", "b"), ("a/*,a/b;q=0", "c"), ("nonsense", "b"), ('a/b;profile="x"', "p")],
)
def test_choose(accept: str, name: str) -> None:
    offers = [Offer("b", "a/b"), Offer("c", "a/c"), Offer("p", "a/b", "x")]
    assert choose(offers, accept).name == name


def test_choose_nothing() -> None:
    with pytest.raises(NotAcceptable):
        choose([Offer("b", "a/b")], "a/b;q=0")


def test_conditional_requests(service: httpx.Client) -> None:
    first = service.get(f"{PAGE}.ttl")
    tag = first.headers["etag"]
    assert tag.startswith('"')
    for headers in (
        {"If-None-Match": tag},
        {"If-None-Match": f'"other", {tag}'},
        {"If-None-Match": "*"},
        {"If-Modified-Since": first.headers["last-modified"]},
    ):
        answer = service.get(f"{PAGE}.ttl", headers=headers)
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == tag
    assert service.get(f"{PAGE}.ttl", headers={"If-None-Match": '"other"'}).status_code == 200
    assert service.get(f"{PAGE}.nt").headers["etag"] != tag


def test_links_lead_to_every_form_and_to_the_data(service: httpx.Client) -> None:
    link = service.get(PAGE).headers["link"]
    dataset = "https://www.gov.uk/government/statistical-data-sets/price-paid-data-downloads"
    assert f'<{dataset}>; rel="cite-as"' in link
    for relation in ("alternate", "describedby", "profile", "license", "item"):
        assert f'rel="{relation}"' in link
    for suffix in FORMS:
        if suffix != "html":
            assert f"{PAGE}.{suffix}>" in link


def test_page_says_what_matters_without_scripts(service: httpx.Client) -> None:
    text = service.get("/dataset/national-pupil-database").text
    for said in (
        "Department for Education",
        "What it is",
        "Who holds it",
        "Who can use it",
        "How to get it",
        "About this description",
        "never the data itself",
    ):
        assert said in text
    assert "<script>" not in text
    assert text.count("<script") == 2, "what search engines read, and what only adds buttons"


def test_schema_org_is_embedded_and_fits_google(service: httpx.Client) -> None:
    def embedded(path: str) -> dict[str, object]:
        text = service.get(path).text
        found: dict[str, object] = json.loads(
            text.split('<script type="application/ld+json">')[1].split("</script>")[0]
        )
        return found

    open_data = embedded(PAGE)
    assert open_data["@type"] == "Dataset"
    assert open_data["name"] == "Price Paid Data"
    assert 50 <= len(str(open_data["description"])) <= 5000
    assert open_data["isAccessibleForFree"] is True
    assert "contentUrl" in str(open_data["distribution"])
    behind = embedded("/dataset/national-pupil-database")
    assert behind["isAccessibleForFree"] is False
    assert behind["conditionsOfAccess"]
    assert "distribution" not in behind


def test_welsh_title_is_on_the_page(service: httpx.Client, demo: Catalog) -> None:
    row = demo.snapshot().view.graphs.select(
        'SELECT ?record ?t { ?record foaf:primaryTopic ?d . ?d dct:title ?t FILTER(lang(?t) = "cy") } LIMIT 1'
    )[0]
    assert isinstance(row["record"], NamedNode)
    assert isinstance(row["t"], Literal)
    page = service.get(row["record"].value.removeprefix(demo.base_iri.rstrip("/"))).text
    assert row["t"].value.split("’")[0] in page


def test_unknown_record(service: httpx.Client) -> None:
    for path in (
        "/dataset/no-such-thing",
        f"{PAGE}.papyrus",
        "/service/price-paid-data",
        "/id/dataset/none",
        "/dataset/a%00b",
    ):
        answer = service.get(path)
        assert answer.status_code == 404, path
        assert answer.json()["title"] == "Not Found"
    page = service.get("/dataset/no-such-thing", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert "nothing at this address" in page.text


def test_minted_iris_lead_to_records(service: httpx.Client) -> None:
    answer = service.get("/id/dataset/price-paid-data")
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    organisation = service.get("/organisation/hm-land-registry").text
    assert "<h1>HM Land Registry</h1>" in organisation
    assert f'href="{PAGE}"' in organisation
    assert "/feed.atom?publisher=HM+Land+Registry" in organisation
    theme = service.get("/theme/health").text
    assert "<h1>Health</h1>" in theme
    assert "/dataset?theme=Health&amp;access=Open+to+everyone" in theme
    for path in ("/organisation/none", "/theme/none", "/id/use/none", "/id/something/none"):
        assert service.get(path).status_code == 404


@pytest.mark.parametrize(
    ("path", "kind", "name"),
    [
        ("/organisation/hm-land-registry", FOAF.Agent, (FOAF.name, "HM Land Registry")),
        ("/theme/health", SKOS.Concept, (SKOS.prefLabel, "Health")),
    ],
)
def test_an_organisation_and_a_theme_are_linked_data(
    service: httpx.Client, demo: Catalog, path: str, kind: NamedNode, name: tuple[NamedNode, str]
) -> None:
    node = NamedNode(demo.base_iri + path[1:])
    turtle = service.get(path, headers={"Accept": "text/turtle"})
    assert turtle.headers["content-type"].startswith("text/turtle")
    assert "Accept" in turtle.headers["vary"]
    said = {quad.triple for quad in parse(turtle.content, RdfFormat.TURTLE)}
    assert {Triple(node, RDF.type, kind), Triple(node, name[0], Literal(name[1]))} <= said
    other = service.get(path, headers={"Accept": "application/ld+json"})
    assert {quad.triple for quad in parse(other.content, RdfFormat.JSON_LD)} == said
    assert "<h1>" in service.get(path).text


def test_every_address_that_is_given_here_leads_somewhere(store: EmbeddedStore, tmp_path: Path) -> None:
    """Of who made data and holds none, and of a use that has no address of its own."""
    (tmp_path / "d.ttl").write_text(
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
        "<https://e.org/d> a dcat:Dataset ; dct:title 'D' ; dct:description 'About it.' ; dct:publisher 'Holder' ;"
        " dct:creator 'Statistics team' ; dcat:landingPage <https://e.org/p> .\n"
    )
    (tmp_path / "uses.csv").write_text(
        "Project ID,Organisation Name,Project Title,Lay Summary,Dataset(s) Name\nP-1,University,Asthma,Why?,D\n"
    )
    assert load(store, tmp_path / "d.ttl", tmp_path / "uses.csv").added == 2
    with serving(store.folder, tmp_path / "log") as client:
        made = client.get("/organisation/statistics-team")
        assert (made.status_code, made.headers["location"]) == (303, "/dataset/d")
        assert "<h1>Holder</h1>" in client.get("/organisation/holder").text
        (use,) = client.get("/api/uses").json()["uses"]
        path = "/" + use["iri"].removeprefix(BASE)
        asked = "SELECT ?use { ?record foaf:primaryTopic ?use . ?use a ndl:Use }"
        rows = client.get("/sparql", params={"query": asked, "format": "json"}).json()["results"]["bindings"]
        minted = rows[0]["use"]["value"]
        assert minted == f"{BASE}id{path}"
        led = client.get("/" + minted.removeprefix(BASE), headers={"Accept": "text/turtle"})
        assert (led.status_code, led.headers["location"]) == (303, path)
        assert client.get(led.headers["location"]).status_code == 200


def test_names_that_differ_in_signs_have_one_page(store: EmbeddedStore, tmp_path: Path) -> None:
    source = tmp_path / "two.ttl"
    source.write_text(
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
        + "".join(
            f'<https://x.example/{number}> a dcat:Dataset ; dct:title "Set {number}" ; dct:publisher "{name}" ; '
            'dct:description "A description that is long enough." ; dcat:landingPage <https://x.example/> .\n'
            for number, name in enumerate(("Zed Co", "Zed & Co"))
        ),
        "utf-8",
    )
    assert load(store, source).added == 2
    with serving(store.folder, tmp_path / "log") as client:
        page = client.get("/organisation/zed-co").text
        assert "Set 0" in page
        assert "Set 1" in page


def test_use_limits_of_a_publisher_go_out_in_croissant(store: EmbeddedStore, tmp_path: Path) -> None:
    source = tmp_path / "d.ttl"
    source.write_text(
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> . "
        "@prefix schema: <https://schema.org/> . @prefix obo: <http://purl.obolibrary.org/obo/> .\n"
        '<https://x.example/d> a dcat:Dataset ; dct:title "D" ; dct:publisher "Us" ; '
        'schema:usageInfo obo:DUO_0000042 ; dct:description "A description that is long enough." ; '
        "dcat:landingPage <https://x.example/> ; "
        "dct:license <https://creativecommons.org/licenses/by/4.0/> ; "
        "dcat:distribution [ dcat:accessURL <https://x.example/d.csv> ; dct:format 'CSV' ] .",
        "utf-8",
    )
    assert load(store, source).added == 1
    form = format_named("croissant")
    assert form.write is not None
    written = json.loads(form.write(Catalog(store).get("https://x.example/d")))
    limits = {one["@id"] for one in written["usageInfo"]}
    assert "http://purl.obolibrary.org/obo/DUO_0000042" in limits
    assert len(limits) == 2, "the limit that was stated, and the offer that was made of it"
    assert mlcroissant.Dataset(jsonld=written).metadata.name == "D"


def test_services_have_pages(service: httpx.Client) -> None:
    text = service.get("/service/opensafely").text
    assert "Data service" in text
    assert "OpenSAFELY" in text


def test_what_a_page_leads_to_on_itself_is_there(service: httpx.Client, demo: Catalog) -> None:
    for record in demo.records():
        page = service.get(record.iri.value.removeprefix(BASE.rstrip("/"))).text
        places = set(re.findall(r'\bid="([^"]+)"', page))
        led_to = set(re.findall(r'href="#([^"]+)"', page))
        assert led_to
        assert led_to <= places, record.iri


def test_croissant_that_tools_can_load_stands_in_the_page(service: httpx.Client, demo: Catalog) -> None:
    """Crawlers read no other address (Croissant, section "Embedding")."""
    embedded = 0
    for record in demo.records():
        view = demo.describe(record)
        page = service.get(record.iri.value.removeprefix(BASE.rstrip("/"))).text
        scripts = [json.loads(text) for text in re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)]
        croissant = [one for one in scripts if "mlcommons.org/croissant" in str(one.get("conformsTo"))]
        verdict = croissant_verdict(view)
        assert len(croissant) == (1 if record.kind == "dataset" and verdict is not None and verdict.loads else 0)
        if croissant:
            embedded += 1
            assert croissant[0] == service.get(f"/dataset/{record.slug}.croissant.json").json()
    assert embedded >= 3


def test_what_a_publisher_says_of_access_is_quoted_and_no_level(store: EmbeddedStore, tmp_path: Path) -> None:
    said = "Access Requests to be made through the hub: https://hub.example.org/ask."
    (tmp_path / "a.ttl").write_text(
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
        "@prefix vcard: <http://www.w3.org/2006/vcard/ns#> .\n"
        "<https://e.org/a> a dcat:Dataset ; dct:title 'Wards' ; dct:description 'Of wards.' ; dct:publisher 'P' ;\n"
        f"  dct:accessRights 'In Progress.' , <https://e.org/rights.pdf> , '{said}' ;\n"
        "  dcat:contactPoint <https://e.org/c> ; dct:license <https://e.org/licence/1.0> ;\n"
        "  dcat:distribution [ dcat:accessURL <https://e.org/a.csv> ;\n"
        "    dcat:mediaType <https://www.iana.org/assignments/media-types/text/csv> ] .\n"
        "<https://e.org/c> vcard:fn 'Team' ; vcard:hasEmail <mailto:no-reply@e.org> .\n"
    )
    load(store, tmp_path / "a.ttl")
    (record,) = Catalog(store).records()
    view = Catalog(store).describe(record)
    assert view.access is None
    assert set(view.access_words) == {"In Progress.", "https://e.org/rights.pdf", said}
    assert set(view.access_pages) == {"https://e.org/rights.pdf", "https://hub.example.org/ask"}
    with serving(store.folder, tmp_path / "log") as client:
        page = client.get("/dataset/wards").text
        assert "Who can use it is not stated." in page
        assert "“In Progress.”" in page
        assert '<a class="button" href="https://hub.example.org/ask">' in page
        assert '<a href="mailto:no-reply@e.org">no-reply@e.org</a>' in page
        assert ">e.org/licence/1.0</a>" in page
        facets = client.get("/api/search").json()["facets"]
        assert facets["access"] == {}
        assert facets["format"] == {"CSV": 1}
        assert facets["licence"] == {"e.org/licence/1.0": 1}
        assert client.get("/dataset?page=2").status_code == 404
        assert "<title>Wards, P – " in page
