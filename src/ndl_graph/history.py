"""How descriptions changed: what stood before each load that changed them, and what that load added and took away.

A former description is kept beside the records, out of the way of queries, with when it was published and replaced.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode, Triple

from ndl_graph.namespaces import DCT, FOAF, NDL, PROV, RDF
from ndl_graph.record import Statements, Term, digest
from ndl_graph.worked_out import without_findings

__all__ = ["Change", "Former", "Revision", "changes_of", "former_graph"]


@dataclass(frozen=True)
class Former:
    """A description that stood once: the graph that keeps it, and from when to when (`xsd:dateTime`)."""

    graph: str
    start: str
    end: str


@dataclass(frozen=True)
class Change:
    """What a load changed of one property of one node: values that were taken away, and values that came."""

    subject: str
    predicate: str
    removed: tuple[str, ...]
    added: tuple[str, ...]


@dataclass(frozen=True)
class Revision:
    """One change of a description: when, from which source, and what."""

    at: str
    source: str
    changes: tuple[Change, ...]


def former_graph(record: str, base: str, triples: Sequence[Triple], end: Literal) -> tuple[str, list[Triple]]:
    """The graph that keeps a record as it was until `end`, as IRI and triples."""
    mark = digest(list(map(str, triples)))[:8]
    graph = f"{base}history/{record.removeprefix(base)}/{end.value}-{mark}"
    node = NamedNode(graph)
    start = next(
        (one.object for one in triples if one.subject == NamedNode(record) and one.predicate == DCT.modified), end
    )
    return graph, [
        *triples,
        Triple(node, RDF.type, NDL.FormerDescription),
        Triple(node, FOAF.primaryTopic, NamedNode(record)),
        Triple(node, PROV.generatedAtTime, start),
        Triple(node, PROV.invalidatedAtTime, end),
    ]


def changes_of(record: str, before: Statements, after: Statements) -> tuple[Change, ...]:
    """What of the description itself differs between two states of a record."""
    old, new = (set(_described(record, one)) for one in (before, after))
    found: dict[tuple[str, str], tuple[list[str], list[str]]] = {}
    for place, statements in ((0, old - new), (1, new - old)):
        for subject, predicate, value in sorted(statements):
            found.setdefault((subject, predicate), ([], []))[place].append(value)
    return tuple(
        Change(subject, predicate, tuple(removed), tuple(added))
        for (subject, predicate), (removed, added) in sorted(found.items())
    )


def _described(record: str, statements: Statements) -> Iterable[tuple[str, str, str]]:
    for triple in Statements(lines=without_findings(statements.lines)).triples:
        if isinstance(triple.subject, NamedNode) and triple.subject.value != record:
            yield triple.subject.value, triple.predicate.value, _text(triple.object)


def _text(term: Term) -> str:
    return str(term) if isinstance(term, Triple) else term.value
