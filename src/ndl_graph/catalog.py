"""The catalogue: get, query, search, remove, and the parts that loading is made of.

Stores are handed in; this room knows only the protocol they keep.
"""

import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Final, Protocol

from pyoxigraph import (
    BlankNode,
    DefaultGraph,
    Literal,
    NamedNode,
    QueryBoolean,
    QuerySolutions,
    QueryTriples,
    Store,
    Triple,
)

from ndl_graph.description import DescriptionView
from ndl_graph.errors import NotFoundError, QueryError, RemovedError
from ndl_graph.labels import Labels, default_labels
from ndl_graph.namespaces import DCT, FOAF, NDL, PREFIXES, RDF, XSD
from ndl_graph.record import Record, Statements
from ndl_graph.search import SearchIndex, SearchQuery, SearchResult

__all__ = ["Catalog", "GraphStore", "GraphWriter", "OpenSnapshot", "View"]


class View(Protocol):
    """One immutable state of a store."""

    name: str
    folder: Path
    graphs: Store
    rejected: Store

    def triples(self, graph: str) -> list[Triple]:
        """The triples of a record's graph."""

    def rejected_triples(self, graph: str) -> list[Triple]:
        """The triples of a rejected description and its report."""


class GraphWriter(Protocol):
    """The one writer of a store; nothing it does is seen before `commit`."""

    folder: Path
    graphs: Store
    rejected: Store

    def replace(self, graphs: Sequence[tuple[str, Sequence[str]]], existing: Iterable[str]) -> None:
        """Puts graphs, given as IRI and N-Triples lines."""

    def reject(self, graphs: Sequence[tuple[str, Iterable[Triple]]]) -> None:
        """Keeps rejected descriptions with their reports."""

    def forget_rejected(self, graphs: Iterable[str]) -> None:
        """Drops rejections that have been mended."""

    def commit(self) -> None:
        """Makes the present state the one that readers see."""


class GraphStore(Protocol):
    """Where records are kept."""

    base_iri: str

    @property
    def exists(self) -> bool:
        """Whether anything has been committed yet."""

    def current(self) -> str | None:
        """The name of the newest snapshot."""

    def snapshot(self) -> View:
        """The newest snapshot."""

    def writer(self) -> AbstractContextManager[GraphWriter]:
        """The writer."""


class OpenSnapshot:
    """A snapshot with its index, open for reading."""

    def __init__(self, view: View) -> None:
        self.view = view

    @cached_property
    def index(self) -> SearchIndex:
        """The text index, opened when it is first asked."""
        return SearchIndex.reading(self.view.folder / "index")

    @property
    def name(self) -> str:
        """The snapshot's name."""
        return self.view.name


class Catalog:
    """The descriptions in a store, for reading; new snapshots are taken up as they appear."""

    def __init__(self, store: GraphStore, labels: Labels | None = None) -> None:
        self.store = store
        self.labels = labels or default_labels()
        self._open: OpenSnapshot | None = None
        self._listing: tuple[str, list[tuple[str, str, str]]] | None = None
        self._lock = threading.Lock()

    @property
    def base_iri(self) -> str:
        """What the IRIs of records start with."""
        return self.store.base_iri

    def open_name(self) -> str | None:
        """The name of the newest snapshot if it is open already, so that asking takes no time."""
        found = self._open
        return found.name if found is not None and found.name == self.store.current() else None

    def snapshot(self) -> OpenSnapshot:
        """The newest snapshot; raises `StoreError` where nothing has been loaded yet."""
        name = self.store.current()
        found = self._open
        if found is not None and found.name == name:
            return found
        with self._lock:
            if self._open is None or self._open.name != self.store.current():
                view = self.store.snapshot()
                self._open = OpenSnapshot(view)
            return self._open

    # --- records ---

    def iri_of(self, name: str) -> str:
        """The record IRI that a slug, a record IRI or a dataset IRI stands for; raises `NotFoundError`."""
        graphs = self.snapshot().view.graphs
        if not name.startswith(("http://", "https://")):
            for kind in ("dataset", "service", "series"):
                iri = f"{self.base_iri}{kind}/{name}"
                if _is_iri(iri) and graphs.contains_named_graph(NamedNode(iri)):
                    return iri
            raise NotFoundError(
                "there is no such record", where=name, hint="Search for it: ndl-graph query, or /dataset?q=…"
            )
        if not _is_iri(name):
            raise NotFoundError("this is no IRI", where=name)
        if graphs.contains_named_graph(NamedNode(name)):
            return name
        for quad in graphs.quads_for_pattern(None, FOAF.primaryTopic, NamedNode(name), None):
            if isinstance(quad.subject, NamedNode):
                return quad.subject.value
        raise NotFoundError("there is no such record", where=name, hint="Give a slug, a record IRI or a dataset IRI.")

    def get(self, name: str) -> Record:
        """The record of that slug, record IRI or dataset IRI; raises `NotFoundError` or `RemovedError`."""
        iri = self.iri_of(name)
        triples = self.snapshot().view.triples(iri)
        node = NamedNode(iri)
        own = {triple.predicate: triple.object for triple in triples if triple.subject == node}
        topic = own.get(FOAF.primaryTopic)
        if own.get(RDF.type) == NDL.Tombstone or not isinstance(topic, NamedNode):
            title, removed = own.get(DCT.title), own.get(NDL.removed)
            raise RemovedError(
                "this record was removed",
                where=iri,
                title=title.value if isinstance(title, Literal) else None,
                removed=removed.value if isinstance(removed, Literal) else None,
            )
        key = own.get(NDL.key)
        kind = iri.removeprefix(self.base_iri).split("/", 1)[0]
        return Record(
            iri=node,
            dataset=topic,
            kind=kind,
            key=key.value if isinstance(key, Literal) else "",
            statements=Statements(triples=triples),
        )

    def describe(self, record: Record, languages: Sequence[str] = ("en",)) -> DescriptionView:
        """A record as its reader sees it."""
        return DescriptionView(record.triples, record.dataset, self.labels, languages)

    def records(self) -> Iterator[Record]:
        """Every record, in the order of their IRIs."""
        for iri, _, _ in self.listing():
            yield self.get(iri)

    def listing(self) -> list[tuple[str, str, str]]:
        """Every record, by IRI: record IRI, dataset IRI and the date of its last change; kept for the snapshot."""
        snapshot = self.snapshot()
        with self._lock:
            if self._listing is None or self._listing[0] != snapshot.name:
                found = snapshot.view.graphs.query(
                    "SELECT ?record ?dataset ?modified WHERE { GRAPH ?record { ?record ndl:digest ?digest ; "
                    "foaf:primaryTopic ?dataset ; dct:modified ?modified } }",
                    prefixes=PREFIXES,
                )
                assert isinstance(found, QuerySolutions)
                rows = sorted((row["record"].value, row["dataset"].value, row["modified"].value) for row in found)
                self._listing = (snapshot.name, rows)
            return self._listing[1]

    def holder_of(self, node: str) -> str:
        """The IRI of the record that says something of a node; raises `NotFoundError`."""
        if _is_iri(node):
            for quad in self.snapshot().view.graphs.quads_for_pattern(NamedNode(node), None, None, None):
                if isinstance(quad.graph_name, NamedNode):
                    return quad.graph_name.value
        raise NotFoundError("no record says anything of it", where=node)

    def search(self, query: SearchQuery) -> SearchResult:
        """Records that match."""
        return self.snapshot().index.search(query)

    # --- SPARQL ---

    def query(
        self,
        text: str,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
    ) -> QuerySolutions | QueryBoolean | QueryTriples:
        """Runs a SPARQL 1.1 query on the union of all records, or on the graphs named (SPARQL 1.1 Protocol, 2.1.4).

        Raises `QueryError` with line and column.
        """
        refuse_excess(text)
        try:
            default: list[NamedNode | BlankNode | DefaultGraph] = [NamedNode(iri) for iri in default_graphs]
            named: list[NamedNode | BlankNode] = [NamedNode(iri) for iri in named_graphs]
        except ValueError as error:
            raise QueryError(f"a graph is named by no IRI: {error}") from None
        with told_as_query_error(text):
            return self.snapshot().view.graphs.query(
                text,
                prefixes=PREFIXES,
                default_graph=default or None,
                named_graphs=named or None,
            )

    # --- removing ---

    def remove(self, name: str) -> str:
        """Removes a record and leaves a tombstone; gives its IRI. Raises `NotFoundError`."""
        record = self.get(name)
        title = self.describe(record).title
        with self.store.writer() as writer, open_index(writer) as index:
            lines = [
                f"{triple}"
                for triple in (
                    Triple(record.iri, RDF.type, NDL.Tombstone),
                    Triple(record.iri, DCT.title, Literal(title)),
                    Triple(record.iri, FOAF.primaryTopic, record.dataset),
                    *([Triple(record.iri, NDL.key, Literal(record.key))] if record.key else []),
                    Triple(record.iri, NDL.removed, now()),
                )
            ]
            writer.replace([(record.iri.value, lines)], [record.iri.value])
            index.replace([], [record.iri.value])
            index.commit()
            writer.commit()
        return record.iri.value

    def rejected(self) -> list[Mapping[str, str]]:
        """The descriptions that were turned away: IRI of the rejection, dataset, title, source and date."""
        store = self.store.snapshot()
        found = store.rejected.query(
            "SELECT ?iri ?dataset ?title ?source ?date WHERE { GRAPH ?g { ?iri a ndl:Rejection ; "
            "foaf:primaryTopic ?dataset ; dct:title ?title ; ndl:sourceName ?source ; dct:issued ?date } } "
            "ORDER BY ?iri",
            prefixes=PREFIXES,
        )
        assert isinstance(found, QuerySolutions)
        names = [variable.value for variable in found.variables]
        return [{name: row[name].value for name in names} for row in found]

    def reasons(self, iri: str) -> list[dict[str, str | None]]:
        """Why a description was rejected: message, focus node and path of each result."""
        found = self.store.snapshot().rejected.query(
            f"SELECT ?message ?focus_node ?path WHERE {{ GRAPH <{iri}> {{ ?result sh:resultMessage ?message ; "
            "sh:focusNode ?focus_node OPTIONAL { ?result sh:resultPath ?path } } }",
            prefixes=PREFIXES,
        )
        assert isinstance(found, QuerySolutions)
        names = [variable.value for variable in found.variables]
        return [{name: row[name].value if row[name] else None for name in names} for row in found]


@contextmanager
def open_index(writer: GraphWriter) -> Iterator[SearchIndex]:
    """The index that belongs to a writer's working copy."""
    yield SearchIndex.writing(writer.folder / "index")


def now() -> Literal:
    """The present time as `xsd:dateTime`, to the second."""
    return Literal(datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), datatype=XSD.dateTime)


def _is_iri(text: str) -> bool:
    try:
        NamedNode(text)
    except ValueError:
        return False
    return True


#: Oxigraph's parser and evaluator need stack for each level; some thousands would end the process.
DEEPEST_QUERY: Final = 500
MOST_OPERATORS: Final = 2_000
_QUIET: Final = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"""|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|<[^<>"{}|^`\\\s]*>|#[^\n]*'
)
_SERVICE: Final = re.compile(r"(?<![?$:\w-])service\s*(?:silent\b\s*)?(?=[<?$]|[\w-]*:)", re.I)


def refuse_excess(text: str) -> None:
    """Raises `QueryError` for what would overflow the engine's stack, and for calls to other servers."""
    told = _QUIET.sub(lambda found: "<>" if found[0].startswith("<") else " ", text)
    if _SERVICE.search(told):
        raise QueryError(
            "SERVICE is not allowed: this endpoint asks no other server",
            hint="Query the other endpoint yourself, and join the answers.",
        )
    depth = deepest = 0
    for mark in told:
        if mark in "({[":
            depth += 1
            deepest = max(deepest, depth)
        elif mark in ")}]":
            depth -= 1
    if deepest > DEEPEST_QUERY:
        raise QueryError(f"brackets are nested {deepest} deep; {DEEPEST_QUERY} is the most", hint="Simplify the query.")
    operators = sum(told.count(mark) for mark in "+-*/|&!=^") + len(
        re.findall(r"\b(?:union|optional|minus)\b", told, re.I)
    )
    if operators > MOST_OPERATORS:
        raise QueryError(f"there are {operators} operators; {MOST_OPERATORS} is the most", hint="Simplify the query.")


@contextmanager
def told_as_query_error(text: str) -> Iterator[None]:
    """Answers are computed while they are read: what goes wrong then is still the query's."""
    try:
        yield
    except SyntaxError as error:
        raise query_error(str(error), text) from None
    except (ValueError, OSError, RuntimeError) as error:
        raise QueryError(f"it cannot be run: {str(error).splitlines()[0][:300]}") from None


def query_error(said: str, text: str) -> QueryError:
    """The engine's words about a query as line, column and a caret under the place."""
    place = re.search(r"(?:error )?at (\d+):(\d+): (.*)", said, re.S)
    if not place:
        return QueryError(said.split("\n", 1)[0][:300], hint=_hint(said))
    line, column = int(place[1]), int(place[2])
    lines = text.splitlines() or [""]
    shown = lines[min(line, len(lines)) - 1]
    start = max(0, column - 60)
    caret = f"{shown[start : column + 40]}\n  {' ' * (column - 1 - start)}^"
    message = "the query cannot be understood here" if "expected" in place[3] else place[3].strip()[:300]
    return QueryError(message, where=f"line {line}, column {column}", hint=caret, line=line, column=column)


def _hint(said: str) -> str | None:
    if "prefix" in said.casefold():
        return "Declare the prefix first, as in: PREFIX dct: <http://purl.org/dc/terms/>"
    return None
