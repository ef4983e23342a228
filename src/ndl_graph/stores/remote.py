"""Records on any SPARQL 1.1 server, over Query and Update; the text index and rejections stay in a folder here.

Each record is a named graph, and stands in the default graph as well, so that the union is a set whatever the server
makes of its default graph. A record is written by one request that leaves the old state or the new. There are no
snapshots: what is written is seen at once, and a version in the catalogue's own graph tells readers of it.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pyoxigraph import Literal, NamedNode, Triple

from ndl_graph.errors import StoreError, StoreLiesError
from ndl_graph.namespaces import DCAT, NDL, RDF
from ndl_graph.stores.embedded import EmbeddedStore, EmbeddedWriter, Snapshot
from ndl_graph.stores.server import RemoteGraphs, Server

__all__ = ["RemoteSnapshot", "RemoteStore", "RemoteWriter"]

_BATCH: Final = 100
_FRESH: Final = 1.0  # seconds for which a version that was read counts as the newest
_VERSION: Final = "index-of"


class RemoteSnapshot:
    """The records as the server has them now, with the index and the rejections kept here."""

    def __init__(self, name: str, graphs: RemoteGraphs, local: Snapshot) -> None:
        self.name = name
        self.written = datetime.fromisoformat(name)
        self.graphs = graphs
        self.folder = local.folder
        self.aside = local.aside


class RemoteWriter:
    """Writes records to the server at once, and what is kept here at `commit`."""

    def __init__(self, store: "RemoteStore", local: EmbeddedWriter) -> None:
        self._store = store
        self._local = local
        self.folder = local.folder
        self.graphs = store.graphs
        self._changed = False

    def replace(self, graphs: Sequence[tuple[str, Sequence[str]]], existing: Iterable[str]) -> None:
        """Puts graphs, given as IRI and N-Triples lines; those in `existing` are cleared first."""
        self._changed = self._changed or bool(graphs)
        old = dict.fromkeys(existing)
        new = dict(graphs)
        names = [*old, *(iri for iri in new if iri not in old)]
        for start in range(0, len(names), _BATCH):
            batch = names[start : start + _BATCH]
            updates = [_update(iri, new.get(iri, ()), iri in old) for iri in batch]
            try:
                self.graphs.update(" ;\n".join(updates))
            except StoreLiesError:
                # One of them is to blame; the others can be written.
                for iri, update in zip(batch, updates, strict=True):
                    try:
                        self.graphs.update(update)
                    except StoreLiesError as error:
                        error.where = iri
                        raise

    def set_aside(self, graphs: Sequence[tuple[str, Iterable[Triple]]]) -> None:
        """Keeps graphs beside the records."""
        self._local.set_aside(graphs)

    def forget(self, graphs: Iterable[str]) -> None:
        """Drops graphs that were set aside."""
        self._local.forget(graphs)

    def commit(self) -> None:
        """Tells readers of what was written, and makes a snapshot of what is kept here."""
        there = self._store.current()
        version = datetime.now(UTC).isoformat(timespec="microseconds") if self._changed or not there else there
        index = self.folder / "index"
        index.mkdir(exist_ok=True)
        marker = index / _VERSION
        marker.unlink(missing_ok=True)  # the file may be a link to that of a snapshot
        marker.write_text(version, "utf-8")
        self._local.commit()
        if version != there:
            catalogue = NamedNode(f"{self._store.base_iri}catalog")
            said = [
                Triple(catalogue, RDF.type, DCAT.Catalog),
                Triple(catalogue, NDL.version, Literal(version)),
            ]
            self.replace([(catalogue.value, [str(triple) for triple in said])], [catalogue.value])
        self._changed = False
        self._store.forget_version()


def _update(iri: str, lines: Sequence[str], exists: bool) -> str:
    """The update that puts one record in the place of what stands there."""
    graph = NamedNode(iri)
    parts = []
    if exists:
        parts.append(
            f"DELETE {{ ?s ?p ?o }} WHERE {{ GRAPH {graph} {{ ?s ?p ?o }} "
            f"FILTER NOT EXISTS {{ GRAPH ?other {{ ?s ?p ?o }} FILTER (?other != {graph}) }} }}"
        )
        parts.append(f"DROP SILENT GRAPH {graph}")
    if lines:
        text = " .\n".join(lines) + " ."
        parts.append(f"INSERT DATA {{\n{text}\nGRAPH {graph} {{\n{text}\n}} }}")
    return " ;\n".join(parts)


class RemoteStore:
    """A store on a SPARQL server; `folder` keeps the index, the rejections and the lock of the one writer."""

    def __init__(self, server: Server, folder: Path, base_iri: str | None = None) -> None:
        self.server = server
        self.graphs = RemoteGraphs(server)
        self._version: tuple[float, str | None] | None = None
        self.local = EmbeddedStore(folder, base_iri)
        if not self.local.exists and not base_iri:
            self.local.base_iri = self._base_there() or self.local.base_iri

    @property
    def base_iri(self) -> str:
        """What the IRIs of records start with."""
        return self.local.base_iri

    @base_iri.setter
    def base_iri(self, base: str) -> None:
        self.local.base_iri = base

    def _base_there(self) -> str | None:
        """The base of a catalogue that another machine has put on the server."""
        rows = self.graphs.select("SELECT ?catalogue { GRAPH ?catalogue { ?catalogue ndl:version ?version } } LIMIT 1")
        for row in rows:
            if isinstance(row["catalogue"], NamedNode):
                return row["catalogue"].value.removesuffix("catalog")
        return None

    @property
    def exists(self) -> bool:
        """Whether anything has been committed yet."""
        return self.current() is not None

    def forget_version(self) -> None:
        """Has the version read anew."""
        self._version = None

    def fresh(self) -> str | None:
        """The newest version where it was read a moment ago, so that asking takes no time."""
        found = self._version
        return found[1] if found is not None and time.monotonic() - found[0] < _FRESH else None

    def current(self) -> str | None:
        """The newest version; raises `StoreError` where the server cannot tell."""
        found = self._version
        if found is None or time.monotonic() - found[0] >= _FRESH:
            catalogue = NamedNode(f"{self.base_iri}catalog")
            rows = self.graphs.select(f"SELECT ?version {{ GRAPH {catalogue} {{ {catalogue} ndl:version ?version }} }}")
            versions = sorted(said.value for row in rows if isinstance(said := row.get("version"), Literal))
            found = self._version = (time.monotonic(), versions[-1] if versions else None)
        return found[1]

    @property
    def is_indexed(self) -> bool:
        """Whether the index kept here is that of the newest version."""
        name = self.local.current()
        if name is None:
            return False
        try:
            said = (self.local.folder / "snapshots" / name / "index" / _VERSION).read_text("utf-8")
        except OSError:
            return False
        return said == self.current()

    def snapshot(self) -> RemoteSnapshot:
        """The records as they are; raises `StoreError` where there is nothing yet."""
        version = self.current()
        if version is None:
            raise StoreError(
                "there is nothing in the store yet",
                where=self.server.query_url,
                hint="Load something first: ndl-graph load data --store URL",
            )
        return RemoteSnapshot(version, self.graphs, self.local.snapshot())

    @contextmanager
    def writer(self) -> Iterator[RemoteWriter]:
        """The writer; raises `StoreBusyError` while another process here writes."""
        self.current()  # a server that is down is told before anything is begun
        with self.local.writer() as local:
            yield RemoteWriter(self, local)
