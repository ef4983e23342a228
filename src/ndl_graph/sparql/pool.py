"""A small pool of worker processes: none runs longer than it may, and no client holds them all.

The processes wait for work on the newest snapshot. One that overruns its limits is killed and another started in its
place; the client is told which limit it was. Clients wait their turn in one queue, and none may hold, or wait for,
more than its share.
"""

import asyncio
import json
import logging
import math
import os
import signal
import socket
import struct
import subprocess
import sys
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from ndl_graph.errors import BusyError, LimitError, NdlGraphError, QueryError, StoreError
from ndl_graph.namespaces import PREFIXES
from ndl_graph.sparql.query import Query, query_error
from ndl_graph.sparql.worker import CUT, DATA, END, FAILED, HEAD, READY, WHOLE

__all__ = ["Answer", "QueryLimits", "Runner", "Task", "WorkerPool"]

_LOG: Final = logging.getLogger(__name__)
_LENGTH: Final = struct.Struct("!cI")
_AGAIN: Final = 1.0  # seconds after which a process that could not be started is started again
_HINTS: Final = {
    "query_seconds": "Narrow it: fewer patterns, a filter on a class or publisher, a LIMIT without an ORDER BY.",
    "query_memory_bytes": "Sort, group and join less at once: add a filter, or ask for one class at a time.",
    "query_rows": "Ask for less with LIMIT, and for the next part with OFFSET; or count first.",
    "query_bytes": "Ask for fewer variables or rows; the whole catalogue can be downloaded instead.",
}
_SAID: Final = {
    "query_seconds": "the query took longer than {value:g} s",
    "query_memory_bytes": "the query needed more than {value:,.0f} bytes of memory",
    "query_rows": "the answer has more than {value:,.0f} rows",
    "query_bytes": "the answer is larger than {value:,.0f} bytes",
}


#: Gives the folder of the newest snapshot.
Newest = Callable[[], Awaitable[str]]


@dataclass(frozen=True)
class QueryLimits:
    """What a query may use: seconds on the clock, bytes of memory, rows and bytes of its answer."""

    query_seconds: float = 10
    query_memory_bytes: int = 1024**3
    query_rows: int = 1_000_000
    query_bytes: int = 256 * 1024**2

    def exceeded(self, limit: str) -> LimitError:
        """What to tell of a limit that was reached."""
        value = float(getattr(self, limit))
        return LimitError(_SAID[limit].format(value=value), hint=_HINTS[limit], limit=limit, value=value)


@dataclass(frozen=True)
class Task:
    """What a worker is to do: answer a query, or write a graph (`""` is the default graph, None the dataset).

    `limits` stand in the place of those of the pool, but for memory, which belongs to the process.
    """

    form: str
    query: Query | None = None
    default_graphs: Sequence[str] = ()
    named_graphs: Sequence[str] = ()
    graph: str | None = None
    limits: QueryLimits | None = None

    def request(self, folder: str, limits: QueryLimits) -> bytes:
        """The frame that tells a worker."""
        asked: dict[str, Any] = {
            "folder": folder,
            "form": self.form,
            "query_seconds": limits.query_seconds,
            "query_rows": limits.query_rows,
            "query_bytes": limits.query_bytes,
            "prefixes_shown": PREFIXES,
        }
        if self.query is None:
            asked["graph"] = self.graph
        else:
            # What the request names comes before what the query names (SPARQL 1.1 Protocol, section 2.1.4).
            own = not (self.default_graphs or self.named_graphs)
            asked |= {
                "query": self.query.for_engine,
                "prefixes": dict(self.query.added),
                "default_graphs": list(self.query.default_graphs if own else self.default_graphs),
                "named_graphs": list(self.query.named_graphs if own else self.named_graphs),
            }
        body = json.dumps(asked).encode()
        return len(body).to_bytes(4, "big") + body


@dataclass
class Answer:
    """An answer as it arrives: small ones `whole`, others in chunks, until a moment on the loop's clock.

    `rows` is known once it is complete, `cut` says why it is not; `settled` tells that the worker is done with it.
    """

    chunks: AsyncIterator[bytes]
    until: float
    whole: bytes | None = None
    rows: int | None = None
    cut: LimitError | None = None
    settled: bool = False


@dataclass(eq=False)
class _Worker:
    """A process and the way to it."""

    process: subprocess.Popen[bytes]
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def frame(self) -> tuple[bytes, bytes]:
        """The next frame; raises `EOFError` where the process has ended."""
        kind, size = _LENGTH.unpack(await self.reader.readexactly(_LENGTH.size))
        return kind, await self.reader.readexactly(size)


@dataclass(eq=False)
class _Waiting:
    client: str
    turn: "asyncio.Future[_Worker]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Runner(Protocol):
    """Where tasks from outside are run."""

    limits: QueryLimits

    async def start(self) -> None:
        """Makes ready."""

    async def close(self) -> None:
        """Lets go of what was made ready."""

    @property
    def state(self) -> dict[str, int]:
        """How many queries are in which state."""

    def run(self, task: Task, newest: Newest, client: str) -> AbstractAsyncContextManager[Answer]:
        """The answer to a task on the newest snapshot; its chunks are read inside the block."""


class WorkerPool:
    """Runs tasks in worker processes; belongs to one event loop, from `start` to `close`.

    `size` is the number of processes, `share` the part of them, and of the `queue`, that one client may hold; a client
    waits for its turn at most `wait_seconds`. `nice` is how far the processes stand back for others (0 to 19, as in
    `nice(2)`): whoever waits for a page comes before whoever asks a query.
    """

    def __init__(
        self,
        size: int = 4,
        limits: QueryLimits | None = None,
        share: float = 0.75,
        queue: int = 64,
        wait_seconds: float = 10,
        nice: int = 19,
    ) -> None:
        self.size = max(1, size)
        self.limits = limits or QueryLimits()
        self._most_held = max(1, math.floor(self.size * share))
        self._most_queued = max(1, math.floor(queue * share))
        self._queue = queue
        self._wait_seconds = wait_seconds
        self._nice = nice
        self._idle: list[_Worker] = []  # the one that worked last comes first: its memory is still warm
        self._all: set[_Worker] = set()
        self._held: Counter[str] = Counter()
        self._waiting: deque[_Waiting] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self._told = False

    async def start(self) -> None:
        """Starts the processes."""
        await asyncio.gather(*(self._add() for _ in range(self.size)))

    async def close(self) -> None:
        """Ends the processes."""
        self._closed = True
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*(self._end(worker) for worker in list(self._all)))

    @property
    def state(self) -> dict[str, int]:
        """How many workers are idle and busy, and how many queries wait."""
        return {"idle": len(self._idle), "busy": self._held.total(), "waiting": len(self._waiting)}

    @asynccontextmanager
    async def run(self, task: Task, newest: Newest, client: str) -> AsyncIterator[Answer]:
        """The answer to a task on the newest snapshot; its chunks are read inside the block.

        Raises `BusyError` where the client cannot get its turn, `LimitError` where the query took too much before
        anything of its answer was there, `QueryError` where the engine will not run it, and `StoreError` where there
        is nothing to run it on. Leaving the block early stops the work.
        """
        worker = await self._turn(client)
        limits = task.limits or self.limits
        answer = Answer(_nothing(), asyncio.get_running_loop().time() + limits.query_seconds)
        try:
            # Asked for now: while it waited for its turn the newest of then may have been cleared away.
            try:
                folder = await newest()
            except BaseException:
                answer.settled = True  # the worker has not been asked yet
                raise
            await self._ask(worker, task, folder, limits, answer)
            yield answer
        finally:
            self._give_back(worker, client, answer.settled)

    async def _ask(self, worker: _Worker, task: Task, folder: str, limits: QueryLimits, answer: Answer) -> None:
        try:
            async with asyncio.timeout_at(answer.until):
                worker.writer.write(task.request(folder, limits))
                await worker.writer.drain()
                kind, body = await worker.frame()
        except TimeoutError:
            raise limits.exceeded("query_seconds") from None
        except (EOFError, OSError):
            raise await self._died(worker) from None
        if kind == HEAD:
            answer.chunks = self._chunks(worker, answer, limits)
            return
        answer.settled = True
        if kind == FAILED:
            said = json.loads(body)
            answer.settled = said.get("limit") != "query_memory_bytes"
            raise await self._failure(said, task, limits)
        assert kind == WHOLE
        head, answer.whole = body.split(b"\n", 1)
        answer.rows = json.loads(head)["rows"]

    async def _chunks(self, worker: _Worker, answer: Answer, limits: QueryLimits) -> AsyncIterator[bytes]:
        while True:
            try:
                async with asyncio.timeout_at(answer.until):
                    kind, body = await worker.frame()
            except TimeoutError:
                answer.cut = limits.exceeded("query_seconds")
                return
            except (EOFError, OSError):
                answer.cut = await self._died(worker)
                return
            if kind == DATA:
                yield body
            elif kind == END:
                answer.settled, answer.rows = True, json.loads(body)["rows"]
                return
            else:
                assert kind == CUT
                answer.settled, answer.cut = True, limits.exceeded(json.loads(body)["limit"])
                return

    async def _failure(self, said: Mapping[str, str], task: Task, limits: QueryLimits) -> NdlGraphError:
        if said["kind"] == "limit":
            return limits.exceeded(said["limit"])
        if said["kind"] == "store":
            return StoreError("the newest snapshot cannot be opened", hint="Try again in a few seconds.")
        if said["kind"] == "syntax" and task.query is not None:
            # A text may have a million characters, and pages are not to wait while it is read.
            return await asyncio.to_thread(query_error, said["message"], task.query.text)
        return QueryError(f"it cannot be run: {said['message']}")

    async def _died(self, worker: _Worker) -> LimitError:
        """What ended a process: nearly always the limit of its memory."""
        code = await asyncio.to_thread(worker.process.wait)
        if code == -signal.SIGSEGV:
            return LimitError("the query is nested too deep for the engine", hint="Simplify it.", limit="nesting")
        return self.limits.exceeded("query_memory_bytes")

    # --- turns ---

    async def _turn(self, client: str) -> _Worker:
        self._bury()
        if self._idle and self._held[client] < self._most_held:
            self._held[client] += 1
            return self._idle.pop()
        queued = sum(one.client == client for one in self._waiting)
        if len(self._waiting) >= self._queue or queued >= self._most_queued:
            whose = "your" if queued >= self._most_queued else "many"
            raise BusyError(f"{whose} queries are waiting already", hint="Try again in a few seconds.", retry_after=5)
        waiting = _Waiting(client)
        self._waiting.append(waiting)
        try:
            async with asyncio.timeout(self._wait_seconds):
                return await waiting.turn
        except BaseException as error:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
            if waiting.turn.done() and not waiting.turn.cancelled():
                self._give_back(waiting.turn.result(), client, fit=True)  # its turn came in the same moment
            if isinstance(error, TimeoutError):
                said = f"no worker was free within {self._wait_seconds:g} s"
                raise BusyError(said, hint="Try again in a few seconds.", retry_after=5) from None
            raise

    def _serve(self) -> None:
        """Gives idle workers to those who wait, in their order, but to none more than its share."""
        while self._idle:
            found = next((one for one in self._waiting if self._held[one.client] < self._most_held), None)
            if found is None:
                return
            self._waiting.remove(found)
            if not found.turn.done():
                self._held[found.client] += 1
                found.turn.set_result(self._idle.pop())

    def _bury(self) -> None:
        """Replaces processes that ended while they were idle."""
        for worker in [one for one in self._idle if one.process.poll() is not None]:
            self._idle.remove(worker)
            self._spawn(self._replace(worker))

    def _give_back(self, worker: _Worker, client: str, fit: bool) -> None:
        self._held[client] -= 1
        if self._held[client] <= 0:
            del self._held[client]
        if fit and worker.process.returncode is None:
            self._idle.append(worker)
        else:
            self._spawn(self._replace(worker))
        self._serve()

    # --- processes ---

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _replace(self, worker: _Worker) -> None:
        await self._end(worker)
        while not self._closed:
            try:
                await self._add()
            except StoreError:
                await asyncio.sleep(_AGAIN)  # the machine has no room for it now
            else:
                return

    async def _end(self, worker: _Worker) -> None:
        self._all.discard(worker)
        with suppress(ProcessLookupError):
            worker.process.kill()
        worker.writer.close()
        with suppress(OSError):
            await worker.writer.wait_closed()
        await asyncio.to_thread(worker.process.wait)

    async def _add(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                process = await asyncio.to_thread(self._begin, theirs.fileno())
            except OSError as error:
                ours.close()
                raise StoreError(
                    f"a process for queries cannot be started: {error.strerror}", hint="Is there memory left?"
                ) from None
        reader, writer = await asyncio.open_connection(sock=ours)
        worker = _Worker(process, reader, writer)
        self._all.add(worker)
        try:
            # Its limits count from the moment at which a query is sent: one that still starts gets none.
            kind, alone = await worker.frame()
            assert kind == READY
        except (EOFError, OSError):
            await self._end(worker)
            raise StoreError("a process for queries cannot be started", hint="Is there memory left?") from None
        if self._closed:
            await self._end(worker)
            return
        if not alone and not self._told:
            self._told = True
            _LOG.warning(
                "processes for queries keep the network: this machine does not let them leave it, "
                "so that only the text of a query tells whether it calls another server"
            )
        self._idle.append(worker)
        self._serve()

    def _begin(self, descriptor: int) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(  # noqa: S603 - our own module, with numbers as arguments
            # Without the present folder: it may hold a file with the name of a module.
            [
                sys.executable,
                "-P",
                "-m",
                "ndl_graph.sparql.worker",
                str(descriptor),
                str(self.limits.query_memory_bytes),
            ],
            pass_fds=[descriptor],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # Each thread's arena would reserve address space that the limit counts.
            env={**os.environ, "MALLOC_ARENA_MAX": "2"},
            # A group of its own keeps Ctrl-C from it; in a session of its own it would weigh as much as the service.
            process_group=0,
        )
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, process.pid, self._nice)
        return process


async def _nothing() -> AsyncIterator[bytes]:
    nothing: tuple[bytes, ...] = ()
    for chunk in nothing:
        yield chunk
