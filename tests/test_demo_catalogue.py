"""The demonstration catalogue is what it promises to be."""

from pathlib import Path

import pytest
import rdflib
from pyoxigraph import NamedNode

from ndl_graph.catalog import Catalog
from ndl_graph.labels import default_labels
from ndl_graph.namespaces import PREFIXES
from ndl_graph.search import SearchQuery
from ndl_graph.stores import EmbeddedStore
from tests.conftest import DATA, load

NAMED = (
    "OpenSAFELY", "UK Biobank", "National Genomic Research Library", "ONS Integrated Data Service", "Justice Data Lab",
    "Research Data Scotland", "SAIL", "Planning Data", "Democracy Club", "Open Net Zero", "DARE UK", "data.gov.uk",
    "National Pupil Database",
)  # fmt: skip


def test_it_is_large_and_wide_enough(demo: Catalog) -> None:
    found = demo.search(SearchQuery(limit=1))
    assert found.total >= 40
    assert len(found.facets["publisher"]) >= 12
    places = dict(found.facets["place"])
    assert all(places[nation] >= 5 for nation in ("England", "Scotland", "Wales", "Northern Ireland"))
    access = dict(found.facets["access"])
    assert access["Open to everyone"] >= 10
    assert sum(count for name, count in access.items() if name.startswith("Approved")) >= 10


def test_the_services_of_the_debate_are_there(demo: Catalog) -> None:
    titles = [demo.describe(record).title for record in demo.records()]
    assert not [name for name in NAMED if not any(name in title for title in titles)]


def test_no_violation_and_nothing_to_repair(store: EmbeddedStore) -> None:
    summary = load(store, DATA)
    assert summary.rejected == 0
    assert not summary.repairs.counts
    assert not summary.errors


def test_record_sets_and_welsh(demo: Catalog) -> None:
    views = [demo.describe(record, ("cy", "en")) for record in demo.records()]
    assert sum(bool(view.record_sets) for view in views) >= 3
    welsh = [view for view in views if (view.literal(NamedNode(PREFIXES["dct"] + "title")) or rdflib).language == "cy"]
    assert len(welsh) >= 2


def test_contacts_are_teams() -> None:
    vcard = rdflib.Namespace(PREFIXES["vcard"])
    for path in DATA.rglob("*.ttl"):
        graph = rdflib.Graph().parse(path)
        assert not list(graph.subjects(rdflib.RDF.type, vcard.Individual)), path
        assert not list(graph.subjects(rdflib.RDF.type, rdflib.FOAF.Person)), path


def test_every_term_in_use_has_a_label_in_both_languages(demo: Catalog) -> None:
    labels = default_labels()
    missing = set()
    for record in demo.records():
        for triple in record.triples:
            for term in (triple.predicate, triple.object if triple.predicate.value.endswith("#type") else None):
                if isinstance(term, NamedNode) and not (labels.known(term.value) and labels.text(term.value, ["cy"])):
                    missing.add(term.value)
    assert not missing


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parent.parent / "vocab").glob("*.ttl")), ids=lambda path: str(path.name)
)
def test_our_own_terms_are_told_in_english_and_welsh(path: Path) -> None:
    graph = rdflib.Graph().parse(path)
    for concept in graph.subjects(rdflib.RDF.type, rdflib.SKOS.Concept):
        if not str(concept).startswith("https://w3id.org/ndl-graph/"):
            continue
        for predicate in (rdflib.SKOS.prefLabel, rdflib.SKOS.definition):
            tags = [value.language for value in graph.objects(concept, predicate) if isinstance(value, rdflib.Literal)]
            assert sorted(map(str, tags)) == ["cy", "en"], concept
