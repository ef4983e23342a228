"""What a load says it did is what it did, and nothing is lost on the way without a word."""

import json
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, RdfFormat, parse

from ndl_graph import upkeep
from ndl_graph.catalog import Catalog
from ndl_graph.loading import Loader
from ndl_graph.namespaces import DCAT, DCT, NDL
from ndl_graph.quality import LinkState, Scorer
from ndl_graph.sources import Source
from ndl_graph.stores import EmbeddedStore
from ndl_graph.validation import load_profile
from tests.commands import run
from tests.conftest import BASE, load

PREFIXES = (
    "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
    "@prefix foaf: <http://xmlns.com/foaf/0.1/> .\n"
)


def dataset(name: str, description: str = "Levels of the river.") -> str:
    said = f"dct:description '{description}' ;" if description else ""
    return (
        f"<https://example.org/{name}> a dcat:Dataset ; dct:title '{name.title()}' ; dct:publisher 'P' ; {said}"
        f" dcat:landingPage <https://example.org/{name}/page> .\n"
    )


def file(folder: Path, name: str, *parts: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(PREFIXES + "".join(parts))
    return path


def test_a_dry_run_has_the_same_numbers(store: EmbeddedStore, tmp_path: Path) -> None:
    one = file(tmp_path, "one.ttl", dataset("tay"), dataset("spey"))
    two = file(tmp_path, "two.ttl", dataset("tay"), dataset("dee"), dataset("don", ""))
    dry, wet = load(store, one, two, dry_run=True), load(store, one, two)
    for name in ("read", "added", "changed", "unchanged", "rejected"):
        assert getattr(dry, name) == getattr(wet, name), name
    assert (wet.added, wet.unchanged, wet.rejected) == (3, 1, 1)


def test_a_rejection_is_over_when_the_description_is_as_it_was(store: EmbeddedStore, tmp_path: Path) -> None:
    good, bad = file(tmp_path, "good.ttl", dataset("tay")), file(tmp_path, "bad.ttl", dataset("tay", ""))
    load(store, good)
    assert load(store, bad).rejected == 1
    assert len(Catalog(store).rejected()) == 1
    assert load(store, good).unchanged == 1
    assert Catalog(store).rejected() == []


def test_what_is_withdrawn_is_gone_with_what_was_turned_away(store: EmbeddedStore, tmp_path: Path) -> None:
    load(store, file(tmp_path, "good.ttl", dataset("tay")))
    load(store, file(tmp_path, "bad.ttl", dataset("tay", "")))
    upkeep.remove(Catalog(store), "tay")
    assert Catalog(store).rejected() == []


def test_files_that_are_passed_over_are_told_beside_one_that_is_broken(store: EmbeddedStore, tmp_path: Path) -> None:
    folder = file(tmp_path / "in", "a.ttl", dataset("tay")).parent
    (folder / "b.ttl").write_text("no turtle")
    (folder / "notes.txt").write_text("x")
    told = load(store, folder).sources[0]
    assert len(told.errors) == 1
    assert told.passed_over == [str(folder / "notes.txt")]


def test_a_catalogue_without_a_title_is_told_as_left_out(store: EmbeddedStore, tmp_path: Path) -> None:
    catalogue = (
        "<https://example.org/c> a dcat:Catalog ; dct:description 'All.' ; dcat:dataset <https://example.org/tay> ;"
        " dct:publisher <https://example.org/o> . <https://example.org/o> foaf:name 'O' .\n"
    )
    told = load(store, file(tmp_path, "a.ttl", dataset("tay"), catalogue)).sources[0]
    assert (told.accepted, told.left_out) == (1, 2)


def test_one_file_that_nobody_foresaw_does_not_take_the_others_down(
    store: EmbeddedStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise AttributeError("nobody thought of this")

    monkeypatch.setattr("ndl_graph.formats.ukgov.yaml.load_all", broken)
    folder = file(tmp_path / "in", "a.ttl", dataset("tay")).parent
    (folder / "b.yaml").write_text("type: Dataset\ntitle: Rivers\nidentifier: x\n")
    summary = load(store, folder)
    assert summary.added == 1
    (error,) = summary.errors
    assert "nobody thought of this" in str(error)
    assert "fault of ndl-graph" in (error.hint or "")
    assert error.where == str(folder / "b.yaml")


def test_what_is_checked_is_what_would_be_loaded(tmp_path: Path) -> None:
    """Two without an address and with one title are two: a check that merges them passes what a load rejects."""
    whole = {
        "identifier": "x1",
        "title": "Budget",
        "description": "Budget of the city, by department.",
        "publisher": {"name": "City"},
        "landingPage": "https://city.example/2019",
    }
    path = tmp_path / "data.json"
    path.write_text(json.dumps({"dataset": [whole, {"identifier": "x2", "title": "Budget"}]}))
    assert run("validate", path).code == 1
    assert run("load", path, "--store", tmp_path / "store").code == 1
    turtle = run("convert", path, "--to", "turtle").out
    assert turtle.count("Dataset") == 2


def test_making_the_index_anew_keeps_what_is_known_of_links(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path / "store", BASE)
    load(store, file(tmp_path, "a.ttl", dataset("tay")))
    links = {"https://example.org/tay/page": LinkState(alive=False, checked="2026-11-01")}
    catalog = Catalog(store)

    def dead() -> int:
        return sum(t.predicate == NDL.deadSince for t in Catalog(store).get("tay").triples)

    upkeep.reindex(catalog, Scorer(links))
    assert dead() == 1
    for path in (store.folder / "snapshots" / (store.current() or "") / "index").iterdir():
        path.unlink()
    again = Catalog(store)
    assert not upkeep.is_searchable(again)
    upkeep.reindex(again, Scorer(links))
    assert upkeep.is_searchable(again)
    assert dead() == 1


def test_a_service_that_only_reaches_a_file_needs_no_title(store: EmbeddedStore, tmp_path: Path) -> None:
    reached = (
        "<https://example.org/tay> dcat:distribution <https://example.org/tay/f> . <https://example.org/tay/f> a"
        " dcat:Distribution ; dcat:accessURL <https://example.org/tay/api> ; dcat:accessService [ a dcat:DataService ;"
        " dcat:endpointURL <https://example.org/tay/api> ] .\n"
    )
    assert load(store, file(tmp_path, "a.ttl", dataset("tay"), reached)).added == 1
    alone = (
        "<https://example.org/api> a dcat:DataService ; dct:description 'Levels.' ; dct:publisher 'P' ;"
        " dcat:endpointURL <https://example.org/api> .\n"
    )
    assert load(store, file(tmp_path, "b.ttl", alone)).rejected == 1


@pytest.mark.parametrize(
    ("period", "wrong"),
    [
        ("2001/2003", False),
        ("2020/2020", False),
        ("2001-04/2003-03", False),
        ("2001-01-01T00:00:00Z/2003-01-01", False),
        ("2001-01-01/2003-01-01", False),
        ("2003-01-02/2003-01-01", True),
        ("2003-01-01T10:00:00Z/2003-01-01T09:00:00Z", True),
    ],
)
def test_only_periods_that_can_be_compared_are(store: EmbeddedStore, tmp_path: Path, period: str, wrong: bool) -> None:
    said = f"<https://example.org/tay> dct:temporal '{period}' .\n"
    advice = load(store, file(tmp_path, "a.ttl", dataset("tay"), said)).sources[0].advice
    assert (("warning", "The period ends before it starts.") in advice) is wrong


def test_a_far_date_is_no_reason_to_stop(store: EmbeddedStore, tmp_path: Path) -> None:
    said = (
        "<https://example.org/tay> dct:modified '9999-12-31' ;"
        " dct:accrualPeriodicity <http://publications.europa.eu/resource/authority/frequency/ANNUAL> .\n"
    )
    assert load(store, file(tmp_path, "a.ttl", dataset("tay"), said)).added == 1


def test_marks_that_cannot_be_seen_are_taken_out_and_told(store: EmbeddedStore, tmp_path: Path) -> None:
    said = "<https://example.org/tay> dct:alternative 'a\u0085b\ufdd0c' .\n"
    summary = load(store, file(tmp_path, "a.ttl", dataset("tay"), said))
    assert summary.repairs.counts["text"] == 1
    held = [t.object for t in Catalog(store).get("tay").triples if t.predicate.value.endswith("alternative")]
    assert [one.value for one in held if not isinstance(one, NamedNode)] == ["abc"]  # type: ignore[union-attr]


def test_a_catalogue_goes_on_listing_its_members_when_converted(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.ttl"
    path.write_text(
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
        '<https://example.org/all> a dcat:Catalog ; dct:title "All" ; dct:description "Everything" ;\n'
        '  dcat:dataset <https://example.org/a>, [ a dcat:Dataset ; dct:title "No name" ; dct:description "b" ] .\n'
        '<https://example.org/a> a dcat:Dataset ; dct:title "A" ; dct:description "a" .\n'
        "[] a dcat:Catalog ; dcat:dataset <https://example.org/a> .\n"
    )
    quads = parse(run("convert", path, "--to", "turtle").out.encode(), RdfFormat.TURTLE)
    listed = sorted((str(one.subject), one.object.value) for one in quads if one.predicate == DCAT.dataset)
    assert [(subject[:2], member) for subject, member in listed] == [
        ("<h", "https://example.org/a"),
        ("<h", "https://w3id.org/ndl-graph/id/dataset/no-name"),
        ("_:", "https://example.org/a"),
    ]


def test_one_address_with_a_character_that_none_may_hold_ends_no_load(store: EmbeddedStore, tmp_path: Path) -> None:
    good = file(tmp_path, "good.ttl", dataset("tay"))
    catalogue = (
        "<https://example.org/c> a dcat:Catalog ; dct:title 'C' ; foaf:homepage <http://example.org/a\u0096b> .\n"
    )
    bad = file(tmp_path, "bad.ttl", catalogue, dataset("a\u0096b"), dataset("c\ufffdd").replace("/page>", "/\ue000>"))
    summary = load(store, good, bad)
    assert not summary.errors
    assert (summary.added, summary.rejected) == (3, 0)
    found = [iri for _, iri, _ in Catalog(store).listing()]
    assert found == ["https://example.org/a%C2%96b", "https://example.org/c%EF%BF%BDd", "https://example.org/tay"]


def test_nobody_speaks_for_another_record(store: EmbeddedStore, tmp_path: Path) -> None:
    """What a description says of a record of ours is for the catalogue to say."""
    load(store, file(tmp_path, "victim.ttl", dataset("victim")))
    (record, _, before), *_ = Catalog(store).listing()
    said = (
        f"<{record}> foaf:primaryTopic <https://example.org/evil> ; dct:title 'Taken over' ; dct:modified "
        "'2001-01-01T00:00:00Z'^^<http://www.w3.org/2001/XMLSchema#dateTime> .\n"
        f"<{record}#part> dct:title 'A part' . <https://example.org/evil> dct:relation <{record}>, <{record}#part> .\n"
    )
    evil = file(tmp_path, "evil.ttl", dataset("evil"), said)
    for name in ("Evil", "Evil 2", "Evil 3"):
        evil.write_text(evil.read_text().replace("'Evil'", f"'{name}'"))
        load(store, evil)
    catalog = Catalog(store)
    assert [(iri, topic) for iri, topic, _ in catalog.listing()] == [
        (f"{BASE}dataset/evil", "https://example.org/evil"), (record, "https://example.org/victim"),
    ]  # fmt: skip
    assert catalog.get(record).described == before
    lines = [str(one) for one in catalog.get("evil").triples]
    assert not [line for line in lines if line.startswith(f"<{record}> ")]
    assert [line for line in lines if line.startswith(f"<{record}#part> ")], "what is not a page of ours may be told of"
    assert upkeep.is_searchable(catalog)


def test_another_profile_is_another_question(store: EmbeddedStore, tmp_path: Path) -> None:
    source = file(tmp_path, "one.ttl", dataset("tay"))

    def checked(*names: str, dry_run: bool = False) -> tuple[int, int, int]:
        loader = Loader(store, [load_profile(name, store.base_iri) for name in names], dry_run=dry_run)
        summary = loader.load([Source(str(source))])
        return summary.changed, summary.unchanged, summary.rejected

    assert load(store, source).added == 1
    assert checked("ndl") == (0, 1, 0)
    assert checked("ukgov", dry_run=True) == checked("ukgov") == (0, 0, 1)
    assert checked("ndl", "google") == (1, 0, 0)
    assert checked("google", "ndl") == (0, 1, 0), "in whatever order"
    catalog = Catalog(store)
    said = {one.object.value for one in catalog.get("tay").triples if one.predicate == DCT.conformsTo
            and isinstance(one.object, NamedNode)}  # fmt: skip
    assert said == {f"{BASE}shapes/ndl", f"{BASE}shapes/google"}
    assert catalog.revisions("tay") == [], "the description is what it was"


def test_a_text_where_a_node_should_be_is_held_against_its_record(store: EmbeddedStore, tmp_path: Path) -> None:
    source = file(tmp_path, "one.ttl", dataset("tay"), "<https://example.org/tay> dcat:contactPoint 'The team' .\n")
    summary = Loader(store, [load_profile("ukgov", store.base_iri)]).load([Source(str(source))])
    (rejected,) = summary.sources[0].rejected
    assert {one["focus_node"] for one in rejected["results"]} >= {"The team", "https://example.org/tay"}
