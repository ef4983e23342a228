"""The catalogue, for reading: records, search, queries and what stood before.

Stores are handed in; this room knows only the protocol they keep.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from pyoxigraph import Literal, NamedNode, Triple

from ndl_graph.catalog.protocols import Answer, GraphStore, View
from ndl_graph.catalog.records import is_iri, listed, measured, moment, record_in, records_in, text_of
from ndl_graph.description import DescriptionView
from ndl_graph.errors import NotFoundError, QueryError
from ndl_graph.history import Former, Revision, changes_of
from ndl_graph.identity import distinct_slugs
from ndl_graph.labels import Labels, default_labels
from ndl_graph.namespaces import DCT, NDL, is_web
from ndl_graph.quality import history_of
from ndl_graph.record import Record, Statements
from ndl_graph.search import SearchIndex, SearchQuery, SearchResult
from ndl_graph.sparql import Query, Statistics, count
from ndl_graph.validation import load_profile, profile_names

if TYPE_CHECKING:  # commands that ask nothing by meaning start without what that takes
    from ndl_graph.search.meaning import Meaning, Progress

__all__ = ["Catalog", "OpenSnapshot"]


def _uses_of(dataset: DescriptionView | None) -> str:
    """The pattern for uses, of one dataset or of all; a register may name a dataset by its title."""
    if dataset is None or not isinstance(dataset.node, NamedNode):
        return "?use a ndl:Use ."
    titles = " ".join(str(Literal(text)) for text in dataset.texts(DCT.title))
    named = f"UNION {{ ?use ndl:datasetName ?name VALUES ?name {{ {titles} }} }}" if titles else ""
    return f"{{ ?use prov:used {dataset.node} }} {named} ?use a ndl:Use ."


def _record_of(address: str, base: str) -> str:
    """The record whose page, form or part is at one of our addresses: `…/cy/dataset/rivers.md#offer` is of `rivers`."""
    path = address[len(base) :].partition("#")[0].partition("?")[0].rstrip("/")
    path = path.removeprefix("cy/").removeprefix("en/")
    start, slash, last = path.rpartition("/")
    return f"{base}{start}{slash}{last.partition('.')[0]}"


class OpenSnapshot:
    """A snapshot with its index, open for reading."""

    def __init__(self, view: View) -> None:
        self.view = view
        self._slugs: dict[str, dict[str, str]] = {}

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
        return moment(self.view.written)

    def slugs(self, facet: str) -> dict[str, str]:
        """A slug for every value of a facet: of publishers, those of `{base}organisation/…`."""
        if facet not in self._slugs:
            self._slugs[facet] = distinct_slugs(self.index.values(facet))
        return self._slugs[facet]


class Catalog:
    """The descriptions in a store, for reading; new snapshots are taken up as they appear."""

    def __init__(self, store: GraphStore, labels: Labels | None = None) -> None:
        self.store = store
        self.labels = labels or default_labels()
        self.meaning: Meaning | None = None
        self._open: OpenSnapshot | None = None
        self._listing: tuple[str, list[tuple[str, str, str]]] | None = None
        self._lock = threading.Lock()
        self._statistics: tuple[str, Statistics] | None = None
        self._counting = threading.Lock()

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

    def reopen(self) -> None:
        """Takes up the newest snapshot anew: it may go by the same name with another index."""
        self._open = None

    @property
    def index(self) -> SearchIndex:
        """The text index of the newest snapshot; raises `StoreError`."""
        return self.snapshot().index

    # --- records ---

    def iri_of(self, name: str) -> str:
        """The record IRI that a slug, a record IRI or a dataset IRI stands for; raises `NotFoundError`."""
        graphs = self.snapshot().view.graphs
        name = name.strip().removeprefix("ndl://record/")
        if not is_web(name):
            for kind in ("dataset", "service", "series", "use", "catalog"):
                iri = f"{self.base_iri}{kind}/{name}"
                if is_iri(iri) and graphs.has(iri):
                    return iri
            raise NotFoundError(
                "there is no such record", where=name, hint="Search for it: ndl-graph query, or /dataset?q=…"
            )
        if not is_iri(name):
            raise NotFoundError("this is no IRI", where=name)
        if graphs.has(name):
            return name
        for row in graphs.select(
            f"SELECT ?record {{ GRAPH ?record {{ ?record foaf:primaryTopic <{name}> }} }} LIMIT 1"
        ):
            if isinstance(row["record"], NamedNode):
                return row["record"].value
        page = _record_of(name, self.base_iri) if name.startswith(self.base_iri) else name
        if is_iri(page) and graphs.has(page):
            return page
        raise NotFoundError("there is no such record", where=name, hint="Give a slug, a record IRI or a dataset IRI.")

    def at(self, address: str) -> Record:
        """The record with that very address; raises `NotFoundError` or `RemovedError`.

        What a record is about may be called by an address of ours too: only `get` looks for that.
        """
        graphs = self.snapshot().view.graphs
        if not is_iri(address) or not graphs.has(address):
            raise NotFoundError("there is no such record", where=address)
        return record_in(address, graphs.triples(address), self.base_iri)

    def get(self, name: str) -> Record:
        """The record of that slug, record IRI or dataset IRI; raises `NotFoundError` or `RemovedError`."""
        iri = self.iri_of(name)
        return record_in(iri, self.snapshot().view.graphs.triples(iri), self.base_iri)

    def describe(self, record: Record, languages: Sequence[str] = ("en",)) -> DescriptionView:
        """A record as its reader sees it."""
        return DescriptionView(record.triples, record.dataset, self.labels, languages)

    def records(self) -> Iterator[Record]:
        """Every record that describes data, in the order of their IRIs, a hundred at a time."""
        return records_in(self.snapshot().view.graphs, [row[0] for row in self.listing()], self.base_iri)

    def holdings(self) -> Iterator[Record]:
        """Every record that is published: descriptions, the register of uses, and catalogues that were described."""
        graphs = self.snapshot().view.graphs
        yield from self.records()
        yield from records_in(graphs, self.use_iris(), self.base_iri)
        found = graphs.select(
            "SELECT DISTINCT ?record { GRAPH ?record { ?topic a dcat:Catalog . ?record foaf:primaryTopic ?topic } }"
        )
        start = f"{self.base_iri}catalog/"
        catalogues = sorted(iri for row in found if (iri := text_of(row["record"])).startswith(start))
        yield from records_in(graphs, catalogues, self.base_iri)

    def use_iris(self) -> list[str]:
        """The IRIs of all uses of data, in their order."""
        found = self.snapshot().view.graphs.select(
            "SELECT DISTINCT ?record { GRAPH ?record { ?record foaf:primaryTopic ?use ; ndl:digest ?digest . "
            "?use a ndl:Use } }"
        )
        return sorted(text_of(row["record"]) for row in found)

    def made_up(self, dataset: DescriptionView | None = None) -> int:
        """How many entries of the register are there to show what one looks like, and are no uses."""
        found = self.snapshot().view.graphs.select(
            f"SELECT DISTINCT ?use {{ {_uses_of(dataset)} ?use ndl:hypothetical true }}"
        )
        return len(found)

    def listing(self) -> list[tuple[str, str, str]]:
        """Every record, by IRI: record IRI, dataset IRI and the date of its last change; kept for the snapshot."""
        snapshot = self.snapshot()
        with self._lock:
            if self._listing is None or self._listing[0] != snapshot.name:
                self._listing = (snapshot.name, listed(snapshot.view.graphs, self.base_iri))
            return self._listing[1]

    def uses(
        self, dataset: DescriptionView | None = None, limit: int = 100, offset: int = 0
    ) -> tuple[int, list[Record]]:
        """How many uses of data are registered, and some of them, the newest first; of one dataset, or all.

        A register names datasets by IRI or by title, so both are looked for.
        """
        found = self.snapshot().view.graphs.select(
            "SELECT DISTINCT ?record ?start WHERE { "
            f"{_uses_of(dataset)} GRAPH ?record {{ ?record foaf:primaryTopic ?use }} "
            "OPTIONAL { ?use prov:startedAtTime ?start } }"
        )
        rows = sorted(
            {(text_of(row["start"]) if "start" in row else "", text_of(row["record"])) for row in found}, reverse=True
        )
        records = {iri: when for when, iri in reversed(rows)}
        ordered = sorted(records, key=lambda iri: (records[iri], iri), reverse=True)
        wanted = ordered[offset : offset + limit]
        read = {record.iri.value: record for record in records_in(self.snapshot().view.graphs, wanted, self.base_iri)}
        return len(ordered), [read[iri] for iri in wanted if iri in read]

    def holder_of(self, node: str) -> str:
        """The IRI of the record that says something of a node; raises `NotFoundError`."""
        if is_iri(node):
            query = f"SELECT ?record {{ GRAPH ?record {{ <{node}> ?property ?value }} }} LIMIT 1"
            for row in self.snapshot().view.graphs.select(query):
                return text_of(row["record"])
        raise NotFoundError("no record says anything of it", where=node)

    def said_of(self, node: NamedNode) -> list[Triple]:
        """What all records together say of a node."""
        rows = self.snapshot().view.graphs.select(f"SELECT DISTINCT ?property ?value {{ {node} ?property ?value }}")
        return [Triple(node, row["property"], row["value"]) for row in rows if isinstance(row["property"], NamedNode)]

    def search(self, query: SearchQuery) -> SearchResult:
        """Records that match, by meaning too where vectors are there."""
        snapshot = self.snapshot()
        near = None
        filters, advice = snapshot.index.known_values(query.filters, self.labels.text)
        if self.meaning and query.text.strip():
            near = self.meaning.nearest(snapshot.name, snapshot.index.in_full(query.text))
        found = snapshot.index.search(replace(query, filters=filters), near)
        return found if found.total or advice is None else replace(found, advice=advice)

    def learn_meaning(self, told: "Callable[[Progress], None]" = lambda _: None) -> None:
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

    def query(self, query: Query) -> Answer:
        """Runs a query here, without limits, on the union of all records or on the graphs that it names.

        For those who own the machine: queries from outside run in `sparql.pool`. Raises `QueryError`.
        """
        if query.services:
            raise QueryError("SERVICE is not allowed here", hint="Send the query to the web service, which limits it.")
        return self.snapshot().view.graphs.query(query)

    # --- what stood before, and what was turned away ---

    def history(self) -> list[tuple[str, dict[str, float]]]:
        """The average points of the catalogue after each load, the oldest first."""
        return history_of(measured(self.snapshot().view.graphs, self.base_iri))

    def former(self, record: str) -> list[Former]:
        """The descriptions that stood at a record before the present one, the oldest first."""
        found = self.snapshot().view.aside.select(
            f"SELECT ?graph ?start ?end {{ GRAPH ?graph {{ ?graph foaf:primaryTopic <{record}> ; "
            "a ndl:FormerDescription ; prov:generatedAtTime ?start ; prov:invalidatedAtTime ?end } }"
        )
        rows = [Former(text_of(row["graph"]), text_of(row["start"]), text_of(row["end"])) for row in found]
        return sorted(rows, key=lambda one: (one.end, one.start))

    def as_of(self, name: str, moment: str) -> Record:
        """The record as it stood at a moment (`xsd:dateTime`, UTC); raises `NotFoundError` or `RemovedError`."""
        iri = self.iri_of(name)
        self.get(iri)  # one that was removed is not shown as it was
        for one in self.former(iri):
            if one.start <= moment < one.end:
                return record_in(iri, self._former_triples(one), self.base_iri)
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
            said = (one for one in after.triples if one.subject == present.iri and one.predicate == NDL.sourceName)
            source = next((text_of(one.object) for one in said), "")
            found.append(Revision(end, source, changes_of(iri, before, after)))
        return found[::-1]

    def rejected(self) -> list[Mapping[str, str]]:
        """The descriptions that were turned away: IRI of the rejection, dataset, title, source and date."""
        found = self.store.snapshot().aside.select(
            "SELECT ?iri ?dataset ?title ?source ?date WHERE { GRAPH ?g { ?iri a ndl:Rejection ; "
            "foaf:primaryTopic ?dataset ; dct:title ?title ; ndl:sourceName ?source ; dct:issued ?date } } "
            "ORDER BY ?iri"
        )
        return [{name: text_of(value) for name, value in row.items()} for row in found]

    def reasons(self, iri: str) -> list[dict[str, str]]:
        """Why a description was rejected: message, focus node, path, fix and example of each result."""
        found = self.store.snapshot().aside.select(
            f"SELECT ?message ?focus_node ?path ?shape WHERE {{ GRAPH <{iri}> {{ ?result sh:resultMessage ?message ; "
            "sh:focusNode ?focus_node OPTIONAL { ?result sh:resultPath ?path } "
            "OPTIONAL { ?result sh:sourceShape ?shape } } }"
        )
        rules = {
            shape: rule for name in profile_names() for shape, rule in load_profile(name, self.base_iri).rules.items()
        }
        reasons = []
        for row in found:
            rule = rules.get(text_of(row["shape"])) if "shape" in row else None
            path = row.get("path")
            reasons.append(
                {
                    "message": text_of(row["message"]),
                    "focus_node": text_of(row["focus_node"]),
                    "path": rule.path if rule else path.value if isinstance(path, NamedNode) else "",
                    "fix": rule.fix if rule else "",
                    "example": rule.example if rule else "",
                }
            )
        return sorted(reasons, key=lambda one: (one["focus_node"], one["message"]))
