"""The embedded store: immutable snapshots in a folder, and a pointer to the newest.

    FOLDER/
      catalogue.json     what the folder is, and the base IRI of its records
      CURRENT            the name of the newest snapshot
      writer.lock        held by the one writer
      snapshots/000007-1f9a3c/  graphs/ (published), rejected/, index/ (search)
      work-…/            a writer's own copy; of no account after a crash

A writer works on a copy of the newest snapshot (hard links, a few milliseconds) and makes its changes visible by
writing `CURRENT` anew. Whatever interrupts it before that, the last snapshot stands.
"""

import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout
from pyoxigraph import (
    BlankNode,
    DefaultGraph,
    NamedNode,
    Quad,
    QueryBoolean,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Store,
    Triple,
)

from ndl_graph.errors import StoreBusyError, StoreError
from ndl_graph.namespaces import PREFIXES
from ndl_graph.record import Term
from ndl_graph.sparql import Query, merged, told_as_query_error

__all__ = ["EmbeddedStore", "EmbeddedWriter", "Snapshot", "TemporaryStore"]

_FORMAT: Final = 3
_KEPT: Final = 2  # the newest snapshot and the one before, for going back
_PATIENCE: Final = (
    3.0  # seconds that somebody who writes for a moment, such as a service that catches up, is waited for
)
_SCATTERED: Final = 4  # bulks after which the files are merged before readers see them
_BULK: Final = 2_000  # quads from which writing files at once beats a transaction


class OxigraphGraphs:
    """The graphs in an Oxigraph store."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def has(self, graph: str) -> bool:
        """Whether there is a graph of that name."""
        return self.store.contains_named_graph(NamedNode(graph))

    def triples(self, graph: str) -> list[Triple]:
        """The triples of a graph; none where there is no such graph."""
        return [quad.triple for quad in self.store.quads_for_pattern(None, None, None, NamedNode(graph))]

    def each(self, graphs: Sequence[str]) -> Iterator[tuple[str, list[Triple]]]:
        """The triples of several graphs, graph by graph."""
        return ((graph, self.triples(graph)) for graph in graphs)

    def select(self, query: str) -> list[dict[str, Term]]:
        """The rows of one of our own queries; `PREFIXES` are known."""
        found = self.store.query(query, prefixes=PREFIXES)
        assert isinstance(found, QuerySolutions)
        names = [variable.value for variable in found.variables]
        return [{name: value for name in names if (value := row[name]) is not None} for row in found]

    def query(self, query: Query) -> QuerySolutions | QueryBoolean | QueryTriples:
        """The answer to a query; raises `QueryError`."""
        with told_as_query_error(query):
            if len(query.default_graphs) < 2:
                return self.store.query(query.for_engine, prefixes=dict(query.added))
            named: list[NamedNode | BlankNode] = list(map(NamedNode, query.named_graphs))
            return merged(self.store, list(map(NamedNode, query.default_graphs)), named).query(
                query.for_engine, prefixes=dict(query.added), default_graph=[DefaultGraph()], named_graphs=named
            )


class Snapshot:
    """One immutable state of the store, open for reading."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = folder.name
        self.written = datetime.fromtimestamp(folder.stat().st_mtime, UTC) if folder.exists() else datetime.now(UTC)
        try:
            self.graphs = OxigraphGraphs(Store.read_only(str(folder / "graphs")))
            self.aside = OxigraphGraphs(Store.read_only(str(folder / "rejected")))
        except (OSError, RuntimeError) as error:  # Oxigraph tells of a missing folder as RuntimeError
            raise StoreError(f"the snapshot cannot be opened: {error}", where=str(folder)) from None


class EmbeddedWriter:
    """The one writer; nothing it does is seen before `commit`."""

    def __init__(self, store: "EmbeddedStore", work: Path) -> None:
        self._store = store
        self.folder = work
        self.graphs = OxigraphGraphs(Store(str(work / "graphs")))
        self.aside = OxigraphGraphs(Store(str(work / "rejected")))
        self._bulks = 0

    def replace(self, graphs: Sequence[tuple[str, Sequence[str]]], existing: Iterable[str]) -> None:
        """Puts graphs, given as IRI and N-Triples lines; those in `existing` are cleared first.

        Each triple stands in its record's graph and once in the default graph, which is the union of all: Oxigraph's
        own union tells a triple as often as there are graphs that hold it, which SPARQL 1.1 (section 13.1) does not.
        """
        with _readable_errors(self.folder):
            gone: set[Triple] = set()
            for iri in existing:
                graph = NamedNode(iri)
                gone.update(quad.triple for quad in self.graphs.store.quads_for_pattern(None, None, None, graph))
                self.graphs.store.remove_graph(graph)
            text, count = _quads(graphs)
            if count >= _BULK:
                # What comes here was written by Oxigraph itself: checking its IRIs again costs a sixth.
                self.graphs.store.bulk_load(text, RdfFormat.N_QUADS, lenient=True)
                self._bulks += 1
            elif text:
                self.graphs.store.load(text, RdfFormat.N_QUADS)
            for triple in gone:
                if not self._stands(triple):
                    self.graphs.store.remove(Quad(triple.subject, triple.predicate, triple.object, DefaultGraph()))

    def _stands(self, triple: Triple) -> bool:
        """Whether some record still says so."""
        found = self.graphs.store.quads_for_pattern(triple.subject, triple.predicate, triple.object, None)
        return any(isinstance(quad.graph_name, NamedNode) for quad in found)

    def set_aside(self, graphs: Sequence[tuple[str, Iterable[Triple]]]) -> None:
        """Keeps graphs beside the records, in the place of those of the same IRI."""
        with _readable_errors(self.folder):
            for iri, triples in graphs:
                graph = NamedNode(iri)
                self.aside.store.remove_graph(graph)
                self.aside.store.extend(
                    Quad(triple.subject, triple.predicate, triple.object, graph) for triple in triples
                )

    def forget(self, graphs: Iterable[str]) -> None:
        """Drops graphs that were set aside."""
        for iri in graphs:
            if self.aside.store.contains_named_graph(NamedNode(iri)):
                self.aside.store.remove_graph(NamedNode(iri))

    def commit(self) -> None:
        """Makes a snapshot of the present state and points readers to it."""
        with _readable_errors(self.folder):
            if self._bulks >= _SCATTERED:
                # Each bulk left files that every reader would have to look into: merged, a query is up to five times
                # as fast, for a seventh of the time of a load.
                self.graphs.store.optimize()
                self._bulks = 0
            self._store.publish(self)

    def close(self) -> None:
        """Lets go of the stores, so that their folder can be removed."""
        del self.graphs, self.aside


def _quads(graphs: Sequence[tuple[str, Sequence[str]]]) -> tuple[str, int]:
    """N-Quads of the graphs, each statement also in the default graph, and how many there are."""
    parts: list[str] = []
    union: dict[str, None] = {}
    count = 0
    for iri, lines in graphs:
        # Joining is many times faster than formatting line by line, and a load joins millions.
        end = f" <{iri}> .\n"
        parts += [end.join(lines), end] if lines else []
        union.update(dict.fromkeys(lines))
        count += len(lines)
    if union:
        parts += [" .\n".join(union), " .\n"]
    return "".join(parts), count + len(union)


class EmbeddedStore:
    """A store in a folder; raises `StoreError` where the folder is something else or cannot be written."""

    def __init__(self, folder: Path, base_iri: str | None = None) -> None:
        self.folder = folder
        if folder.exists() and not self._meta.exists() and (folder.is_file() or not _is_empty(folder)):
            raise StoreError(
                "this is not a store of ndl-graph, and not empty",
                where=str(folder),
                hint="Name another folder with --store.",
            )
        self.base_iri = self._stated_base(base_iri) or base_iri or "http://127.0.0.1:8000/"

    @property
    def _meta(self) -> Path:
        return self.folder / "catalogue.json"

    def _stated_base(self, wanted: str | None) -> str | None:
        """The base IRI of what is in the store; None where there is nothing. Raises `StoreError` for another format."""
        if not self._meta.exists():
            return None
        try:
            said: dict[str, Any] = json.loads(self._meta.read_text("utf-8"))
            known, base = int(said["format"]), str(said["base_iri"])
        except (ValueError, KeyError, OSError) as error:
            raise StoreError(f"its description cannot be read: {error}", where=str(self._meta)) from None
        if known != _FORMAT:
            raise StoreError(
                f"the store has format {known}; this version reads {_FORMAT}",
                where=str(self.folder),
                hint="Load the catalogue again into a new folder.",
            )
        if wanted and wanted != base:
            raise StoreError(
                f"its records have the base IRI {base}, not {wanted}",
                where=str(self.folder),
                hint="Leave out --base-iri, or load the catalogue into a new folder.",
            )
        return base

    @property
    def exists(self) -> bool:
        """Whether anything has been committed yet."""
        return (self.folder / "CURRENT").exists()

    @property
    def is_indexed(self) -> bool:
        """Whether the text index is that of the newest snapshot: they are made together."""
        return True

    def fresh(self) -> str | None:
        """The name of the newest snapshot; to look it up takes no time."""
        return self.current()

    def current(self) -> str | None:
        """The name of the newest snapshot."""
        try:
            return (self.folder / "CURRENT").read_text("utf-8").strip()
        except FileNotFoundError:
            return None

    def snapshot(self) -> Snapshot:
        """The newest snapshot; raises `StoreError` where there is none."""
        tried: str | None = None
        while (name := self.current()) is not None:
            try:
                return Snapshot(self.folder / "snapshots" / name)
            except StoreError:
                if name == tried:
                    raise
                tried = name  # a writer may have gone on, and cleared it away, in between
        raise StoreError(
            "there is nothing in the store yet",
            where=str(self.folder),
            hint=f"Load something first: ndl-graph load data --store {self.folder}",
        )

    @contextmanager
    def writer(self) -> Iterator[EmbeddedWriter]:
        """The writer; raises `StoreBusyError` where another goes on writing. What is not committed is lost."""
        with _readable_errors(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.folder / "writer.lock", timeout=_PATIENCE)
        try:
            lock.acquire()
        except Timeout:
            raise StoreBusyError(
                "another process is writing to this store",
                where=str(self.folder),
                hint="Wait until it is done, or name another folder with --store.",
            ) from None
        except OSError as error:
            raise StoreError(f"it cannot be written: {error.strerror or error}", where=str(self.folder)) from None
        try:
            with _readable_errors(self.folder):
                self._clear_leftovers()
                self._stated_base(self.base_iri)  # another process may have made the store meanwhile
                work = self._copy()
                writer = EmbeddedWriter(self, work)
            try:
                yield writer
            finally:
                writer.close()
                shutil.rmtree(work, ignore_errors=True)
        finally:
            lock.release()

    def _clear_leftovers(self) -> None:
        """Removes what a writer that was killed left behind."""
        current = self.current()
        for path in self.folder.glob("work-*"):
            shutil.rmtree(path, ignore_errors=True)
        for path in (self.folder / "snapshots").glob("*"):
            if current is None or _number(path.name) is None or path.name > current:
                shutil.rmtree(path, ignore_errors=True)

    def _copy(self) -> Path:
        work = Path(tempfile.mkdtemp(prefix="work-", dir=self.folder))
        name = self.current()
        if name is None:
            return work
        snapshot = Snapshot(self.folder / "snapshots" / name)
        snapshot.graphs.store.backup(str(work / "graphs"))
        snapshot.aside.store.backup(str(work / "rejected"))
        _link_tree(snapshot.folder / "index", work / "index")
        return work

    def publish(self, writer: EmbeddedWriter) -> None:
        """Makes a snapshot of a writer's state; readers see it once `CURRENT` names it."""
        snapshots = self.folder / "snapshots"
        snapshots.mkdir(exist_ok=True)
        # What stands after the number tells the snapshot from one of a store that takes the place of this one.
        name = f"{(_number(self.current() or '') or 0) + 1:06d}-{secrets.token_hex(3)}"
        staged = Path(tempfile.mkdtemp(prefix="new-", dir=snapshots))
        writer.graphs.store.flush()
        writer.aside.store.flush()
        writer.graphs.store.backup(str(staged / "graphs"))
        writer.aside.store.backup(str(staged / "rejected"))
        _link_tree(writer.folder / "index", staged / "index")
        staged.chmod(0o755)
        staged.rename(snapshots / name)
        _sync(snapshots)
        if not self._meta.exists():
            # From now on there are records, and with them addresses that stay.
            _write_whole(self._meta, json.dumps({"format": _FORMAT, "base_iri": self.base_iri}, indent=2) + "\n")
        _write_whole(self.folder / "CURRENT", name + "\n")
        for old in sorted(path for path in snapshots.iterdir() if _number(path.name) is not None)[:-_KEPT]:
            shutil.rmtree(old, ignore_errors=True)


def _is_empty(folder: Path) -> bool:
    """Whether there is nothing in a folder but what a writer leaves behind that has committed nothing."""
    return all(path.name in ("writer.lock", "snapshots") or path.name.startswith("work-") for path in folder.iterdir())


def _number(name: str) -> int | None:
    """The number of a snapshot, from its name."""
    digits = name.split("-", 1)[0]
    return int(digits) if digits.isdigit() else None


class TemporaryStore(EmbeddedStore):
    """An embedded store in a folder of its own, gone with the process."""

    def __init__(self, base_iri: str | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="ndl-graph-", ignore_cleanup_errors=True)
        super().__init__(Path(self._folder.name), base_iri)

    def close(self) -> None:
        """Removes the folder."""
        self._folder.cleanup()


def _link_tree(source: Path, target: Path) -> None:
    """Copies a folder by hard links: its files are written once and then only replaced."""
    if source.exists():
        shutil.copytree(source, target, copy_function=os.link, ignore=shutil.ignore_patterns("*.lock"))


def _write_whole(path: Path, text: str) -> None:
    """Writes a file so that readers see the old text or the new, never a part."""
    staged = path.with_name(f".{path.name}-{os.getpid()}")
    with staged.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    staged.replace(path)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _readable_errors(folder: Path) -> Iterator[None]:
    """Turns what the disk says into words: full, not writable, not there."""
    try:
        yield
    except OSError as error:
        said = str(error)
        if "No space left" in said or "Disk quota" in said:
            raise StoreError(
                "the disk is full; the last complete state of the catalogue still stands",
                where=str(folder),
                hint="Make room, and load again.",
            ) from None
        reason = error.strerror or said
        raise StoreError(f"it cannot be written: {reason}", where=str(folder)) from None
