"""Example queries, from `vocab/examples/`: questions that people ask, with the query that answers each."""

from dataclasses import dataclass
from functools import cache

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from ndl_graph.namespaces import RDFS, SCHEMA, SH
from ndl_graph.resources import vocab_folder

__all__ = ["Example", "examples"]

_TEXTS = (SH.select, SH.ask, SH.construct, SH.describe)


@dataclass(frozen=True)
class Example:
    """A question, a comment for who wants to change it, and the query (`sh:SPARQLExecutable`)."""

    iri: str
    name: str
    label: str
    comment: str
    keywords: tuple[str, ...]
    query: str
    triples: tuple[Triple, ...]


@cache
def examples() -> tuple[Example, ...]:
    """All examples, from the plainest to the most involved."""
    found = []
    for path in sorted((vocab_folder() / "examples").glob("*.ttl")):
        triples = tuple(quad.triple for quad in parse(path=str(path), format=RdfFormat.TURTLE))
        said: dict[NamedNode, list[str]] = {}
        for triple in triples:
            if isinstance(triple.object, Literal):
                said.setdefault(triple.predicate, []).append(triple.object.value)
        subject = triples[0].subject
        assert isinstance(subject, NamedNode)
        found.append(
            Example(
                iri=subject.value,
                name=path.stem,
                label=said[RDFS.label][0],
                comment=said[RDFS.comment][0],
                keywords=tuple(said.get(SCHEMA.keywords, ())),
                query=next(text for name in _TEXTS for text in said.get(name, ())),
                triples=triples,
            )
        )
    return tuple(found)
