"""The order of columns and the like: a graph keeps none, and files without a header row have no other names for them.

Where a source tells several tables, fields or transforms of one thing, what comes first is stated beside them
(`ndl:position`). Positions are worked out at each load from the order of the source; another order is a change.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pyoxigraph import Literal, Triple

from ndl_graph.namespaces import CR, NDL, XSD
from ndl_graph.record import Term, term_of

__all__ = ["by_position", "position_lines", "positions", "without_positions"]

_ORDERED: Final = frozenset({CR.recordSet, CR.field, CR.subField, CR.transform})
_LEADS: Final = frozenset(map(str, _ORDERED))
_POSITION: Final = str(NDL.position)


def position_lines(lines: Sequence[str]) -> Iterator[str]:
    """What states the order in which N-Triples lines tell the parts of a thing, as lines; nothing for a part alone."""
    if str(CR) not in "\n".join(lines):
        return
    found: dict[tuple[str, str], list[str]] = {}
    for line in lines:
        subject, predicate, value = line.split(" ", 2)
        if predicate in _LEADS and value[0] != '"':
            found.setdefault((subject, predicate), []).append(value)
    # A part of two things, in two places, has no place of its own.
    times = Counter(part for parts in found.values() for part in parts)
    for parts in found.values():
        if len(parts) > 1:
            for number, part in enumerate(parts, start=1):
                if times[part] == 1:
                    yield f"{part} {_POSITION} {Literal(str(number), datatype=XSD.integer)}"


def without_positions(lines: Sequence[str]) -> Sequence[str]:
    """The lines without positions, in the order that these state."""
    if not any(_POSITION in line for line in lines):
        return lines
    told = [(line, *line.split(" ", 2)) for line in lines]
    places = {subject: _number(term_of(value)) for _, subject, predicate, value in told if predicate == _POSITION}
    kept = [one for one in told if one[2] != _POSITION]
    kept.sort(key=lambda one: places.get(one[3], 0) if one[2] in _LEADS else 0)
    return tuple(line for line, *_ in kept)


def by_position(triples: Sequence[Triple]) -> Sequence[Triple]:
    """The triples, each thing's parts in the order that their positions state; the positions stay."""
    places = _stated(triples)
    if not places:
        return triples
    return sorted(triples, key=lambda one: places.get(one.object, 0) if one.predicate in _ORDERED else 0)


def positions(triples: Sequence[Triple]) -> Mapping[Term, int]:
    """The place of each part that has one: as it is stated, else as the triples stand."""
    found: dict[Term, int] = {}
    for triple in triples:
        if triple.predicate in _ORDERED:
            found.setdefault(triple.object, len(found))
    return {**found, **_stated(triples)}


def _stated(triples: Sequence[Triple]) -> dict[Term, int]:
    return {one.subject: _number(one.object) for one in triples if one.predicate == NDL.position}


def _number(term: Term) -> int:
    text = term.value if isinstance(term, Literal) else ""
    return int(text) if text.isdecimal() and len(text) < 10 else 0
