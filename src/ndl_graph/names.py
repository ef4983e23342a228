"""Tables of the names that one thing goes by (a licence, a file format, a frequency), from `vocab/names.ttl`."""

import re
from collections import defaultdict
from functools import cache

from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from ndl_graph.namespaces import DCT, SKOS
from ndl_graph.resources import vocab_folder

__all__ = ["NameTable", "name_table"]

_NOISE = re.compile(r"[^a-z0-9+]+")


class NameTable:
    """Finds the IRI of a thing by any of its names or addresses."""

    def __init__(self, names: dict[str, str]) -> None:
        self._names = names
        self._found: dict[str, str | None] = {}

    def find(self, name: str) -> str | None:
        """The thing's IRI, or None where the name is not known."""
        if name not in self._found:
            if len(self._found) > 10_000:
                self._found.clear()  # names come from outside: what is remembered stays bounded
            self._found[name] = self._names.get(_key(name))
        return self._found[name]


def _key(name: str) -> str:
    """A name without case, punctuation, `http` or `https`, `www.` and a last slash."""
    name = name.strip().casefold()
    name = re.sub(r"^https?://(www\.)?", "", name)
    return _NOISE.sub(" ", name).strip()


@cache
def name_table(kind: str) -> NameTable:
    """The table for one kind of thing: `licence`, `format`, `media-type` or `frequency`.

    In the file, `dct:type` tells the kind, and `skos:hiddenLabel` each name; a thing's own IRI is one too.
    """
    names: dict[NamedNode, list[str]] = defaultdict(list)
    kinds: dict[NamedNode, str] = {}
    for quad in parse(path=str(vocab_folder() / "names.ttl"), format=RdfFormat.TURTLE):
        subject, value = quad.subject, quad.object
        if not isinstance(subject, NamedNode):
            continue
        if quad.predicate == DCT.type and isinstance(value, Literal):
            kinds[subject] = value.value
        elif quad.predicate == SKOS.hiddenLabel and isinstance(value, Literal):
            names[subject].append(value.value)
    return NameTable(
        {
            _key(name): thing.value
            for thing, kind_ in kinds.items()
            if kind_ == kind
            for name in (thing.value, *names[thing])
        }
    )
