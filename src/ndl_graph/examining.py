"""What is worked out of records, a set at a time: do they conform, how good are they, who may use them for what.

No store is looked at. A load has it done beside its other work, and `upkeep.reindex` on what is stored.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from pyoxigraph import Literal, NamedNode

from ndl_graph.access import access_lines, access_of
from ndl_graph.description import DescriptionView
from ndl_graph.keys import key_lines, keys_of
from ndl_graph.labels import Labels
from ndl_graph.order import position_lines
from ndl_graph.quality import Scorer, broken_rules, faulty_records, score_lines, size_typed
from ndl_graph.record import ASIDE, Record, Statements
from ndl_graph.search import entry
from ndl_graph.validation import Profile, Result, ValidationReport, agreeing, unreadable, validate
from ndl_graph.worked_out import without_findings

__all__ = ["Examination", "Examiner", "Finding"]

_LOG: Final = logging.getLogger(__name__)

#: What is said of one record, by its IRI.
_Results = dict[str, tuple[Result, ...]]


@dataclass(frozen=True)
class Finding:
    """What was found of one record: statements beside its description, as N-Triples lines, and its index entry."""

    lines: tuple[str, ...]
    entry: Mapping[str, Any]


@dataclass(frozen=True)
class Examination:
    """What was found in a set of records.

    `rejected` are the reports of those that must be turned away, by record IRI; `advice` counts what is said of the
    others, by severity and message; `found` is there for those that stay and describe data.
    """

    rejected: Mapping[str, ValidationReport]
    advice: Mapping[tuple[str, str], int]
    found: Mapping[str, Finding]


@dataclass(frozen=True)
class Examiner:
    """Examines sets of records: by which profiles, how they are scored, and what terms are called."""

    profiles: Sequence[Profile]
    scorer: Scorer
    labels: Labels

    def examine(self, records: Sequence[Record], at: str) -> Examination:
        """Examines records that come at a moment (`xsd:dateTime`)."""
        advice: dict[tuple[str, str], int] = {}
        counted: set[tuple[str, str, str | None]] = set()
        rejected: dict[str, ValidationReport] = {}
        found: dict[str, Finding] = {}

        def look(some: Sequence[Record]) -> tuple[ValidationReport, _Results, dict[str, Finding]]:
            report = validate(self.profiles, _data(some))
            told = _by_record(some, report.results)
            kept = [record for record in some if not _violations(told[record.iri.value])]
            return report, told, self._findings(kept, told, dict.fromkeys(told, at))

        def fail(record: Record, error: Exception) -> tuple[ValidationReport, _Results, dict[str, Finding]]:
            report = unreadable(self.profiles, record.dataset.value, error)
            return report, {record.iri.value: report.results}, {}

        for some in agreeing(records) if records else ():
            for report, told, findings in _by_halves(some, look, fail):
                for result in report.results:
                    # What stands in several sets is advised once.
                    one = (result.focus_node, result.message, result.value)
                    if result.severity != "violation" and one not in counted:
                        counted.add(one)
                        advice[result.severity, result.message] = advice.get((result.severity, result.message), 0) + 1
                for iri, results in told.items():
                    if violations := _violations(results):
                        rejected[iri] = ValidationReport(report.profile, violations)
                found |= findings
        return Examination(rejected, advice, found)

    def examine_again(self, records: Sequence[Record]) -> Mapping[str, Finding]:
        """What is found of records as they stand in a store, by record IRI: what `examine` found when they came.

        None is turned away: a description that was published stays, whatever a profile says by now. One that cannot be
        examined is left out.
        """
        described = {record.iri.value: record.described for record in records}

        def look(some: Sequence[Record]) -> dict[str, Finding]:
            results = validate(self.profiles, _data(some)).results if self.profiles else ()
            return self._findings(some, _by_record(some, results), described)

        def fail(record: Record, error: Exception) -> dict[str, Finding]:
            _LOG.warning("%s cannot be examined: %s", record.iri.value, error)
            return {}

        found: dict[str, Finding] = {}
        for some in agreeing([_as_it_came(record) for record in records]):
            for findings in _by_halves(some, look, fail):
                found |= findings
        return found

    def _findings(self, records: Sequence[Record], told: _Results, described: Mapping[str, str]) -> dict[str, Finding]:
        views = [
            (record, DescriptionView(record.triples, record.dataset, self.labels))
            for record in records
            if record.kind not in ASIDE
        ]
        scores = self.scorer.score(views, faulty_records(records))
        found = {}
        for record, view in views:
            iri = record.iri.value
            access, keys, score = access_of(view), keys_of(view), scores.get(iri)
            points, lacks = (score.points, score.lacks) if score else (None, ())
            found[iri] = Finding(
                (
                    *(score_lines(record, score) if score else ()),
                    *access_lines(record, view, access),
                    *key_lines(record, keys),
                    *position_lines(record.statements.lines),
                ),
                entry(record, view, access, described[iri], keys, points, lacks, broken_rules(told[iri])),
            )
        return found


T = TypeVar("T")


def _by_halves(
    records: Sequence[Record], work: Callable[[Sequence[Record]], T], failed: Callable[[Record, Exception], T]
) -> Iterator[T]:
    """Some work on records as a set; where it fails, on its halves, so that a record at fault takes down no other."""
    try:
        yield work(records)
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not end a load
        if len(records) == 1:
            _LOG.debug("%s cannot be examined", records[0].iri.value, exc_info=True)
            yield failed(records[0], error)
            return
        half = len(records) // 2
        for some in (records[:half], records[half:]):
            yield from _by_halves(some, work, failed)


def _data(records: Sequence[Record]) -> str:
    """What records say, as N-Triples."""
    return "".join(" .\n".join(record.statements.lines) + " .\n" for record in records)


def _by_record(records: Sequence[Record], results: Sequence[Result]) -> _Results:
    """The results about the nodes of each record, by its IRI."""
    by_node: dict[str, list[Result]] = {}
    for result in results:
        by_node.setdefault(result.focus_node, []).append(result)
    nodes: dict[str, dict[str, None]] = {}
    for record in records:
        lines = record.statements.lines if by_node else ()
        nodes[record.iri.value] = dict.fromkeys(line.split(" ", 1)[0].strip("<>") for line in lines)
    # A text that stands where a node should is a focus node too, and in nobody's statements the subject.
    if texts := by_node.keys() - {node for some in nodes.values() for node in some}:
        for record in records:
            values = (one.object for one in record.triples)
            found = (one.value for one in values if isinstance(one, (Literal, NamedNode)) and one.value in texts)
            nodes[record.iri.value].update(dict.fromkeys(found))
    return {
        iri: tuple(result for node in some if node in by_node for result in by_node[node])
        for iri, some in nodes.items()
    }


def _violations(results: Sequence[Result]) -> tuple[Result, ...]:
    violations = [result for result in results if result.severity == "violation"]
    return tuple(sorted(violations, key=lambda found: found.rank))


def _as_it_came(record: Record) -> Record:
    """A record from a store as it was when it came: without what was put beside it."""
    own = f"{record.iri} "
    return replace(
        record,
        statements=Statements(
            lines=[size_typed(line) for line in without_findings(record.statements.lines) if not line.startswith(own)]
        ),
    )
