"""The catalogue: get, query, search, remove, and the parts that loading is made of.

Stores are handed in; this room knows only the protocol they keep.
"""

import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime
from functools import cached_property
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, Final, Protocol

from pyoxigraph import Literal, NamedNode, QueryBoolean, QuerySolutions, QueryTriples, Triple

from ndl_graph.description import DescriptionView
from ndl_graph.errors import NotFoundError, QueryError, RemovedError, StoreError
from ndl_graph.examining import findings
from ndl_graph.history import Former, Revision, changes_of, own_lines
from ndl_graph.identity import distinct_slugs
from ndl_graph.labels import Labels, default_labels
from ndl_graph.namespaces import DCT, FOAF, NDL, RDF, XSD
from ndl_graph.quality import (
    Scorer,
    broken_rules,
    faulty_records,
    history_lines,
    history_of,
    summary_lines,
)
from ndl_graph.record import Record, Statements, Term
from ndl_graph.search import (
    Hit,
    Meaning,
    Progress,
    QualityCounts,
    SearchIndex,
    SearchQuery,
    SearchResult,
    UseAnswer,
    UseQuery,
)
from ndl_graph.sparql import Query, Statistics, count
from ndl_graph.validation import load_profile, profile_names, validate

__all__ = ["Answer", "Catalog", "GraphStore", "GraphWriter", "Graphs", "OpenSnapshot", "View"]


_MOMENT: Final = "%Y-%m-%dT%H:%M:%SZ"
_BATCH: Final = 100
_SCORED: Final = 1_000

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

    def query(self, query: Query, default_graphs: Sequence[str] = (), named_graphs: Sequence[str] = ()) -> Answer:
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

    @cached_property
    def written(self) -> str:
        """When it was written (`xsd:dateTime`, UTC)."""
        return self.view.written.astimezone(UTC).strftime(_MOMENT)


class Catalog:
    """The descriptions in a store, for reading; new snapshots are taken up as they appear."""

    def __init__(self, store: GraphStore, labels: Labels | None = None, scorer: Callable[[], Scorer] = Scorer) -> None:
        self.store = store
        self._scorer = scorer
        self.labels = labels or default_labels()
        self.meaning: Meaning | None = None
        self._open: OpenSnapshot | None = None
        self._listing: tuple[str, list[tuple[str, str, str]]] | None = None
        self._lock = threading.Lock()
        self._statistics: tuple[str, Statistics] | None = None
        self._counting = threading.Lock()
        self._slugs: dict[tuple[str, str], dict[str, str]] = {}

    @property
    def base_iri(self) -> str:
        """What the IRIs of records start with."""
        return self.store.base_iri

    def opened(self) -> OpenSnapshot | None:
        """The newest snapshot if it is open already, so that asking takes no time."""
        found = self._open
        return found if found is not None and found.name == self.store.fresh() else None

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
            for kind in ("dataset", "service", "series", "use", "catalog"):
                iri = f"{self.base_iri}{kind}/{name}"
                if _is_iri(iri) and graphs.has(iri):
                    return iri
            raise NotFoundError(
                "there is no such record", where=name, hint="Search for it: ndl-graph query, or /dataset?q=…"
            )
        if not _is_iri(name):
            raise NotFoundError("this is no IRI", where=name)
        if graphs.has(name):
            return name
        for row in graphs.select(
            f"SELECT ?record {{ GRAPH ?record {{ ?record foaf:primaryTopic <{name}> }} }} LIMIT 1"
        ):
            if isinstance(row["record"], NamedNode):
                return row["record"].value
        raise NotFoundError("there is no such record", where=name, hint="Give a slug, a record IRI or a dataset IRI.")

    def at(self, address: str) -> Record:
        """The record with that very address; raises `NotFoundError` or `RemovedError`.

        What a record is about may be called by an address of ours too: only `get` looks for that.
        """
        graphs = self.snapshot().view.graphs
        if not _is_iri(address) or not graphs.has(address):
            raise NotFoundError("there is no such record", where=address)
        return self._record(address, graphs.triples(address))

    def get(self, name: str) -> Record:
        """The record of that slug, record IRI or dataset IRI; raises `NotFoundError` or `RemovedError`."""
        iri = self.iri_of(name)
        return self._record(iri, self.snapshot().view.graphs.triples(iri))

    def _record(self, iri: str, triples: Sequence[Triple]) -> Record:
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
        """Every record that describes data, in the order of their IRIs, a hundred at a time."""
        return self._records(self.snapshot().view.graphs, [row[0] for row in self.listing()])

    def holdings(self) -> Iterator[Record]:
        """Every record that is published: descriptions, the register of uses, and catalogues that were described."""
        graphs = self.snapshot().view.graphs
        yield from self.records()
        yield from self._records(graphs, self.use_iris())
        found = graphs.select(
            "SELECT DISTINCT ?record { GRAPH ?record { ?topic a dcat:Catalog . ?record foaf:primaryTopic ?topic } }"
        )
        start = f"{self.base_iri}catalog/"
        yield from self._records(
            graphs, sorted(iri for row in found if (iri := _text(row["record"])).startswith(start))
        )

    def use_iris(self) -> list[str]:
        """The IRIs of all uses of data, in their order."""
        found = self.snapshot().view.graphs.select(
            "SELECT DISTINCT ?record { GRAPH ?record { ?record foaf:primaryTopic ?use ; ndl:digest ?digest . "
            "?use a ndl:Use } }"
        )
        return sorted(_text(row["record"]) for row in found)

    def _records(self, graphs: Graphs, iris: Iterable[str]) -> Iterator[Record]:
        for batch in batched(iris, _BATCH):
            for iri, triples in graphs.each(batch):
                yield self._record(iri, triples)

    def listing(self) -> list[tuple[str, str, str]]:
        """Every record, by IRI: record IRI, dataset IRI and the date of its last change; kept for the snapshot."""
        snapshot = self.snapshot()
        with self._lock:
            if self._listing is None or self._listing[0] != snapshot.name:
                self._listing = (snapshot.name, _listed(snapshot.view.graphs, self.base_iri))
            return self._listing[1]

    def uses(
        self, dataset: DescriptionView | None = None, limit: int = 100, offset: int = 0
    ) -> tuple[int, list[Record]]:
        """How many uses of data are registered, and some of them, the newest first; of one dataset, or all.

        A register names datasets by IRI or by title, so both are looked for.
        """
        which = "?use a ndl:Use ."
        if dataset is not None and isinstance(dataset.node, NamedNode):
            titles = " ".join(str(Literal(text)) for text in dataset.texts(DCT.title))
            named = f"UNION {{ ?use ndl:datasetName ?name VALUES ?name {{ {titles} }} }}" if titles else ""
            which = f"{{ ?use prov:used {dataset.node} }} {named} ?use a ndl:Use ."
        found = self.snapshot().view.graphs.select(
            "SELECT DISTINCT ?record ?start WHERE { "
            f"{which} ?record foaf:primaryTopic ?use . OPTIONAL {{ ?use prov:startedAtTime ?start }} }}"
        )
        rows = sorted(
            {(_text(row["start"]) if "start" in row else "", _text(row["record"])) for row in found}, reverse=True
        )
        records = {iri: when for when, iri in reversed(rows)}
        ordered = sorted(records, key=lambda iri: (records[iri], iri), reverse=True)
        wanted = ordered[offset : offset + limit]
        read = {record.iri.value: record for record in self._records(self.snapshot().view.graphs, wanted)}
        return len(ordered), [read[iri] for iri in wanted if iri in read]

    def holder_of(self, node: str) -> str:
        """The IRI of the record that says something of a node; raises `NotFoundError`."""
        if _is_iri(node):
            query = f"SELECT ?record {{ GRAPH ?record {{ <{node}> ?property ?value }} }} LIMIT 1"
            for row in self.snapshot().view.graphs.select(query):
                return _text(row["record"])
        raise NotFoundError("no record says anything of it", where=node)

    def search(self, query: SearchQuery) -> SearchResult:
        """Records that match, by meaning too where vectors are there."""
        snapshot = self.snapshot()
        near = None
        if self.meaning and query.text.strip():
            near = self.meaning.nearest(snapshot.name, snapshot.index.in_full(query.text))
        return snapshot.index.search(query, near)

    def keys(self) -> dict[str, int]:
        """How many records there are with each key, by its IRI."""
        return self.snapshot().index.keys()

    def with_key(self, key: str, limit: int, without: str = "") -> tuple[int, list[Hit]]:
        """How many records have a key, by its IRI, and the first of them; one record may be left out."""
        return self.snapshot().index.with_key(key, limit, without)

    def covering(self, nations: Sequence[str], limit: int) -> tuple[int, list[Hit]]:
        """How many records cover every one of some nations, and the first of them."""
        return self.snapshot().index.covering(nations, limit)

    def themes_by_nation(self) -> list[tuple[str, dict[str, int]]]:
        """Every theme, the commonest first, with how many records there are for each nation."""
        return self.snapshot().index.themes_by_nation()

    def slugs(self, facet: str) -> dict[str, str]:
        """A slug for every value of a facet: of publishers, those of `{base}organisation/…`."""
        snapshot = self.snapshot()
        key = (snapshot.name, facet)
        if key not in self._slugs:
            self._slugs = {one: slugs for one, slugs in self._slugs.items() if one[0] == snapshot.name}
            self._slugs[key] = distinct_slugs(snapshot.index.values(facet))
        return self._slugs[key]

    def levels(self) -> dict[str, int]:
        """How many records there are of each access level, by its name; `unstated` where none is known."""
        return self.snapshot().index.levels()

    def usable(self, asked: UseQuery, limit: int = 20) -> list[UseAnswer]:
        """Datasets by what somebody may do with them."""
        return self.snapshot().index.usable(asked, limit)

    def learn_meaning(self, told: Callable[[Progress], None] = lambda _: None) -> None:
        """Makes the vectors of the newest snapshot that are not known yet; takes as long as it takes."""
        snapshot = self.snapshot()
        if self.meaning is not None:
            self.meaning.catch_up(snapshot.name, snapshot.index.texts(), told)

    # --- SPARQL ---

    def statistics(self) -> Statistics:
        """What is in the newest snapshot by class and property; counted once for each snapshot."""
        snapshot = self.snapshot()
        with self._counting:
            if self._statistics is None or self._statistics[0] != snapshot.name:
                self._statistics = (snapshot.name, count(snapshot.view.graphs.select))
            return self._statistics[1]

    def query(self, query: Query, default_graphs: Sequence[str] = (), named_graphs: Sequence[str] = ()) -> Answer:
        """Runs a query here, without limits, on the union of all records or on the graphs named.

        For those who own the machine: queries from outside run in `sparql.pool`. Raises `QueryError`.
        """
        if query.services:
            raise QueryError("SERVICE is not allowed here", hint="Send the query to the web service, which limits it.")
        return self.snapshot().view.graphs.query(query, default_graphs, named_graphs)

    # --- changing ---

    def reindex(self) -> int:
        """Scores every record and makes the text index anew; gives how many records there are.

        What a record says stays; its scores are written where they have changed, since time and links go on.
        """
        scorer = self._scorer()
        with self.store.writer() as writer:
            shutil.rmtree(writer.folder / "index", ignore_errors=True)
            index = SearchIndex.writing(writer.folder / "index")
            for batch in batched([row[0] for row in _listed(writer.graphs, self.base_iri)], _SCORED):
                self._score(list(self._records(writer.graphs, batch)), scorer, writer, index)
            index.commit()
            summarise(writer, index, self.base_iri)
            writer.commit()
        self._open = None  # the snapshot may go by the same name with another index
        return len(index)

    def mend(self) -> bool:
        """Makes the text index anew where the newest snapshot has none that can be read; tells whether it did."""
        if not self.store.exists:
            return False
        if self.store.is_indexed:
            with suppress(StoreError):
                index = self.snapshot().index
                if len(index) == len(self.listing()):
                    return False
        self.reindex()
        return True

    def _score(self, records: Sequence[Record], scorer: Scorer, writer: GraphWriter, index: SearchIndex) -> None:
        views = [(record, self.describe(record)) for record in records]
        named = {profile.iri: profile for profile in (load_profile(one, self.base_iri) for one in profile_names())}
        stated = {
            triple.object.value
            for one in records
            for triple in one.triples
            if triple.subject == one.iri and triple.predicate == DCT.conformsTo and isinstance(triple.object, NamedNode)
        }
        used = [named[iri] for iri in sorted(stated & named.keys())]
        data = "".join(" .\n".join(own_lines(one.statements)) + " .\n" for one in records)
        broken = broken_rules(records, validate(used, data).results) if used else {}
        found = findings(views, scorer, faulty_records(records), broken)
        changed = []
        for record in records:
            lines = [*own_lines(record.statements), *found[record.iri.value].lines]
            if set(lines) != set(record.statements.lines):
                changed.append((record.iri.value, lines))
        writer.replace(changed, [iri for iri, _ in changed])
        index.replace((one.entry for one in found.values()), [])

    def quality(self, filters: Mapping[str, Sequence[str]] | None = None) -> QualityCounts:
        """How good the datasets are that pass the filters."""
        return self.snapshot().index.quality(filters)

    def marked(self, filters: Mapping[str, Sequence[str]]) -> Iterator[Mapping[str, Any]]:
        """The records that pass the filters, those with the fewest points first, as search shows them."""
        return self.snapshot().index.marked(filters)

    def marks_of(self, iri: str) -> Mapping[str, Any] | None:
        """The points of a record, what it lacks and which rules it breaks."""
        return self.snapshot().index.marks_of(iri)

    def history(self) -> list[tuple[str, dict[str, float]]]:
        """The average points of the catalogue after each load, the oldest first."""
        return history_of(_history(self.snapshot().view.graphs, self.base_iri))

    def former(self, record: str) -> list[Former]:
        """The descriptions that stood at a record before the present one, the oldest first."""
        found = self.snapshot().view.aside.select(
            f"SELECT ?graph ?start ?end {{ GRAPH ?graph {{ ?graph foaf:primaryTopic <{record}> ; "
            "a ndl:FormerDescription ; prov:generatedAtTime ?start ; prov:invalidatedAtTime ?end } }"
        )
        rows = [Former(_text(row["graph"]), _text(row["start"]), _text(row["end"])) for row in found]
        return sorted(rows, key=lambda one: (one.end, one.start))

    def as_of(self, name: str, moment: str) -> Record:
        """The record as it stood at a moment (`xsd:dateTime`, UTC); raises `NotFoundError` or `RemovedError`."""
        iri = self.iri_of(name)
        self.get(iri)  # one that was removed is not shown as it was
        for one in self.former(iri):
            if one.start <= moment < one.end:
                return self._record(iri, self._former_triples(one))
        present = self.get(iri)
        if present.described <= moment:
            return present
        raise NotFoundError("there was no description at this address then", where=f"{iri}, {moment}")

    def _former_triples(self, former: Former) -> list[Triple]:
        node = NamedNode(former.graph)
        return [one for one in self.snapshot().view.aside.triples(former.graph) if one.subject != node]

    def revisions(self, name: str, limit: int = 50) -> list[Revision]:
        """How a record changed, the newest change first; what was worked out here and the record itself left out."""
        present = self.get(name)
        iri = present.iri.value
        states: list[tuple[str, Statements]] = [
            (one.end, Statements(triples=self._former_triples(one))) for one in self.former(iri)[-limit:]
        ]
        states.append(("", present.statements))
        found = []
        for (end, before), (_, after) in pairwise(states):
            source = next(
                (_text(t.object) for t in after.triples if t.subject == present.iri and t.predicate == NDL.sourceName),
                "",
            )
            found.append(Revision(end, source, changes_of(iri, before, after)))
        return found[::-1]

    def remove(self, name: str) -> str:
        """Removes a record and leaves a tombstone; gives its IRI. Raises `NotFoundError`."""
        with self.store.writer() as writer:
            record = self.get(name)
            title = self.describe(record).title
            # What is withdrawn is gone, what it was before too, and what was turned away: there may be a reason why
            # nobody should read it.
            former = [one.graph for one in self.former(record.iri.value)]
            writer.forget([*former, f"{self.base_iri}rejected/{record.slug}"])
            index = SearchIndex.writing(writer.folder / "index")
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
            summarise(writer, index, self.base_iri)
            writer.commit()
        return record.iri.value

    def rejected(self) -> list[Mapping[str, str]]:
        """The descriptions that were turned away: IRI of the rejection, dataset, title, source and date."""
        found = self.store.snapshot().aside.select(
            "SELECT ?iri ?dataset ?title ?source ?date WHERE { GRAPH ?g { ?iri a ndl:Rejection ; "
            "foaf:primaryTopic ?dataset ; dct:title ?title ; ndl:sourceName ?source ; dct:issued ?date } } "
            "ORDER BY ?iri"
        )
        return [{name: _text(value) for name, value in row.items()} for row in found]

    def reasons(self, iri: str) -> list[dict[str, str | None]]:
        """Why a description was rejected: message, focus node and path of each result."""
        found = self.store.snapshot().aside.select(
            f"SELECT ?message ?focus_node ?path WHERE {{ GRAPH <{iri}> {{ ?result sh:resultMessage ?message ; "
            "sh:focusNode ?focus_node OPTIONAL { ?result sh:resultPath ?path } } }"
        )
        names = ("message", "focus_node", "path")
        return [{name: _text(row[name]) if name in row else None for name in names} for row in found]


_HISTORY: Final = 1_000


def _history(graphs: Graphs, base: str) -> list[dict[str, Term]]:
    return graphs.select(
        f"SELECT ?node ?metric ?value ?at {{ GRAPH <{base}quality> {{ ?node dqv:isMeasurementOf ?metric ; "
        "dqv:value ?value ; prov:generatedAtTime ?at } } ORDER BY ?at ?metric"
    )


def summarise(writer: GraphWriter, index: SearchIndex, base: str, at: Literal | None = None) -> None:
    """Writes the scores of the catalogue and its publishers to `{base}quality`; at a load, its history too."""
    graph, catalogue = f"{base}quality", NamedNode(f"{base}catalog")
    earlier: list[str] = []
    for row in _history(writer.graphs, base)[-_HISTORY:]:
        node = row["node"]
        assert isinstance(node, NamedNode)
        if row["at"] != at:
            earlier += history_lines(node, catalogue, row["metric"], row["value"], row["at"])
    counts = index.quality()
    slugs = distinct_slugs(index.values("publisher"))
    lines = list(dict.fromkeys(summary_lines(base, counts, slugs, at, earlier)))
    writer.replace([(graph, lines)], [graph])


def now() -> Literal:
    """The present time as `xsd:dateTime`, to the second."""
    return Literal(datetime.now(UTC).strftime(_MOMENT), datatype=XSD.dateTime)


def _is_iri(text: str) -> bool:
    try:
        NamedNode(text)
    except ValueError:
        return False
    return True


def _listed(graphs: Graphs, base: str) -> list[tuple[str, str, str]]:
    found = graphs.select(
        "SELECT ?record ?dataset ?modified WHERE { GRAPH ?record { ?record ndl:digest ?digest ; "
        "foaf:primaryTopic ?dataset ; dct:modified ?modified } }"
    )
    rows = ((_text(row["record"]), _text(row["dataset"]), _text(row["modified"])) for row in found)
    return sorted(row for row in rows if not row[0].startswith(f"{base}use/"))


def batched(items: Iterable[str], size: int) -> Iterator[list[str]]:
    """Lists of so many items each; the last may be shorter."""
    left = iter(items)
    while batch := list(islice(left, size)):
        yield batch


def _text(term: Term) -> str:
    return str(term) if isinstance(term, Triple) else term.value
