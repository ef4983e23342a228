"""A record: one bounded description, its identity and its digest.

From `normalise` on a statement is kept as a line of N-Triples: lines are gathered, cut, compared and stored as they
are, and terms are made of them only where somebody looks inside.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse

from ndl_graph.namespaces import DCAT, DCT, NDL, SCHEMA

__all__ = [
    "ASIDE",
    "KINDS",
    "Block",
    "Description",
    "Kind",
    "Node",
    "Record",
    "Statements",
    "Term",
    "digest",
    "term_of",
    "triples_of",
]

#: What may stand as a subject. Triple terms (RDF 1.2) are left out on the way in: see `normalise`.
Node = NamedNode | BlankNode | Triple
Term = NamedNode | BlankNode | Literal | Triple


@dataclass(frozen=True)
class Kind:
    """What a record can be about: its name in IRIs, and the class that says so."""

    name: str
    type: NamedNode


#: In the order in which a node with several types is told; `schema:Dataset` comes in as `dcat:Dataset`.
KINDS: Final = (
    Kind("series", DCAT.DatasetSeries),
    Kind("dataset", DCAT.Dataset),
    Kind("dataset", SCHEMA.Dataset),
    Kind("service", DCAT.DataService),
    Kind("catalog", DCAT.Catalog),
    Kind("dataset", DCAT.Resource),
    # Who was given access to what, for what: kept beside the descriptions, and no description of data.
    Kind("use", NDL.Use),
)
#: Kinds of records that describe no data of their own: they are not searched, scored or listed as descriptions.
ASIDE: Final = frozenset({"catalog", "use"})


class Block(NamedTuple):
    """Statements with one subject: the subject as N-Triples has it, and the lines, without the full stop."""

    subject: str
    lines: Sequence[str]


def triples_of(lines: Iterable[str]) -> list[Triple]:
    """The triples that N-Triples lines without their full stops state."""
    text = " .\n".join(lines)
    return [quad.triple for quad in parse(f"{text} .", RdfFormat.N_TRIPLES, lenient=True)] if text else []


_SIMPLE: Final = re.compile(r'"([^"\\]*)"(?:\^\^<([^>\\]*)>)?\Z')


def term_of(text: str) -> Term:
    """The term that a piece of N-Triples is; addresses and plain literals are made without a parser."""
    try:
        if text.startswith("<") and "\\" not in text:
            return NamedNode(text[1:-1])
        if match := _SIMPLE.match(text):
            return Literal(match[1], datatype=NamedNode(match[2])) if match[2] else Literal(match[1])
    except ValueError:
        pass  # an address that is none, which only the lenient parser takes
    return triples_of([f"_:b <urn:p> {text}"])[0].object


class Statements:
    """A set of triples as N-Triples lines or as terms; the other form is made when it is asked for."""

    def __init__(self, *, lines: Sequence[str] | None = None, triples: Sequence[Triple] | None = None) -> None:
        if lines is not None:
            self.lines = lines
        if triples is not None:
            self.triples = triples

    @cached_property
    def lines(self) -> Sequence[str]:
        """N-Triples lines without their full stops, in the order given."""
        return tuple(map(str, self.triples))

    @cached_property
    def triples(self) -> Sequence[Triple]:
        """The triples, in the order given."""
        return tuple(triples_of(self.lines))


@dataclass(frozen=True)
class Description:
    """What is said about one root node, before it has an identity in a catalogue."""

    root: Node
    kind: str
    statements: Statements


@dataclass(frozen=True)
class Record:
    """One description in a catalogue.

    `iri` names the page, the graph and the `dcat:CatalogRecord`; `dataset` is the thing described
    (DCAT 3, section 6.5); `key` is the identity under which the record is found again.
    """

    iri: NamedNode
    dataset: NamedNode
    kind: str
    key: str
    statements: Statements = field(repr=False)
    source: str = ""

    @property
    def triples(self) -> Sequence[Triple]:
        """What is said."""
        return self.statements.triples

    @property
    def slug(self) -> str:
        """The last part of the record's IRI."""
        return self.iri.value.rsplit("/", 1)[-1]

    @property
    def described(self) -> str:
        """When the description came here or last changed (`xsd:dateTime`, UTC); empty until it is stored."""
        said = (one.object for one in self.triples if one.subject == self.iri and one.predicate == DCT.modified)
        return next((one.value for one in said if isinstance(one, Literal)), "")


def digest(lines: Iterable[str]) -> str:
    """SHA-256, in hexadecimal, of N-Triples lines, whatever their order."""
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()
