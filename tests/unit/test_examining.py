"""What is worked out of a set of records: who is turned away and why, what stands beside the rest, and in the index."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from ndl_graph import upkeep
from ndl_graph.catalog import Catalog
from ndl_graph.description import DescriptionView
from ndl_graph.examining import Examination, Examiner
from ndl_graph.labels import default_labels
from ndl_graph.loading import Loader
from ndl_graph.namespaces import DCT
from ndl_graph.quality import Assessment, Scorer
from ndl_graph.record import ASIDE, Record, Statements
from ndl_graph.sources import Source
from ndl_graph.stores import EmbeddedStore
from ndl_graph.validation import load_profile
from ndl_graph.worked_out import without_findings
from tests.conftest import BASE, DATA, load

AT = "2026-11-26T20:00:00Z"
MANY = 1_100  # more than a chunk


@pytest.fixture(scope="module")
def examiner() -> Examiner:
    return Examiner([load_profile("ndl", BASE)], Scorer(), default_labels())


@pytest.fixture(scope="module")
def records(demo: Catalog) -> list[Record]:
    """As they come to a load; the first without a title, which is a violation."""
    found = [
        replace(one, statements=Statements(lines=without_findings(one.statements.lines))) for one in demo.records()
    ]
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

    before, name = held(store), store.current()
    upkeep.reindex(Catalog(store), Scorer())
    assert store.current() != name
    assert held(store) == before


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


def held(store: EmbeddedStore) -> dict[str, tuple[object, ...]]:
    """What is worked out of each record, in the graph and in the index."""
    catalog = Catalog(store)
    found: dict[str, tuple[object, ...]] = {}
    for one in catalog.records():
        marks = catalog.index.marks_of(one.iri.value)
        assert marks is not None
        kept = (marks["points"], sorted(marks["lacks"]), sorted(marks["broken"]), marks["use"])
        found[one.iri.value] = (set(one.statements.lines), *kept)
    return found


@pytest.mark.parametrize("profiles", [("ndl",), ("dcat-ap",), ("ndl", "dcat-ap")])
def test_the_index_made_anew_finds_what_several_loads_found(
    store: EmbeddedStore, tmp_path: Path, profiles: tuple[str, ...]
) -> None:
    """Two sources say different things of one publisher, and were checked by different profiles."""
    about = (
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
        "@prefix foaf: <http://xmlns.com/foaf/0.1/> .\n"
        '<https://example.org/{n}> a dcat:Dataset ; dct:title "{n}"@en ; dct:description "About {n}."@en ;\n'
        "  dct:publisher <https://example.org/holder> ; dcat:distribution <https://example.org/{n}/file> .\n"
        "<https://example.org/{n}/file> a dcat:Distribution ; dcat:accessURL <https://example.org/{n}.csv> ;\n"
        '  dcat:byteSize "12"^^<http://www.w3.org/2001/XMLSchema#nonNegativeInteger> .\n'
        '<https://example.org/holder> a foaf:Agent ; foaf:name "Holder" ; dct:type <https://example.org/kind/{n}> .\n'
    )
    for number, name in enumerate(("tay", "dee", "don")):
        source = tmp_path / f"{name}.ttl"
        source.write_text(about.replace("{n}", name))
        used = profiles if number else ("ndl",)
        Loader(store, [load_profile(one, BASE) for one in used]).load([Source(str(source))])
    before = held(store)
    assert len(before) == 3
    upkeep.reindex(Catalog(store), Scorer())
    assert held(store) == before


@pytest.mark.parametrize("mark", ["digest", "hasKey", "accessLevel", "deadSince"])
def test_words_in_a_text_take_nothing_away(store: EmbeddedStore, tmp_path: Path, mark: str) -> None:
    source = tmp_path / "a.ttl"
    words = f"x <https://w3id.org/ndl-graph/vocab#{mark}> <http://www.w3.org/ns/dqv#isMeasurementOf> "
    words += "<https://w3id.org/ndl-graph/vocab/metric#eu-score> <http://www.w3.org/ns/odrl/2/hasPolicy> "
    source.write_text(
        "@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .\n"
        f'<https://example.org/a> a dcat:Dataset ; dct:title "Rivers" ; dct:description "{words}" ;\n'
        '  dct:publisher "Holder" ; dcat:landingPage <https://example.org/a/page> .\n'
    )
    load(store, source)
    (record,) = Catalog(store).records()
    assert Catalog(store).describe(record).title == "Rivers"
    assert load(store, source).unchanged == 1
    upkeep.reindex(Catalog(store), Scorer())
    assert Catalog(store).get("rivers").statements.lines
    assert Catalog(store).describe(Catalog(store).get("rivers")).title == "Rivers"


class _Stumbling(Scorer):
    """Fails at one record."""

    def __init__(self, at: str) -> None:
        super().__init__()
        self._at = at

    def score(
        self, records: Sequence[tuple[Record, DescriptionView]], faulty: Collection[str]
    ) -> dict[str, Assessment]:
        if any(record.iri.value == self._at for record, _ in records):
            raise KeyError("something that nobody thought of")
        return super().score(records, faulty)


def test_a_record_at_which_we_fail_takes_no_other_with_it(records: list[Record]) -> None:
    odd = records[5]
    stumbling = Examiner([load_profile("ndl", BASE)], _Stumbling(odd.iri.value), default_labels())
    told = stumbling.examine(records, AT)
    assert set(told.rejected) == {records[0].iri.value, odd.iri.value}
    (said,) = told.rejected[odd.iri.value].results
    assert "could not be examined (KeyError" in said.message
    assert "fault of ndl-graph" in said.fix
    others = [one for one in records if one.iri.value not in told.rejected and one.kind not in ASIDE]
    assert set(told.found) == {one.iri.value for one in others}
    assert set(stumbling.examine_again(records)) == {
        one.iri.value for one in records if one is not odd and one.kind not in ASIDE
    }
