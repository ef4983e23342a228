"""Has a SPARQL server answer public queries, with our limits on time, rows and bytes."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from typing import Any, Final

import httpx
from pyoxigraph import NamedNode, RdfFormat, parse, serialize

from ndl_graph.errors import LimitError
from ndl_graph.namespaces import PREFIXES
from ndl_graph.sparql.pool import Answer, Newest, QueryLimits, Task
from ndl_graph.sparql.worker import Rows
from ndl_graph.stores.server import MEDIA_TYPES, RemoteGraphs, Server, declared, in_words

__all__ = ["RemoteRunner"]

_WHOLE: Final = 64 * 1024
_BATCH: Final = 100
_DATASETS: Final = {"nquads": RdfFormat.N_QUADS, "trig": RdfFormat.TRIG}


class RemoteRunner:
    """Runs tasks on the server; belongs to one event loop, from `start` to `close`."""

    def __init__(self, server: Server, limits: QueryLimits) -> None:
        self._server = server
        self.limits = limits
        self._client: httpx.AsyncClient | None = None
        self._running = 0

    async def start(self) -> None:
        """Opens the connections."""
        self._client = httpx.AsyncClient(**self._server.arguments)

    async def close(self) -> None:
        """Closes the connections."""
        if self._client is not None:
            await self._client.aclose()

    @property
    def state(self) -> dict[str, int]:
        """How many queries are with the server."""
        return {"busy": self._running}

    def run(self, task: Task, newest: Newest, client: str) -> AbstractAsyncContextManager[Answer]:
        """The answer to a task; its chunks are read inside the block."""
        del newest, client  # the server has one state, and shares out its own time
        return self._run(task)

    @asynccontextmanager
    async def _run(self, task: Task) -> AsyncIterator[Answer]:
        limits = task.limits or self.limits
        answer = Answer(_iterated([]), asyncio.get_running_loop().time() + limits.query_seconds)
        if task.query is None and task.graph is None:
            answer.chunks = self._dataset(_DATASETS[task.form])
            yield answer
            return
        self._running += 1
        try:
            async with aclosing(await self._asked(task, limits, answer.until)) as response:
                await self._begin(response, task, limits, answer)
                yield answer
        finally:
            self._running -= 1

    async def _asked(self, task: Task, limits: QueryLimits, until: float) -> httpx.Response:
        assert self._client is not None
        request = self._client.build_request(
            "POST",
            self._server.query_url,
            data=self._form(task, limits),
            headers={"Accept": MEDIA_TYPES[task.form]},
            timeout=limits.query_seconds + 1,
        )
        try:
            async with asyncio.timeout_at(until):
                return await self._client.send(request, stream=True)
        except TimeoutError:
            raise limits.exceeded("query_seconds") from None
        except httpx.HTTPError as error:
            raise self._server.failure(error) from None

    async def _begin(self, response: httpx.Response, task: Task, limits: QueryLimits, answer: Answer) -> None:
        """Reads on until the answer is complete, or is seen to be a large one."""
        rows, first, chunks = Rows(task.form), bytearray(), response.aiter_bytes()
        try:
            async with asyncio.timeout_at(answer.until):
                if response.status_code != 200:
                    said = (await response.aread()).decode(errors="replace")
                    if response.status_code == 400 and task.query is not None:
                        raise in_words(said, task.query)
                    raise self._server.refusal(response.status_code, said)
                while len(first) <= _WHOLE and (chunk := await anext(chunks, None)) is not None:
                    first += chunk
        except TimeoutError:
            raise limits.exceeded("query_seconds") from None
        except httpx.HTTPError as error:
            raise self._server.failure(error) from None
        rows.add(bytes(first))
        if (over := _over(len(first), rows, limits)) is not None:
            raise over
        if len(first) > _WHOLE:
            answer.chunks = self._rest(bytes(first), chunks, rows, answer, limits)
            return
        answer.whole = bytes(first)
        answer.rows = _count(task, rows, answer.whole)
        answer.settled = True

    def _form(self, task: Task, limits: QueryLimits) -> dict[str, Any]:
        if task.query is None:
            pattern = f"GRAPH {NamedNode(task.graph)} {{ ?s ?p ?o }}" if task.graph else "?s ?p ?o"
            return {"query": f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ {pattern} }}"}
        return {
            "query": declared(task.query),
            "default-graph-uri": list(task.default_graphs),
            "named-graph-uri": list(task.named_graphs),
            # Fuseki and others stop by themselves when asked to, a little after we have given up.
            "timeout": str(int(limits.query_seconds) + 1),
        }

    async def _rest(
        self, first: bytes, chunks: AsyncIterator[bytes], rows: Rows, answer: Answer, limits: QueryLimits
    ) -> AsyncIterator[bytes]:
        size = len(first)
        yield first
        while True:
            try:
                async with asyncio.timeout_at(answer.until):
                    chunk = await anext(chunks, None)
            except (TimeoutError, httpx.HTTPError):
                answer.cut = limits.exceeded("query_seconds")
                return
            if chunk is None:
                answer.rows, answer.settled = rows.count, True
                return
            size += len(chunk)
            rows.add(chunk)
            answer.cut = _over(size, rows, limits)
            if answer.cut is not None:
                return
            yield chunk

    async def _dataset(self, form: RdfFormat) -> AsyncIterator[bytes]:
        """All records, some hundred at a time: no protocol gives a whole dataset from every server."""
        graphs = RemoteGraphs(self._server)
        listed = "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } } ORDER BY ?g"
        names = [str(row["g"]) for row in await asyncio.to_thread(graphs.select, listed)]
        for start in range(0, len(names), _BATCH):
            values = " ".join(names[start : start + _BATCH])
            query = f"SELECT ?s ?p ?o ?g {{ VALUES ?g {{ {values} }} GRAPH ?g {{ ?s ?p ?o }} }}"
            rows = await asyncio.to_thread(graphs.select, query)
            lines = "\n".join(f"{row['s']} {row['p']} {row['o']} {row['g']} ." for row in rows)
            quads = parse(lines.encode(), RdfFormat.N_QUADS, lenient=True)
            yield serialize(quads, format=form, prefixes=PREFIXES) or b""


def _count(task: Task, rows: Rows, body: bytes) -> int:
    if task.query is not None and task.query.form == "ask":
        return int(b"true" in body)
    if task.form in ("json", "xml", "csv", "tsv"):
        return rows.count
    return int(any(line and not line.startswith(b"@") for line in body.splitlines()))


def _over(size: int, rows: Rows, limits: QueryLimits) -> LimitError | None:
    if size > limits.query_bytes:
        return limits.exceeded("query_bytes")
    return limits.exceeded("query_rows") if rows.count > limits.query_rows else None


async def _iterated(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
