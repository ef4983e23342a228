"""Nodes without a name get one that lasts, whatever hangs on them; descriptions that look alike stay apart."""

import json
import random
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, NamedNode

from ndl_graph import upkeep
from ndl_graph.catalog import Catalog
from ndl_graph.formats import format_named
from ndl_graph.identity import distinct_slugs, identify, organisation_iri, settle
from ndl_graph.normalise import Normaliser
from ndl_graph.record import Description, Statements
from ndl_graph.stores import EmbeddedStore
from tests.conftest import BASE, load

DATASET = NamedNode("https://example.org/d")
NEXT, VALUE = "<urn:next>", "<urn:value>"


def settled(lines: list[str]) -> list[str]:
    description = Description(DATASET, "dataset", Statements(lines=lines))
    return sorted(settle(description, DATASET, BASE, Normaliser(organisation_iri(BASE))).lines)


def renamed(lines: list[str], seed: int) -> list[str]:
    """The same statements in another order, their blank nodes called otherwise."""
    names = (
        {
            name: f"_:n{number}"
            for number, name in enumerate(
                sorted({w for line in lines for w in line.split() if w[:2] == "_:"}, key=lambda _: chance.random())
            )
        }
        if (chance := random.Random(seed))
        else {}
    )
    other = [" ".join(names.get(word, word) for word in line.split(" ")) for line in lines]
    chance.shuffle(other)
    return other


CHAIN = [f"{DATASET} {NEXT} _:b0", *(f"_:b{n} {NEXT} _:b{n + 1}" for n in range(3_000)), f'_:b3000 {VALUE} "end"']
DIAMONDS = [
    f"{DATASET} {NEXT} _:b0",
    *(f"_:b{n} <urn:{side}> _:b{n + 1}" for n in range(60) for side in ("left", "right")),
    f'_:b60 {VALUE} "end"',
]
CIRCLE = [
    f"{DATASET} {NEXT} _:b0",
    *(f"_:b{n} {NEXT} _:b{(n + 1) % 7}" for n in range(7)),
    *(f'_:b{n} {VALUE} "{n % 3}"' for n in range(7)),
]


@pytest.mark.parametrize("lines", [CHAIN, DIAMONDS, CIRCLE], ids=["chain", "diamonds", "circle"])
def test_names_do_not_hang_on_the_order_or_on_labels(lines: list[str]) -> None:
    found = settled(lines)
    assert not [line for line in found if "_:" in line]
    assert len(found) == len(lines), "no two nodes are taken for one"
    for seed in range(3):
        assert settled(renamed(lines, seed)) == found


def test_nodes_of_which_the_same_is_said_get_one_name() -> None:
    lines = [f"{DATASET} {NEXT} _:a", f"{DATASET} {NEXT} _:b", f'_:a {VALUE} "x"', f'_:b {VALUE} "x"']
    assert len(settled(lines)) == 2


def test_a_description_without_end_is_no_reason_to_lose_another(store: EmbeddedStore, tmp_path: Path) -> None:
    items = " ".join(f'"{n}"' for n in range(900))
    (tmp_path / "a.ttl").write_text(
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
        f"<https://example.org/a> a dcat:Dataset ; dct:title 'A' ; dct:publisher 'P' ; dct:description 'About a.' ;"
        f" dcat:landingPage <https://example.org/a> ; <urn:list> ({items}) .\n"
        "<https://example.org/b> a dcat:Dataset ; dct:title 'B' ; dct:publisher 'P' ; dct:description 'About b.' ;"
        " dcat:landingPage <https://example.org/b> .\n"
    )
    summary = load(store, tmp_path / "a.ttl")
    assert (summary.added, summary.errors) == (2, [])
    assert load(store, tmp_path / "a.ttl").unchanged == 2
    held = Catalog(store).get("a").triples
    assert sum(t.predicate.value.endswith("#first") for t in held) == 900


def test_two_under_one_identifier_stay_the_two_they_are(store: EmbeddedStore, tmp_path: Path) -> None:
    def entry(title: str, year: int) -> dict[str, object]:
        return {
            "title": title,
            "identifier": "a-1",
            "description": f"What was spent in {year}.",
            "publisher": {"name": "City"},
            "landingPage": f"https://city.example/{year}",
        }

    def feed(*entries: dict[str, object]) -> Path:
        path = tmp_path / "data.json"
        path.write_text(json.dumps({"dataset": list(entries)}))
        return path

    first, second = entry("Budget", 2019), entry("Second budget", 2020)
    summary = load(store, feed(first, second))
    assert summary.added == 2
    assert ("warning", "It has the address or the identifier of another description, and is kept beside that.") in (
        summary.sources[0].advice
    )
    other = {**entry("Trees", 2021), "identifier": "a-2"}
    again = load(store, feed(other, first, second))
    assert (again.added, again.unchanged, again.changed) == (1, 2, 0)


def test_what_has_no_name_is_identified_by_who_publishes_it_and_what_it_is_called() -> None:
    lines = ['_:d <http://purl.org/dc/terms/title> "Rivers"', "_:d <http://purl.org/dc/terms/publisher> <urn:p>"]
    found = identify(Description(BlankNode("d"), "dataset", Statements(lines=lines)))
    assert (found.iri, found.key) == (None, "minted|urn:p|rivers")


def test_names_of_two_organisations_are_two_addresses() -> None:
    """Those that differ in more than punctuation, accents or case."""
    iri = organisation_iri("https://b.org/")
    long = "Department of " + "very " * 30
    told_apart = ["Oak & Ash", "Oak Ash", "…", "—", f"{long}North", f"{long}South"]
    assert len({iri(name) for name in told_apart}) == len(told_apart)
    assert iri("Oak and Ash") == iri("Oak & Ash") == "https://b.org/organisation/oak-and-ash"
    assert max(len(iri(name)) for name in told_apart) < 120
    before = distinct_slugs(["Oak Ash", "Elm"])
    after = distinct_slugs(["Oak Ash", "Elm", "Oak & Ash", "Oak — Birch"])
    assert {name: after[name] for name in before} == before, "who comes later takes nobody's address"


def test_the_address_of_a_page_is_no_name_for_data(store: EmbeddedStore, tmp_path: Path) -> None:
    source = tmp_path / "copied.ttl"
    source.write_text(
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
        f'<{BASE}dataset/rivers> a dcat:Dataset ; dct:title "Rivers" ; dct:description "All of them." ;\n'
        '  dct:publisher "Holder" ; dcat:landingPage <https://example.org/page> .\n'
    )
    assert load(store, source).added == 1
    catalog = Catalog(store)
    ((record, dataset, _),) = catalog.listing()
    assert (record, dataset) == (f"{BASE}dataset/rivers", f"{BASE}id/dataset/rivers")
    assert upkeep.is_searchable(catalog)
    assert load(store, source).unchanged == 1


SERVED = """@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix vcard: <http://www.w3.org/2006/vcard/ns#> .
<http://ex.org/api> a dcat:DataService ; dct:publisher [ foaf:name "P" ] ;
  dcat:contactPoint [ vcard:fn "Team" ; vcard:hasAddress [ vcard:locality "Bath" ] ] .
""" + "".join(
    f"<http://ex.org/{name}> a dcat:Dataset ; dct:title '{name}' ; dct:description 'Of it.' ; "
    "dct:publisher [ foaf:name 'Own' ] ; "
    f"dcat:distribution [ dcat:accessURL <http://ex.org/{name}.csv> ; dcat:accessService <http://ex.org/api> ] .\n"
    for name in "abcde"
)


def test_a_blank_part_of_what_datasets_share_is_one_node_in_all(store: EmbeddedStore, tmp_path: Path) -> None:
    (tmp_path / "served.ttl").write_text(SERVED)
    load(store, str(tmp_path / "served.ttl"))
    graphs = store.snapshot().graphs
    for path in ("dct:publisher", "dcat:contactPoint", "dcat:contactPoint/vcard:hasAddress"):
        found = graphs.select(f"SELECT DISTINCT ?part {{ <http://ex.org/api> {path} ?part }}")
        assert len(found) == 1, path
    own = graphs.select("SELECT DISTINCT ?p { ?d a dcat:Dataset ; dct:publisher ?p }")
    assert len(own) == 5, "what each dataset has of its own stays its own"


def serving(count: int, *, described: bool, blocks: int = 1) -> str:
    """Datasets of a publisher that made them and a service that serves them, told in so many blocks."""
    names = [f"http://ex.org/{number}" for number in range(count)]
    size = -(-count // blocks)
    title = "dct:title 'API' ; dct:description 'It serves.' ; dct:publisher <http://ex.org/p> ;" if described else ""
    lists = [", ".join(f"<{name}>" for name in names[start : start + size]) for start in range(0, count, size)]
    some = [f"<http://ex.org/api> dcat:servesDataset {one} . <http://ex.org/p> foaf:made {one} .\n" for one in lists]
    datasets = [
        f"<{name}> a dcat:Dataset ; dct:title 'D' ; dct:description 'Of it.' ; dct:publisher <http://ex.org/p> ; "
        f"dcat:distribution [ dcat:accessURL <{name}.csv> "
        # Every other one says itself by what service it is reached.
        + ("; dcat:accessService <http://ex.org/api> ] .\n" if number % 2 else "] .\n")
        for number, name in enumerate(names)
    ]
    return (
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
        "@prefix foaf: <http://xmlns.com/foaf/0.1/> .\n"
        f"<http://ex.org/p> a foaf:Agent ; foaf:name 'P' . <http://ex.org/api> a dcat:DataService ; {title} "
        "dcat:endpointURL <http://ex.org/api/> .\n" + "".join([*some[:1], *datasets, *some[1:]])
    )


@pytest.mark.parametrize("described", [True, False])
@pytest.mark.parametrize("blocks", [1, 3])
def test_what_serves_and_made_thousands_is_told_with_each_for_itself(
    store: EmbeddedStore, tmp_path: Path, described: bool, blocks: int
) -> None:
    (tmp_path / "served.ttl").write_text(serving(40, described=described, blocks=blocks))
    load(store, str(tmp_path / "served.ttl"))
    catalog = Catalog(store)
    for number in (0, 1, 39):
        name = f"http://ex.org/{number}"
        said = [
            triple.object.value
            for triple in catalog.get(name).triples
            if triple.predicate.value.endswith(("servesDataset", "made")) and isinstance(triple.object, NamedNode)
        ]
        assert set(said) == {name}, "of this dataset, and of no other"
    graphs = store.snapshot().graphs
    for path in ("dcat:servesDataset", "foaf:made"):
        assert len(graphs.select(f"SELECT DISTINCT ?d {{ ?one {path} ?d }}")) == 40, "nothing is lost"
    turtle = format_named("turtle").write
    assert turtle
    (tmp_path / "out").mkdir()
    for number, record in enumerate(catalog.records()):
        (tmp_path / "out" / f"{number}.ttl").write_bytes(turtle(record))
    again = load(store, str(tmp_path / "out"))
    assert (again.added, again.changed) == (0, 0)


def test_how_a_list_is_grouped_says_nothing(store: EmbeddedStore, tmp_path: Path) -> None:
    (tmp_path / "served.ttl").write_text(serving(30, described=False))
    load(store, str(tmp_path / "served.ttl"))
    (tmp_path / "served.ttl").write_text(serving(30, described=False, blocks=7))
    assert load(store, str(tmp_path / "served.ttl")).unchanged == 30
