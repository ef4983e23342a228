"""A process that answers queries on snapshots, one after the other, and may be killed at any moment.

It is started by `pool` with one end of a socket pair. A request is a frame of JSON; an answer is either one frame
that holds all of it, or a head, chunks of what the engine serialises, and an end. What the process may use is
limited by the system, so that a query that wants more ends the process and nothing else.
"""

import contextlib
import json
import os
import re
import signal
import socket
import struct
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, ClassVar, Final, cast

from pyoxigraph import (
    BlankNode,
    DefaultGraph,
    NamedNode,
    Quad,
    QueryBoolean,
    QueryResultsFormat,
    QueryTriples,
    RdfFormat,
    Store,
    Triple,
    serialize,
)

from ndl_graph.namespaces import has_xml_name
from ndl_graph.sparql.merge import merged

__all__ = ["CUT", "DATA", "END", "FAILED", "HEAD", "READY", "WHOLE", "Rows", "main"]

#: Kinds of frames that a worker sends; each is followed by a length and so many bytes.
READY: Final = b"R"  # `alone` or nothing: the process can take its first request, and has no network
HEAD: Final = b"H"  # JSON: an answer follows in chunks
DATA: Final = b"D"  # a chunk of it
END: Final = b"E"  # JSON: it is complete
CUT: Final = b"C"  # JSON: it grew over a limit and stops here
WHOLE: Final = b"W"  # JSON, a line feed, and the whole answer
FAILED: Final = b"F"  # JSON: why there is none

#: What a query can compute and no XML can hold (XML 1.0, section 2.2); an engine writes it all the same.
_NOT_IN_XML: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}".encode()
_CHUNK: Final = 64 * 1024
_OPENING: Final = 512 * 1024**2  # bytes of address space for the stacks of the threads that open a store
_GRACE: Final = 5.0  # seconds after its limit in which the pool ends a query before the process ends itself
_LENGTH: Final = struct.Struct("!cI")


class _TooMuch(Exception):  # noqa: N818 - named after the condition
    """The answer is larger than it may be."""

    def __init__(self, limit: str) -> None:
        super().__init__(limit)
        self.limit = limit


class _StoreError(Exception):
    """The snapshot cannot be opened."""


class Rows:
    """Counts the rows in what the engine writes, by marks that cannot stand inside a value of that format."""

    _ENDS: ClassVar = {
        # In JSON a quotation mark inside a value has a backslash before it; in XML `<` is escaped.
        "json": re.compile(rb'[\[,]\{"|[\[,]\{\}(?=[,\]])'),
        "xml": re.compile(rb"</result>"),
        "tsv": re.compile(rb"\n"),
        "csv": re.compile(rb"\n"),
    }

    def __init__(self, form: str) -> None:
        self._form = form
        self._end = self._ENDS.get(form)
        self._open = False
        self._tail = b""
        self.count = -1 if form in ("csv", "tsv") else 0  # the first line is the header
        self._began = form != "json"

    def add(self, data: bytes) -> None:
        """Takes in the next bytes."""
        if self._end is None:
            return
        if self._form == "csv":
            # A line feed between quotation marks belongs to a value.
            for number, part in enumerate(data.split(b'"')):
                if number:
                    self._open = not self._open
                if not self._open:
                    self.count += part.count(b"\n")
            return
        data = self._tail + data
        if not self._began:
            start = data.find(b'"bindings":')
            if start < 0:
                self._tail = data
                return
            self._began = True
            data = data[start + len(b'"bindings":') :]
        last = 0
        for found in self._end.finditer(data):
            last = found.end()
            self.count += 1
        keep = len("</result>") - 1
        self._tail = data[max(last, len(data) - keep) :] if self._form != "tsv" else b""


class _Sender:
    """What the engine writes into: a small answer leaves as one frame, a large one in chunks as it grows."""

    def __init__(
        self, channel: socket.socket, head: dict[str, Any], form: str, rows: Rows, most_rows: int, most: int
    ) -> None:
        self._channel = channel
        self._head = head
        self._rows = rows
        self._most_rows = most_rows
        self._most = most
        self._buffer = bytearray()
        self._size = 0
        self._begun = False
        self._in_xml = form in ("xml", "rdfxml")

    def write(self, data: bytes) -> int:
        length = len(data)
        if self._in_xml:
            data = _NOT_IN_XML.sub(_REPLACEMENT, data)
        self._rows.add(data)
        self._size += len(data)
        if self._size > self._most:
            raise _TooMuch("query_bytes")
        if self._rows.count > self._most_rows:
            raise _TooMuch("query_rows")
        self._buffer += data
        if len(self._buffer) >= _CHUNK:
            self._flush()
        return length

    def flush(self) -> None:
        """The engine asks for it at the end; `finish` decides."""

    def _flush(self) -> None:
        if not self._begun:
            self._begun = True
            _send(self._channel, HEAD, self._head)
        _send(self._channel, DATA, bytes(self._buffer))
        self._buffer.clear()

    def finish(self, rows: int) -> None:
        if not self._begun:
            head = json.dumps({**self._head, "rows": rows}).encode()
            _send(self._channel, WHOLE, head + b"\n" + bytes(self._buffer))
            return
        if self._buffer:
            self._flush()
        _send(self._channel, END, {"rows": rows})

    def cut(self, limit: str) -> None:
        """Ends an answer that grew too large: with an error while nothing has left, else with a frame that says so."""
        _send(self._channel, CUT if self._begun else FAILED, {"kind": "limit", "limit": limit})


def _send(channel: socket.socket, kind: bytes, content: bytes | dict[str, Any]) -> None:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    channel.sendall(_LENGTH.pack(kind, len(body)) + body)


def _receive(channel: socket.socket) -> dict[str, Any] | None:
    head = channel.recv(4, socket.MSG_WAITALL)
    if len(head) < 4:
        return None
    size = int.from_bytes(head, "big")
    body = channel.recv(size, socket.MSG_WAITALL)
    if len(body) < size:
        return None
    request: dict[str, Any] = json.loads(body)
    return request


class Worker:
    """Answers requests on the snapshot that each names."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._folder = ""
        self._store: Store | None = None

    def run(self) -> None:
        """Answers until the other end is closed."""
        while (request := _receive(self._channel)) is not None:
            # Should nobody be left to end an overrun, the clock does.
            signal.setitimer(signal.ITIMER_REAL, request["query_seconds"] + _GRACE)
            try:
                self._answer(request)
            except SyntaxError as error:
                self._fail("syntax", str(error))
            except _StoreError as error:
                self._fail("store", str(error).split("\n", 1)[0][:300])
            except MemoryError:
                self._fail("limit", "", limit="query_memory_bytes")
                return
            except (ValueError, OSError, RuntimeError) as error:
                if isinstance(error, (BrokenPipeError, ConnectionResetError)):
                    return
                self._fail("run", str(error).split("\n", 1)[0][:300])
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)

    def _fail(self, kind: str, message: str, **more: str) -> None:
        _send(self._channel, FAILED, {"kind": kind, "message": message, **more})

    def _open(self, folder: str) -> Store:
        if self._store is None or folder != self._folder:
            self._store = None
            try:
                with _room_to_open():
                    self._store = Store.read_only(str(Path(folder) / "graphs"))
            except (OSError, RuntimeError) as error:
                raise _StoreError(str(error)) from None
            self._folder = folder
        return self._store

    def _answer(self, request: dict[str, Any]) -> None:
        store = self._open(request["folder"])
        form = request["form"]
        rows = Rows(form)
        sender = _Sender(self._channel, {}, form, rows, request["query_rows"], request["query_bytes"])
        try:
            sender.finish(self._write(store, request, sender, rows))
        except _TooMuch as error:
            sender.cut(error.limit)

    def _write(self, store: Store, request: dict[str, Any], sender: _Sender, rows: Rows) -> int:
        if "query" not in request:
            return _write_graph(_graph(store, request["graph"]), request, sender)
        default: list[NamedNode | BlankNode | DefaultGraph] = [NamedNode(iri) for iri in request["default_graphs"]]
        named: list[NamedNode | BlankNode] = [NamedNode(iri) for iri in request["named_graphs"]]
        if len(default) > 1:
            store, default = merged(store, default, named), [DefaultGraph()]
        answer = store.query(
            request["query"],
            prefixes=request["prefixes"],
            default_graph=default or ([] if named else None),
            named_graphs=named or ([] if default else None),
        )
        if request["form"] not in (_GRAPHS if isinstance(answer, QueryTriples) else _RESULTS):
            raise ValueError(f"the answer has no form in {request['form']}")
        if isinstance(answer, QueryTriples):
            return _write_graph(answer, request, sender)
        # The engine asks of what it writes into nothing but `write` and `flush`.
        answer.serialize(cast(IO[bytes], sender), format=_RESULTS[request["form"]])
        if isinstance(answer, QueryBoolean):
            return int(bool(answer))
        return rows.count


_RESULTS: Final = {
    "json": QueryResultsFormat.JSON,
    "xml": QueryResultsFormat.XML,
    "csv": QueryResultsFormat.CSV,
    "tsv": QueryResultsFormat.TSV,
}
_GRAPHS: Final = {
    "turtle": RdfFormat.TURTLE,
    "ntriples": RdfFormat.N_TRIPLES,
    "rdfxml": RdfFormat.RDF_XML,
    "jsonld": RdfFormat.JSON_LD,
    "trig": RdfFormat.TRIG,
    "nquads": RdfFormat.N_QUADS,
}


def _graph(store: Store, graph: str | None) -> Iterator[Triple | Quad]:
    """A named graph, the default graph (""), or with None the whole dataset: each record's graph with its name."""
    if graph is None:
        return (quad for quad in store if not isinstance(quad.graph_name, DefaultGraph))
    node = NamedNode(graph) if graph else DefaultGraph()
    return (quad.triple for quad in store.quads_for_pattern(None, None, None, node))


def _write_graph(statements: Iterable[Triple | Quad], request: dict[str, Any], sender: _Sender) -> int:
    count = 0
    most = request["query_rows"]

    def counted() -> Iterator[Triple | Quad]:
        nonlocal count
        for statement in statements:
            count += 1
            if count > most:
                raise _TooMuch("query_rows")
            if form == RdfFormat.RDF_XML and not has_xml_name(statement.predicate.value):
                raise ValueError(f"RDF/XML has no way to write the property {statement.predicate}; ask for Turtle")
            yield statement

    form = _GRAPHS[request["form"]]
    into, prefixes = cast(IO[bytes], sender), request["prefixes_shown"]
    serialize(cast(Iterable[Triple], counted()), into, format=form, prefixes=prefixes)
    return count


def _confine(memory: int) -> bool:
    """Takes from the process what no query needs: memory beyond a limit, the network, core files.

    Gives whether the network could be taken: not every machine lets a process leave it.
    """
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if memory:
            used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
            # What the engine reserves and does not use counts here, so the limit is on top of it.
            most = resource.getrlimit(resource.RLIMIT_AS)[1]
            low, high = used + memory, used + memory + _OPENING
            if most != resource.RLIM_INFINITY:
                low, high = min(low, most), min(high, most)
            resource.setrlimit(resource.RLIMIT_AS, (low, high))
    with contextlib.suppress(ImportError, OSError, AttributeError):
        import ctypes

        new_user, new_network = 0x10000000, 0x40000000
        system = ctypes.CDLL(None, use_errno=True)
        return not system.unshare(new_network) or not system.unshare(new_user | new_network)
    return False


@contextlib.contextmanager
def _room_to_open() -> Iterator[None]:
    """Lifts the limit of memory while the engine opens its files, which it does in many threads at once."""
    if sys.platform == "win32":
        yield
        return
    import resource

    low, high = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (high, high))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (low, high))


def main() -> None:
    """The process: `python -m ndl_graph.sparql.worker DESCRIPTOR MEMORY`."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    alone = _confine(int(sys.argv[2]))
    _send(channel, READY, b"alone" if alone else b"")
    with contextlib.suppress(KeyboardInterrupt):
        Worker(channel).run()


if __name__ == "__main__":
    main()
