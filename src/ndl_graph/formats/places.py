"""Where in a file a statement stands: readers state it beside the triples, and a report takes it out again.

A reader that is asked for places adds, for each node, statements with the predicate `PLACE`: the line of the node, the
line of each property, and the line of each value where the syntax tells. They pass through repairs and renaming like
any other statement, so that a line is known of what a node has become.
"""

import json
import re
import secrets
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from pyoxigraph import Literal, NamedNode, Triple

from ndl_graph.crosswalk import AGENT, DATASET, DISTRIBUTION
from ndl_graph.record import Node

__all__ = ["PLACE", "Lines", "PlacedDict", "Places", "place", "placed_json", "whole_object"]

#: The predicate of a place, never stored or published; nobody can know it and write it into a file.
PLACE: Final = NamedNode(f"urn:ndl-graph:place:{secrets.token_hex(8)}")
_PLACE: Final = str(PLACE)
_STATED: Final = f' {_PLACE} "'
_VALUE: Final = 200
_TERMS: Final = re.compile(r"<([^>]*)>")
_SCHEMA_FOR: Final[dict[str, list[str]]] = {}
for _schema, _dcat in (*DATASET, *DISTRIBUTION, *AGENT):
    _SCHEMA_FOR.setdefault(_dcat.value, []).append(_schema.value)
    _SCHEMA_FOR.setdefault(_schema.value, []).append(_dcat.value)


def place(node: Node, line: int, predicate: str = "", value: str = "") -> Triple:
    """States the line of a node, of one of its properties, or of one of their values."""
    return Triple(node, PLACE, Literal(f"{line} {predicate} {value[:_VALUE]}".rstrip()))


class Lines:
    """Turns offsets in a text into line numbers, counted from 1."""

    def __init__(self, text: str) -> None:
        self._ends = [found.end() for found in re.finditer("\n", text)]

    def at(self, offset: int) -> int:
        """The line in which the offset lies."""
        return bisect_right(self._ends, offset) + 1


class PlacedDict(dict[str, Any]):
    """A JSON object that knows the line where it starts, and that of each key."""

    line: int = 0
    keys_at: Mapping[str, int] = {}

    @classmethod
    def like(cls, other: Mapping[Any, Any]) -> "dict[str, Any]":
        """An empty object in the place of another, or a plain one where that has no place."""
        if not isinstance(other, PlacedDict):
            return {}
        made = cls()
        made.line, made.keys_at = other.line, other.keys_at
        return made

    @classmethod
    def at(cls, line: int, keys: Mapping[str, int]) -> "PlacedDict":
        """An empty object in that place."""
        made = cls()
        made.line, made.keys_at = line, keys
        return made


_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}:\[\],]')


def whole_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object; of a name that stands in it several times all values are kept, as a list.

    Parsers differ in what they make of such names (RFC 8259, section 4), and most let all but one value go.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        values: dict[str, list[Any]] = {}
        for name, value in pairs:
            kept = values.setdefault(name, [])
            kept += [one for one in (value if isinstance(value, list) else [value]) if one not in kept]
        found.update((name, some) for name, some in values.items() if len(some) > 1)
    return found


def placed_json(text: str) -> Any:
    """The JSON document with every object placed; the text must be valid JSON."""
    lines = Lines(text)
    stack: list[tuple[int, dict[str, int]]] = []
    closed: list[tuple[int, dict[str, int]]] = []
    last: re.Match[str] | None = None
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark == "{":
            stack.append((lines.at(token.start()), {}))
        elif mark == "[":
            stack.append((0, {}))
        elif mark == "]":
            stack.pop()
        elif mark == "}":
            closed.append(stack.pop())
        elif mark == ":" and last is not None:
            stack[-1][1].setdefault(json.loads(last[0]), lines.at(last.start()))
        last = token
    in_order = iter(closed)  # objects are finished in the order of their closing brackets

    def made(pairs: list[tuple[str, Any]]) -> PlacedDict:
        found = PlacedDict.at(*next(in_order))
        found.update(whole_object(pairs))
        return found

    return json.loads(text, object_pairs_hook=made)


class _At(NamedTuple):
    file: str
    line: int


class Places:
    """The lines of nodes, properties and values, and the file of each; filled from statements, asked by results."""

    def __init__(self) -> None:
        self._told: set[tuple[str, str]] = set()
        self._nodes: dict[str, tuple[str, int | None]] = {}
        self._properties: dict[str, dict[str, _At]] = {}
        self._values: dict[tuple[str, str, str], _At] = {}
        self._mentions: dict[str, _At] = {}
        self._texts: dict[str, str] = {}
        self._files: list[str] = []

    def marked(self, lines: Iterable[str], file: str) -> Iterator[str]:
        """The lines of one file, whose places say which file that is: a description may stand in several.

        Of what is said of a node again and again, as of a publisher beside each dataset, the first place stays.
        """
        number = len(self._files)
        self._files.append(file)
        places: list[tuple[int, str, str]] = []
        for line in lines:
            node, is_place, said = line.partition(_STATED)
            if is_place:
                at, _, what = said.removesuffix('"').partition(" ")
                places.append((int(at), node, what))
            else:
                yield line
        for line_number, node, what in sorted(places):
            if (node, what) not in self._told:
                self._told.add((node, what))
                yield f'{node}{_STATED}{number}|{line_number}{" " if what else ""}{what}"'

    def take(self, lines: Iterable[str]) -> Iterator[str]:
        """Takes the places out of N-Triples lines that were marked; gives the rest."""
        for line in lines:
            subject, predicate, value = line.split(" ", 2)
            if predicate == _PLACE:
                # The escapes of N-Triples are among those of JSON; other control characters stand as they are.
                self._note(subject.strip("<>"), json.loads(value, strict=False))
            else:
                yield line

    def _note(self, node: str, said: str) -> None:
        where, _, rest = said.partition(" ")
        predicate, _, value = rest.partition(" ")
        number, _, line_number = where.partition("|")
        file, line = self._files[int(number)], int(line_number)
        if not predicate:
            known_file, known_line = self._nodes.get(node, (file, None))
            if known_line is None or (known_file == file and line < known_line):
                self._nodes[node] = (file, line)
        else:
            self._nodes.setdefault(node, (file, line))
            self._properties.setdefault(node, {}).setdefault(predicate, _At(file, line))
            if value:
                self._values.setdefault((node, predicate, value), _At(file, line))
                self._mentions.setdefault(value, _At(file, line))

    def mention(self, node: str, file: str, text: str) -> None:
        """Says in which file a node is described, where its lines are not known."""
        self._nodes.setdefault(node, (file, None))
        self._texts[file] = text

    def find(self, node: str, path: str | None, value: str | None, near: str = "") -> tuple[str | None, int | None]:
        """File and line of what a result is about: the value, else the property, else the node, else `near`."""
        at = self._nodes.get(node) or self._nodes.get(near)
        if at is None:
            # Of what is named only, the place is where it is named.
            return self._mentions.get(node[:_VALUE], (None, None))
        file, line = at
        if line is None:
            return file, self._first(file, node) or self._first(file, near)
        properties = self._properties.get(node, {})
        for predicate in _predicates(path, value):
            for name in (predicate, *_SCHEMA_FOR.get(predicate, ())):
                exact = self._values.get((node, name, (value or "")[:_VALUE])) or properties.get(name)
                if exact:
                    return exact
            local = _local(predicate)
            for name, found in properties.items():
                if _local(name) == local:
                    return found
        return file, line

    def _first(self, file: str, node: str) -> int | None:
        text = self._texts.get(file, "")
        at = text.find(node) if node else -1
        return text.count("\n", 0, at) + 1 if at >= 0 else None


def _local(iri: str) -> str:
    return re.split(r"[#/:]", iri)[-1].casefold()


def _predicates(path: str | None, value: str | None) -> list[str]:
    """The predicates under which a value at the end of a path, as the engines write it, may stand."""
    if not path:
        return []
    if "<" not in path:
        return [path]
    # What is missing at the end of several steps, or of several ways, is missing in the node.
    return [] if value is None or path.startswith("^") else _TERMS.findall(path)
