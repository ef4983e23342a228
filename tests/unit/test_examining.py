"""What is worked out of a set of records: who is turned away and why, what stands beside the rest, and in the index."""

from dataclasses import replace
from pathlib import Path

import pytest

from ndl_graph import upkeep
from ndl_graph.catalog import Catalog
from ndl_graph.examining import Examination, Examiner
from ndl_graph.history import own_lines
from ndl_graph.labels import default_labels
from ndl_graph.namespaces import DCT
from ndl_graph.quality import Scorer
from ndl_graph.record import ASIDE, Record, Statements
from ndl_graph.stores import EmbeddedStore
from ndl_graph.validation import load_profile
from tests.conftest import BASE, DATA, load

AT = "2026-11-26T20:00:00Z"
MANY = 1_100  # more than a chunk


@pytest.fixture(scope="module")
def examiner() -> Examiner:
    return Examiner([load_profile("ndl", BASE)], Scorer(), default_labels())


@pytest.fixture(scope="module")
def records(demo: Catalog) -> list[Record]:
    """As they come to a load; the first without a title, which is a violation."""
    found = [replace(one, statements=Statements(lines=own_lines(one.statements))) for one in demo.records()]
    first = found[0]
    lines = [line for line in first.statements.lines if not line.startswith(f"{first.dataset} {DCT.title} ")]
    return [replace(first, statements=Statements(lines=lines)), *found[1:]]


def test_who_is_turned_away_and_what_is_found_of_the_rest(examiner: Examiner, records: list[Record]) -> None:
    told = examiner.examine(records, AT)
    assert list(told.rejected) == [records[0].iri.value]
    assert "title" in told.rejected[records[0].iri.value].results[0].message
    assert set(told.found) == {one.iri.value for one in records[1:] if one.kind not in ASIDE}
    assert sum(told.advice.values()) > 0
    one = told.found[records[1].iri.value]
    assert any(f"{records[1].iri.value}#ai-score" in line for line in one.lines)
    assert any(f"{records[1].iri.value}#offer" in line for line in one.lines)
    assert one.entry["hit"]["described"] == AT[:10]


def test_each_is_judged_by_what_it_says_itself(examiner: Examiner, records: list[Record]) -> None:
    """Alone and among others the same is found of a record."""
    among = examiner.examine(records, AT)
    for record in records[:8]:
        alone = examiner.examine([record], AT)
        iri = record.iri.value
        assert alone.found.get(iri) == among.found.get(iri)
        assert (iri in alone.rejected) == (iri in among.rejected)


def test_nothing_to_examine(examiner: Examiner) -> None:
    assert examiner.examine([], AT) == Examination({}, {}, {})


def test_the_index_made_anew_finds_what_a_load_found(store: EmbeddedStore) -> None:
    load(store, DATA)

    def held() -> dict[str, tuple[object, ...]]:
        catalog = Catalog(store)
        found: dict[str, tuple[object, ...]] = {}
        for one in catalog.records():
            marks = catalog.index.marks_of(one.iri.value)
            assert marks is not None
            kept = (marks["points"], sorted(marks["lacks"]), sorted(marks["broken"]), marks["use"])
            found[one.iri.value] = (set(one.statements.lines), *kept)
        return found

    before, name = held(), store.current()
    upkeep.reindex(Catalog(store), Scorer())
    assert store.current() != name
    assert held() == before


def test_chunks_are_told_together(tmp_path: Path) -> None:
    def feed(first: str = "") -> Path:
        """Many descriptions, one of which lacks a title."""
        path = tmp_path / "rivers.ttl"
        path.write_text(
            "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
            + "".join(
                f"<https://example.org/d/{n}> a dcat:Dataset ; dct:publisher 'P{n % 7}' ; dct:license 'OGL v3' ;"
                f" dct:description 'Levels of river {n}{first if n == 0 else ''}.' ;"
                f" dcat:landingPage <https://example.org/{n}> " + (f"; dct:title 'River {n}' .\n" if n != 5 else ".\n")
                for n in range(MANY)
            )
        )
        return path

    store = EmbeddedStore(tmp_path / "store", BASE)
    summary = load(store, feed())
    assert (summary.added, summary.rejected, summary.read) == (MANY - 1, 1, MANY)
    again = load(store, feed(" and its banks"))
    assert (again.changed, again.unchanged, again.rejected) == (1, MANY - 2, 1)
