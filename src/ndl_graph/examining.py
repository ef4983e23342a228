"""What is worked out of records, a set at a time: do they conform, how good are they, who may use them for what.

No store is looked at. A load has it done beside its other work, and `upkeep.reindex` on what is stored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ndl_graph.access import access_lines, access_of
from ndl_graph.description import DescriptionView
from ndl_graph.errors import ProfileError
from ndl_graph.keys import key_lines, keys_of
from ndl_graph.labels import Labels
from ndl_graph.quality import Scorer, broken_rules, faulty_records, score_lines, size_typed
from ndl_graph.record import ASIDE, Record, Statements
from ndl_graph.search import entry
from ndl_graph.validation import Profile, Result, ValidationReport, agreeing, unreadable, validate
from ndl_graph.worked_out import without_findings

__all__ = ["Examination", "Examiner", "Finding"]

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
        for some in agreeing(records) if records else ():
            report = self._report(some)
            told = _by_record(some, report.results)
            for result in report.results:
                # What stands in several sets is advised once.
                one = (result.focus_node, result.message, result.value)
                if result.severity != "violation" and one not in counted:
                    counted.add(one)
                    advice[result.severity, result.message] = advice.get((result.severity, result.message), 0) + 1
            for iri, results in told.items():
                if violations := _violations(results):
                    rejected[iri] = ValidationReport(report.profile, violations)
            kept = [record for record in some if record.iri.value not in rejected]
            found |= self._findings(kept, told, dict.fromkeys(told, at))
        return Examination(rejected, advice, found)

    def examine_again(self, records: Sequence[Record]) -> Mapping[str, Finding]:
        """What is found of records as they stand in a store, by record IRI: what `examine` found when they came.

        None is turned away: a description that was published stays, whatever a profile says by now.
        """
        described = {record.iri.value: record.described for record in records}
        found: dict[str, Finding] = {}
        for some in agreeing([_as_it_came(record) for record in records]):
            told = _by_record(some, self._report(some).results if self.profiles else ())
            found |= self._findings(some, told, described)
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
                ),
                entry(record, view, access, described[iri], keys, points, lacks, broken_rules(told[iri])),
            )
        return found

    def _report(self, records: Sequence[Record]) -> ValidationReport:
        """What the profiles say; where the engine cannot read a record, that record is told of and the rest checked."""
        data = "".join(" .\n".join(record.statements.lines) + " .\n" for record in records)
        try:
            return validate(self.profiles, data)
        except ProfileError as error:
            if len(records) == 1:
                return unreadable(self.profiles, records[0].dataset.value, error)
            half = len(records) // 2
            parts = [self._report(records[:half]), self._report(records[half:])]
        return ValidationReport(parts[0].profile, tuple(one for part in parts for one in part.results))


def _by_record(records: Sequence[Record], results: Sequence[Result]) -> _Results:
    """The results about the nodes of each record, by its IRI."""
    by_node: dict[str, list[Result]] = {}
    for result in results:
        by_node.setdefault(result.focus_node, []).append(result)
    told: _Results = {}
    for record in records:
        nodes = dict.fromkeys(line.split(" ", 1)[0].strip("<>") for line in record.statements.lines) if by_node else ()
        told[record.iri.value] = tuple(result for node in nodes if node in by_node for result in by_node[node])
    return told


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
