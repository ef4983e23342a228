"""What a catalogue asks of a store: snapshots to read from, and one writer."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from pyoxigraph import QueryBoolean, QuerySolutions, QueryTriples, Triple

from ndl_graph.record import Term
from ndl_graph.sparql import Query

__all__ = ["Answer", "GraphStore", "GraphWriter", "Graphs", "View"]

Answer = QuerySolutions | QueryBoolean | QueryTriples


class Graphs(Protocol):
    """Named graphs and, as the default graph, their union (a set)."""

    def has(self, graph: str) -> bool:
        """Whether there is a graph of that name."""

    def triples(self, graph: str) -> list[Triple]:
        """The triples of a graph; none where there is no such graph."""

    def each(self, graphs: Sequence[str]) -> Iterator[tuple[str, list[Triple]]]:
        """The triples of several graphs, graph by graph."""

    def select(self, query: str) -> list[dict[str, Term]]:
        """The rows of one of our own queries; `PREFIXES` are known."""

    def query(self, query: Query) -> Answer:
        """The answer to a query; raises `QueryError`."""


class View(Protocol):
    """One state of a store: its records, its index, and what is kept beside them."""

    name: str
    folder: Path

    @property
    def written(self) -> datetime:
        """When it was written."""

    @property
    def graphs(self) -> Graphs:
        """The records."""

    @property
    def aside(self) -> Graphs:
        """Rejected descriptions with their reports, and descriptions that stood once."""


class GraphWriter(Protocol):
    """The one writer of a store; nothing it does is seen before `commit`."""

    folder: Path

    @property
    def graphs(self) -> Graphs:
        """The records as they are with what was written."""

    def replace(self, graphs: Sequence[tuple[str, Sequence[str]]], existing: Iterable[str]) -> None:
        """Puts graphs, given as IRI and N-Triples lines."""

    def set_aside(self, graphs: Sequence[tuple[str, Iterable[Triple]]]) -> None:
        """Keeps graphs beside the records: rejected descriptions, and those that stood once."""

    def forget(self, graphs: Iterable[str]) -> None:
        """Drops graphs that were set aside."""

    def commit(self) -> None:
        """Makes the present state the one that readers see."""


class GraphStore(Protocol):
    """Where records are kept."""

    base_iri: str

    @property
    def exists(self) -> bool:
        """Whether anything has been committed yet."""

    @property
    def is_indexed(self) -> bool:
        """Whether the text index is that of the newest snapshot."""

    def fresh(self) -> str | None:
        """The name of the newest snapshot where that can be told without waiting."""

    def current(self) -> str | None:
        """The name of the newest snapshot."""

    def snapshot(self) -> View:
        """The newest snapshot."""

    def writer(self) -> AbstractContextManager[GraphWriter]:
        """The writer."""
