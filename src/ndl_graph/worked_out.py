"""Taking off what is worked out of descriptions: scores, offers, keys, positions, and what is said of records.

A description is compared, and read from another catalogue of this kind, without them.
"""

from collections.abc import Sequence
from typing import Final

from ndl_graph.access import without_access
from ndl_graph.keys import without_keys
from ndl_graph.namespaces import DQV, NDL, ODRL
from ndl_graph.order import without_positions
from ndl_graph.quality import without_scores

__all__ = ["without_findings", "without_records"]

#: What is said of records alone; that of a catalogue has no digest.
_OF_RECORDS: Final = (str(NDL.digest), str(NDL.sourceName))
#: One of these is in every statement, or beside every one, that a catalogue of this kind puts beside a description.
#: They are few, since every description is looked through for them.
_MARKS: Final = (f"<{NDL}", str(ODRL.hasPolicy), str(DQV.isMeasurementOf))


def without_findings(lines: Sequence[str]) -> Sequence[str]:
    """N-Triples lines without the scores, offers, keys and positions that a catalogue of this kind has worked out."""
    text = "\n".join(lines)
    if not any(mark in text for mark in _MARKS):
        return lines
    return without_positions(without_keys(without_access(without_scores(lines))))


def without_records(lines: Sequence[str]) -> Sequence[str]:
    """N-Triples lines without what is worked out, nor what is said of records themselves."""
    text = "\n".join(lines)
    if not any(mark in text for mark in _MARKS):
        return lines
    kept = without_findings(lines)
    told = [line.split(" ", 2) for line in kept]
    records = {subject for subject, predicate, _ in told if predicate in _OF_RECORDS}
    return tuple(line for line, (subject, _, _) in zip(kept, told, strict=True) if subject not in records)
