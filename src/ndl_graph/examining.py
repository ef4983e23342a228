"""What is worked out of records, a set at a time: do they conform, how good are they, who may use them for what.

No store is looked at. A load has it done beside its other work, and `upkeep.reindex` on what is stored.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyoxigraph import NamedNode

from ndl_graph.access import access_lines, access_of
from ndl_graph.description import DescriptionView
from ndl_graph.errors import ProfileError
from ndl_graph.keys import key_lines, keys_of
from ndl_graph.labels import Labels
from ndl_graph.quality import Scorer, broken_rules, faulty_records, score_lines
from ndl_graph.record import ASIDE, Record
from ndl_graph.search import entry
from ndl_graph.validation import Profile, Result, ValidationReport, unreadable, validate

__all__ = ["Examination", "Examiner", "Finding", "findings"]


@dataclass(frozen=True)
class Finding:
    """What was found of one record: statements beside its description, as N-Triples lines, and its index entry."""

    lines: tuple[str, ...]
    entry: Mapping[str, Any]


def findings(
    views: Sequence[tuple[Record, DescriptionView]],
    scorer: Scorer,
    faulty: Collection[str],
    broken: Mapping[str, tuple[str, ...]],
    described: str | None = None,
) -> dict[str, Finding]:
    """How good each record is, who may use the data and what it can be linked by, by record IRI.

    `faulty` and `broken` are what `faulty_records` and `broken_rules` found; `described` is the moment
    (`xsd:dateTime`) at which the descriptions came here, where the records do not tell it themselves.
    """
    scores = scorer.score(views, faulty)
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
            entry(record, view, access, described or record.described, keys, points, lacks, broken.get(iri, ())),
        )
    return found


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
        """Examines records that came at a moment (`xsd:dateTime`)."""
        if not records:
            return Examination({}, {}, {})
        report = self._report(records)
        violations: dict[str, list[Result]] = {}
        advice: dict[tuple[str, str], int] = {}
        for result in report.results:
            if result.severity == "violation":
                violations.setdefault(result.focus_node, []).append(result)
            else:
                counted = (result.severity, result.message)
                advice[counted] = advice.get(counted, 0) + 1
        rejected: dict[str, ValidationReport] = {}
        for record in records if violations else ():
            nodes = {triple.subject.value for triple in record.triples if isinstance(triple.subject, NamedNode)}
            if results := tuple(result for node in nodes & violations.keys() for result in violations[node]):
                ordered = tuple(sorted(results, key=lambda found: found.rank))
                rejected[record.iri.value] = ValidationReport(report.profile, ordered)
        kept = [record for record in records if record.iri.value not in rejected]
        views = [
            (record, DescriptionView(record.triples, record.dataset, self.labels))
            for record in kept
            if record.kind not in ASIDE
        ]
        broken = broken_rules(kept, report.results)
        return Examination(rejected, advice, findings(views, self.scorer, faulty_records(kept), broken, at))

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
