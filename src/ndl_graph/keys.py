"""What data can be linked by: keys that a publisher states, and those that the fields of a dataset tell.

Only descriptions are looked at, never values. Each key says how it is known, and a weaker sign never hides a stronger.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from ndl_graph.description import DescriptionView
from ndl_graph.namespaces import CR, NDL, SCHEMA, SKOS
from ndl_graph.record import Record
from ndl_graph.resources import vocab_folder

__all__ = ["KNOWN_BY", "FoundKey", "Key", "all_keys", "key_lines", "keys_of", "without_keys"]

#: How a key is known, from the surest to the least sure.
KNOWN_BY: Final = ("stated", "field name", "field description")
_FRAGMENT: Final = "#key-"
_OURS: Final = re.compile(rf"^<[^>]+{_FRAGMENT}[a-z-]+>$")
_HAS_KEY: Final = str(NDL.hasKey)
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
#: Fields that name or describe what a code stands for, and words that say that something is not there.
_NO_CODE: Final = re.compile(r"_(name|nm|label|desc|description|title)$")
_ABSENT: Final = re.compile(r"\b(removed|without|excluded|not|no|never|withheld|instead)\b")
_SIGNS: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Key:
    """A key: its IRI and name, what it picks out (person, thing, place or time), and how a field is told to be one."""

    iri: str
    identifies: str
    pattern: re.Pattern[str]
    phrases: tuple[str, ...]

    @property
    def name(self) -> str:
        """The end of its IRI."""
        return self.iri.rpartition("#")[2]


@dataclass(frozen=True)
class FoundKey:
    """A key of a dataset, how it is known, and the field that tells."""

    key: Key
    known_by: str
    field: str = ""


@cache
def all_keys() -> dict[str, Key]:
    """The keys of `vocab/key.ttl` by IRI, in the order of the file."""
    said: dict[str, dict[NamedNode, list[str]]] = {}
    for quad in parse(path=str(vocab_folder() / "key.ttl"), format=RdfFormat.TURTLE):
        if isinstance(quad.subject, NamedNode) and isinstance(quad.object, (NamedNode, Literal)):
            said.setdefault(quad.subject.value, {}).setdefault(quad.predicate, []).append(quad.object.value)
    return {
        iri: Key(
            iri,
            one[NDL.identifies][0],
            re.compile(one[NDL.pattern][0]),
            tuple(one.get(SKOS.hiddenLabel, ())),
        )
        for iri, one in said.items()
        if NDL.pattern in one
    }


def keys_of(view: DescriptionView) -> list[FoundKey]:
    """The keys of a dataset, each once with its surest sign, the surest first."""
    found: dict[str, FoundKey] = {}

    def add(one: FoundKey) -> None:
        known = found.get(one.key.iri)
        if known is None or KNOWN_BY.index(one.known_by) < KNOWN_BY.index(known.known_by):
            found[one.key.iri] = one

    for stated in view.views(NDL.linkKey):
        if stated.iri in all_keys():
            add(FoundKey(all_keys()[stated.iri], KNOWN_BY[0]))
    for table in view.record_sets:
        for field in table.views(CR.field):
            for one in _told_by(field.label, field.text(SCHEMA.description)):
                add(one)
    return sorted(found.values(), key=lambda one: (KNOWN_BY.index(one.known_by), list(all_keys()).index(one.key.iri)))


def _told_by(name: str, description: str) -> Iterator[FoundKey]:
    plain = _SIGNS.sub("_", _CAMEL.sub("_", name).casefold()).strip("_")
    said = " ".join(description.casefold().split())
    if _ABSENT.search(said):
        said = ""
    for key in all_keys().values():
        if key.pattern.search(plain) and not _NO_CODE.search(plain):
            yield FoundKey(key, KNOWN_BY[1], name)
        elif any(phrase in said for phrase in key.phrases):
            yield FoundKey(key, KNOWN_BY[2], name)


def key_lines(record: Record, found: Sequence[FoundKey]) -> Iterator[str]:
    """What a record says of the keys of its dataset, as lines of N-Triples."""
    for one in found:
        node = NamedNode(f"{record.iri.value}{_FRAGMENT}{one.key.name}")
        yield f"{record.dataset} {NDL.hasKey} {node}"
        yield f"{node} {NDL.linkKey} {NamedNode(one.key.iri)}"
        yield f"{node} {NDL.knownBy} {Literal(one.known_by)}"
        if one.field:
            yield f"{node} {NDL.keyField} {Literal(one.field)}"


def without_keys(lines: Sequence[str]) -> Sequence[str]:
    """The lines without keys that a catalogue of this kind has worked out: what `ndl:hasKey` leads to, by its name."""
    if not any(_HAS_KEY in line for line in lines):
        return lines
    told = [line.split(" ", 2) for line in lines]
    ours = {value for _, predicate, value in told if predicate == _HAS_KEY and _OURS.match(value)}
    return tuple(
        line for line, (subject, _, value) in zip(lines, told, strict=True) if subject not in ours and value not in ours
    )
