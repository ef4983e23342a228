"""What descriptions are called for good: alike wherever they are led to, and whatever comes back from an export."""

import json
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from ndl_graph.catalog import Catalog
from ndl_graph.namespaces import DCAT, DCT, NDL
from ndl_graph.stores import EmbeddedStore
from tests.commands import run
from tests.conftest import BASE, load

PREFIXES = "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
SAID = "dct:description 'All of it.' ; dct:publisher 'P' ; dcat:landingPage <https://example.org/page>"
LED_TO = (
    PREFIXES
    + f"""_:s a dcat:DatasetSeries ; dct:title "Budgets" ; {SAID} .
_:a a dcat:Dataset ; dct:title "Budget 2022" ; {SAID} ; dcat:inSeries _:s ; dct:replaces _:b .
_:b a dcat:Dataset ; dct:title "Budget 2021" ; {SAID} ; dct:relation <#c> .
<#c> a dcat:Dataset ; dct:title "Budget 2020" ; {SAID} ; dct:relation <urn:uuid:2> .
<urn:uuid:2> a dcat:Dataset ; dct:title "Budget 2019" ; {SAID} .
_:x a dcat:DataService ; dct:title "Budget API" ; {SAID} ; dcat:servesDataset _:a, _:b .
<https://example.org/web> a dcat:Dataset ; dct:title "Budgets, all" ; {SAID} ; dct:hasPart _:a, <urn:uuid:2> .
"""
)
LINKS = {
    ("dataset/budget-2022", DCAT.inSeries, "series/budgets"),
    ("dataset/budget-2022", DCT.replaces, "dataset/budget-2021"),
    ("dataset/budget-2021", DCT.relation, "dataset/budget-2020"),
    ("dataset/budget-2020", DCT.relation, "dataset/budget-2019"),
    ("service/budget-api", DCAT.servesDataset, "dataset/budget-2022"),
    ("service/budget-api", DCAT.servesDataset, "dataset/budget-2021"),
    ("https://example.org/web", DCT.hasPart, "dataset/budget-2022"),
    ("https://example.org/web", DCT.hasPart, "dataset/budget-2019"),
}


def test_descriptions_without_an_address_are_called_alike_wherever_they_are_led_to(
    store: EmbeddedStore, tmp_path: Path
) -> None:
    source = tmp_path / "budgets.ttl"
    source.write_text(LED_TO)
    assert load(store, source).added == 7
    assert load(store, source).unchanged == 7
    names = {predicate for _, predicate, _ in LINKS}
    said = {
        (str(t.subject)[1:-1].removeprefix(f"{BASE}id/"), t.predicate, str(t.object)[1:-1].removeprefix(f"{BASE}id/"))
        for record in Catalog(store).records()
        for t in record.triples
        if t.predicate in names
    }
    assert said == LINKS
    written = run("convert", source, "--to", "ntriples").out
    base = "https://w3id.org/ndl-graph/id/"
    converted = {
        (str(q.subject)[1:-1].removeprefix(base), q.predicate, str(q.object)[1:-1].removeprefix(base))
        for q in parse(written.encode(), RdfFormat.N_TRIPLES)
        if q.predicate in names
    }
    assert converted == LINKS


def test_an_export_is_known_when_it_comes_back(store: EmbeddedStore, tmp_path: Path) -> None:
    """Into the same store, into a new one, and the source again after it."""
    source, out = tmp_path / "budgets.ttl", tmp_path / "out"
    source.write_text(LED_TO)
    load(store, source)
    assert run("export", out, "--store", store.folder).code == 0
    assert load(store, out).unchanged == 7
    restored = EmbeddedStore(tmp_path / "restored", BASE)
    assert load(restored, out).added == 7
    assert [row[:2] for row in Catalog(restored).listing()] == [row[:2] for row in Catalog(store).listing()]
    assert load(restored, source).unchanged == 7
    assert len(Catalog(restored).listing()) == 7


def test_what_is_said_of_a_catalogue_does_not_grow(store: EmbeddedStore, tmp_path: Path) -> None:
    source, out = tmp_path / "all.ttl", tmp_path / "out"
    source.write_text(
        PREFIXES + f"<https://example.org/all> a dcat:Catalog ; dct:title 'All' ; dct:description 'All of it.' ;"
        f" dcat:dataset <https://example.org/a> .\n<https://example.org/a> a dcat:Dataset ; dct:title 'A' ; {SAID} .\n"
    )
    load(store, source)
    for number in range(2):
        assert run("export", out / str(number), "--store", store.folder).code == 0
        load(store, out / str(number))
    (record,) = [one for one in Catalog(store).holdings() if one.kind == "catalog"]
    assert sum(t.predicate == NDL.sourceName for t in record.triples) == 1


ODD = ["https://ex.gov/item?id={0AB1-22}", "http://ex.org/a|b", "http://ex.org/<id>", "http://ex.org/a#b#c",
       "http://ex.org/%zz", "http://[", "http://ex.org:port/x"]  # fmt: skip


@pytest.mark.parametrize("form", ["dcat-us", "schema"])
def test_an_identifier_that_is_hardly_an_address_ends_no_load(tmp_path: Path, form: str) -> None:
    us = [{"title": f"A {odd}", "description": "d", "identifier": odd, "publisher": {"name": "x"},
           "landingPage": "https://ex.org/x"} for odd in ODD]  # fmt: skip
    schema = [{"@type": "Dataset", "name": f"A {odd}", "description": "d", "identifier": odd, "url": "https://ex.org/x",
               "publisher": {"@type": "Organization", "name": "x"}} for odd in ODD]  # fmt: skip
    path = tmp_path / "feed" / "odd.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"dataset": us} if form == "dcat-us" else
                               {"@context": "https://schema.org", "@graph": schema}))  # fmt: skip
    good = f"<https://ex.org/g> a dcat:Dataset ; dct:title 'G' ; {SAID} ."
    (tmp_path / "feed" / "good.ttl").write_text(PREFIXES + good)
    told = json.loads(run("load", path.parent, "--store", tmp_path / "s", "--json").out)
    assert (told["read"], told["added"], told["rejected"]) == (len(ODD) + 1, len(ODD) + 1, 0)
    assert run("validate", path).code == 0
    written = run("convert", path, "--to", "ntriples").out
    assert set(map(Literal, ODD)) <= {q.object for q in parse(written.encode(), RdfFormat.N_TRIPLES)}


def test_a_language_that_is_none_is_no_fault_of_the_program(tmp_path: Path) -> None:
    path = tmp_path / "a.rdf"
    path.write_text(
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dcat="http://www.w3.org/ns/dcat#"'
        ' xmlns:dct="http://purl.org/dc/terms/">'
        + "".join(
            f'<dcat:Dataset rdf:about="https://ex.org/{number}"><dct:title xml:lang="{tag}">A</dct:title>'
            '<dct:description>d</dct:description><dct:license rdf:resource="https://ex.org/a&gt;b"/></dcat:Dataset>'
            for number, tag in enumerate(["en_GB", "", "1en", "English (UK)"])
        )
        + "</rdf:RDF>"
    )
    for profile in ("ndl", "dcat-ap", "google"):
        assert run("validate", path, "--profile", profile).code == 1
    quads = list(parse(run("convert", path, "--to", "ntriples").out.encode(), RdfFormat.N_TRIPLES))
    titles = {str(q.subject)[-2]: q.object for q in quads if q.predicate == DCT.title}
    assert titles == {"0": Literal("A", language="en-gb"), **dict.fromkeys("123", Literal("A"))}
    assert NamedNode("https://ex.org/a%3Eb") in {q.object for q in quads}


def test_a_class_without_an_address_is_no_fault_of_the_program(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(
        '{"@context":{"dcat":"http://www.w3.org/ns/dcat#","dct":"http://purl.org/dc/terms/"},"@type":"dcat:Dataset",'
        '"dct:title":"A","dct:description":"d","dct:publisher":{"@type":"Organization","dct:title":"x"}}'
    )
    for profile, code in (("ndl", 1), ("google", 1), ("croissant", 1), ("dcat-ap", 0)):
        assert run("validate", path, "--profile", profile).code == code


def test_xml_that_ends_in_the_middle_replaces_nothing(tmp_path: Path) -> None:
    whole = (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dcat="http://www.w3.org/ns/dcat#"'
        ' xmlns:dct="http://purl.org/dc/terms/"><dcat:Dataset rdf:about="https://ex.org/a"><dct:title>A</dct:title>'
        "<dct:description>d</dct:description><dct:publisher>P</dct:publisher>"
        '<dcat:landingPage rdf:resource="https://ex.org/p"/><dct:license>OGL v3</dct:license></dcat:Dataset></rdf:RDF>'
    )
    path = tmp_path / "a.rdf"
    path.write_text(whole)
    assert run("load", path, "--store", tmp_path / "s").code == 0
    path.write_text(whole[: whole.index("<dct:license>")])
    done = run("load", path, "--store", tmp_path / "s", "--json")
    assert (done.code, json.loads(done.out)["changed"]) == (2, 0)
    assert "broken XML" in done.err
    assert "open-government" in run("show", "a", "--store", tmp_path / "s").out


def test_sources_that_say_different_things_of_one_dataset_are_told(tmp_path: Path) -> None:
    first, second = tmp_path / "a.ttl", tmp_path / "b.ttl"
    first.write_text(PREFIXES + f"<https://ex.org/a> a dcat:Dataset ; dct:title 'A' ; {SAID} .")
    second.write_text(PREFIXES + f"<https://ex.org/a> a dcat:Dataset ; dct:title 'A' ; dct:spatial 'Here' ; {SAID} .")
    apart = run("load", first, second, "--store", tmp_path / "s")
    assert "takes the place of what another source of this load says" in apart.out
    together = run("load", tmp_path, "--store", tmp_path / "t")
    assert "takes the place" not in together.out


def test_a_catalogue_of_the_united_states_lists_its_datasets(tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    entry = {"@type": "Dataset", "title": "A", "description": "d", "identifier": "a1", "publisher": {"name": "x"},
             "spatial": {"@type": "Location", "prefLabel": "Here"},
             "qualifiedAttribution": [{"@type": "Attribution", "hadRole": {"@type": "Concept"}}]}  # fmt: skip
    catalogue = {"@context": "https://resources.data.gov/dcat-us/3", "@type": "Catalog", "title": "Cat",
                 "description": "All of it", "publisher": {"name": "P"}, "dataset": [entry]}  # fmt: skip
    path.write_text(json.dumps(catalogue))
    assert "It has no dataset" not in run("validate", path, "--profile", "dcat-us").out
    quads = list(parse(run("convert", path, "--to", "ntriples").out.encode(), RdfFormat.N_TRIPLES))
    assert [q.object.value for q in quads if q.predicate == DCAT.dataset] == ["https://w3id.org/ndl-graph/id/dataset/a"]
    assert not [q for q in quads if "project-open-data" in f"{q.predicate}{q.object}"]
    assert DCT.Location in {q.object for q in quads}


def test_a_script_with_nothing_in_it_takes_no_page_down(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    said = '{"@context":"https://schema.org","@type":"Dataset","name":"A","description":"d","url":"https://ex.org/a"}'
    kind = 'type="application/ld+json"'
    path.write_text(f"<script {kind}></script><script {kind}><!-- {said} --></script><script {kind}> \n</script>")
    assert '"A"' in run("convert", path, "--to", "turtle").out


def test_a_description_with_an_address_that_nobody_follows_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "identifier,type,title,description,publisher,landingPage\n"
        "http://ex.org:port/x,Dataset,One,About one,P,https://ex.org/p\n"
        "http://ex.org/ok,Dataset,Two,About two,P,https://ex.org/p\n"
    )
    told = json.loads(run("load", path, "--store", tmp_path / "s", "--json").out)
    assert (told["read"], told["added"], told["rejected"]) == (2, 2, 0)
    assert told["repairs"]["iri"]["after"] == "http://ex.org%3Aport/x"
    assert json.loads(run("load", path, "--store", tmp_path / "s", "--json").out)["unchanged"] == 2
