"""The agents' edge: the Model Context Protocol over HTTP and over standard input and output, for reading only.

Six tools, each answer small, citable and the same in text and in structured content. What publishers wrote stands on
one line in fields of its own, and every answer says that it is data, not instructions.
"""

import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from mcp.server import CacheHint, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPError
from mcp.types import INVALID_PARAMS, CallToolResult, ToolAnnotations
from pydantic import ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from typing_extensions import TypedDict

from ndl_graph import __version__
from ndl_graph.catalog import Catalog
from ndl_graph.checking import CheckRequest, Turns, check_confined
from ndl_graph.errors import BusyError, NdlGraphError, NotFoundError, StoreError
from ndl_graph.mcp.answers import (
    CUT,
    MOST_TOKENS,
    UNTRUSTED,
    CatalogueAnswer,
    CheckAnswer,
    DatasetsAnswer,
    HelpAnswer,
    QueryAnswer,
    SearchAnswer,
    argument_errors,
    cell,
    fitting,
    result,
    rows_of,
    said,
    size_of,
    triples_of,
    visible_error,
)
from ndl_graph.mcp.messages import in_plain_words
from ndl_graph.mcp.resources import add_resources
from ndl_graph.mcp.views import hit, named, view_of
from ndl_graph.namespaces import PREFIXES, compact
from ndl_graph.quality import SCORES
from ndl_graph.search import FACETS, NARROWED, SearchQuery, narrowing_faults
from ndl_graph.settings import Settings, split_list
from ndl_graph.sparql import Query, hints, read_query
from ndl_graph.sparql.clients import client_at
from ndl_graph.sparql.examples import Example, examples
from ndl_graph.sparql.pool import Runner, Task
from ndl_graph.validation import profile_names

__all__ = ["AgentServer"]

_READ_ONLY: Final = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
_MOST_DESCRIPTION: Final = 200_000
#: How much of the answer to a query is read, for an agent to go through in parts.
_MOST_BYTES: Final = 2 * 1024 * 1024
_METHODS: Final = "POST, OPTIONS"
_TOO_LONG: Final = "The answer goes on beyond what can be gone through here: add LIMIT and OFFSET, or count first."
#: Forms of answers that can be read line by line, by the form of the query; else TSV.
_FORMS: Final = {"ask": "json", "construct": "ntriples", "describe": "ntriples"}
_CACHE: Final = CacheHint(ttl_ms=300_000, scope="public")
_INSTRUCTIONS: Final = (
    "A catalogue of descriptions of UK public datasets; it holds no data. Start with search_datasets in plain words. "
    "If no_good_match is true, say that nothing fits. Cite iri, publisher, licence and modified of what you use. "
    "get_datasets tells how to reach the data and who may use it."
)


class Filters(TypedDict, total=False):
    """Exact values, as `facets` of an answer names them."""

    __pydantic_config__ = ConfigDict(extra="forbid")  # type: ignore[misc]  # pydantic reads it, TypedDict knows it not

    publisher: list[str]
    theme: list[str]
    format: list[str]
    licence: list[str]
    access: list[str]
    place: list[str]
    period: list[str]  # 1995, or 1990-1999
    quality: list[str]  # of the description


_Cursor = Annotated[str, Field(description="`next` of an earlier answer.", pattern="^[0-9]{0,7}$")]


class _Server(MCPServer[Any]):
    """Says in plain words which argument is wrong and what may stand there."""

    async def call_tool(self, name: str, arguments: dict[str, Any], context: Any = None) -> Any:
        """As the library does it, but for what it says of arguments."""
        known = {tool.name: tool.input_schema.get("properties", {}) for tool in await self.list_tools()}
        if name in known and (unknown := arguments.keys() - known[name].keys()):
            raise ToolError(
                f"{name} has no argument {', '.join(map(repr, sorted(unknown)))}. It takes: {', '.join(known[name])}."
            )
        try:
            return await super().call_tool(name, arguments, context)
        except ToolError as error:
            if isinstance(error.__cause__, ValidationError):
                raise ToolError(argument_errors(error.__cause__)) from None
            raise

    async def get_prompt(self, name: str, arguments: dict[str, Any] | None = None, context: Any = None) -> Any:
        """As the library does it, but a wrong name or argument is the asker's fault and told as such."""
        try:
            return await super().get_prompt(name, arguments, context)
        except ValueError as error:
            raise MCPError(INVALID_PARAMS, str(error)) from None


#: Who is being answered; over standard input there is one agent.
_CLIENT: Final = ContextVar("client", default="agent")


@dataclass
class AgentServer:
    """The tools, resources and prompt over one catalogue; `runner` answers SPARQL within its limits."""

    catalog: Catalog
    settings: Settings
    runner: Runner

    def __post_init__(self) -> None:
        self._turns = Turns()
        self.server = _Server(
            "ndl-graph",
            title=self.settings.title,
            version=__version__,
            instructions=_INSTRUCTIONS,
            website_url=self.catalog.base_iri,
            subscriptions=False,  # nothing here changes while it is listened to, and a stream without end is for nobody
            cache_hints={
                "tools/list": _CACHE,
                "resources/list": _CACHE,
                "resources/templates/list": _CACHE,
                "prompts/list": _CACHE,
                "resources/read": _CACHE,
            },
            log_level="WARNING",
        )
        for tool in (
            self.search_datasets,
            self.get_datasets,
            self.describe_catalogue,
            self.sparql_help,
            self.sparql_query,
            self.check_metadata,
        ):
            self.server.add_tool(tool, annotations=_READ_ONLY, structured_output=True)
        add_resources(self.server, self.catalog)

    # --- tools ---

    async def search_datasets(
        self,
        q: Annotated[str, Field(description="Plain words or a question.", max_length=500)] = "",
        filters: Filters | None = None,
        limit: Annotated[int, Field(ge=1, le=50)] = 10,
        cursor: Annotated[str, Field(description="`next` of an earlier answer.", max_length=64)] = "",
    ) -> Annotated[CallToolResult, SearchAnswer]:
        """Find datasets: what it takes to cite each, and why it matched."""
        try:
            offset = SearchQuery.offset_of(cursor) if cursor else 0
        except ValueError:
            raise ToolError("The cursor is none of this catalogue's: send `next` as it was given.") from None
        given: dict[str, Any] = dict(filters or {})
        chosen = {name: list(given[name]) for name in (*FACETS, *NARROWED) if given.get(name)}
        if fault := narrowing_faults(chosen):
            raise ToolError(f"{fault[0].upper()}{fault[1:]}.")
        query = SearchQuery(q, chosen, limit, offset)
        found = (await _told(self.catalog.search, query)).as_json()
        facets = {
            name: {said(value, 120): count for value, count in list(values.items())[:5]}
            for name, values in found["facets"].items()
            if values
        }
        hits = [hit(one) for one in found["hits"]]
        kept, truncated = fitting(hits, (facets, found["advice"], UNTRUSTED))
        following = found["next"]
        if truncated:
            following = SearchQuery.cursor_of(offset + len(kept), found["total"])
        return result(
            {
                "total": found["total"],
                "hits": kept,
                "facets": facets,
                "no_good_match": found["no_good_match"],
                "advice": found["advice"],
                "next": following,
                "truncated": truncated,
                "note": UNTRUSTED,
            }
        )

    async def get_datasets(
        self,
        iris: Annotated[
            list[Annotated[str, Field(max_length=500)]],
            Field(description="Record or dataset IRIs, or slugs.", min_length=1, max_length=10),
        ],
        view: Literal["summary", "distributions", "fields", "access", "uses", "quality", "croissant"] = "summary",
        cursor: _Cursor = "",
    ) -> Annotated[CallToolResult, DatasetsAnswer]:
        """Read up to 10 descriptions: what each is, how to get it, or who may use it."""

        def read(most: int) -> tuple[list[dict[str, Any]], list[str]]:
            found, missing = [], []
            for iri in dict.fromkeys(iris):
                try:
                    record = self.catalog.get(iri)
                except NotFoundError:
                    missing.append(iri)
                    continue
                described = self.catalog.describe(record)
                start = int(cursor or 0)
                found.append(
                    {**named(record, described), **view_of(self.catalog, view, record, described, start, most)}
                )
            return found, missing

        # Where not even the first fits, fewer of its fields or files are shown at a time.
        for most in (100, 30, 8, 2):
            found, missing = await _told(read, most)
            kept, truncated = fitting(found, (missing, [one["iri"] for one in found], UNTRUSTED))
            if kept or not truncated or view not in ("fields", "distributions"):
                break
        left_out = [one["iri"] for one in found[len(kept) :]]
        if truncated and not kept:
            left_out = left_out[1:]
            short = {name: found[0][name] for name in ("iri", "dataset", "title", "publisher", "licence")}
            kept = [{**short, "too_large": f"Fetch it instead: {found[0]['iri']}.croissant.json or .ttl"}]
        shown = [one["next"] for one in kept if "next" in one]
        return result(
            {
                "datasets": kept,
                "not_found": missing,
                "left_out": left_out,
                "next": str(min(shown)) if shown else None,
                "truncated": truncated or bool(shown) or any(isinstance(one.get("more"), int) for one in kept),
                "note": UNTRUSTED,
            }
        )

    async def describe_catalogue(self) -> Annotated[CallToolResult, CatalogueAnswer]:
        """What is in here: how many, on which themes, from whom, how fresh, and the limits."""

        def read() -> dict[str, Any]:
            every = self.catalog.search(SearchQuery(limit=1))
            quality = self.catalog.index.quality()
            listing = self.catalog.listing()
            return {
                "records": len(listing),
                "datasets": quality.whole.total,
                **{
                    name: {said(value, 120): count for value, count in every.facets.get(name, [])[:12]}
                    for name in ("theme", "publisher", "access", "place")
                },
                "last_change": max((modified for _, _, modified in listing), default=None),
                "average_points": {name: round(value, 1) for name, value in quality.whole.averages.items()},
                "points_of": {name: score.points for name, score in SCORES.items()},
            }

        counts = await _told(read)
        limits = self.runner.limits
        base = self.catalog.base_iri
        return result(
            {
                "about": f"{self.settings.title}: descriptions of public datasets, never the data itself.",
                "counts": counts,
                "limits": {
                    "search": 50,
                    "get": 10,
                    "rows": 200,
                    "query_seconds": limits.query_seconds,
                    "tokens_of_an_answer": MOST_TOKENS,
                },
                "next": {
                    "sparql": f"{base}sparql",
                    "void": f"{base}.well-known/void",
                    "examples": f"{base}.well-known/sparql-examples",
                    "catalogue": f"{base}catalog",
                },
                "note": UNTRUSTED,
            }
        )

    async def sparql_help(
        self,
        question: Annotated[str, Field(description="What the query should answer.", max_length=500)],
        classes: Annotated[
            list[Annotated[str, Field(max_length=300)]], Field(description="Such as dcat:Distribution.", max_length=5)
        ] = [],  # noqa: B006 - the schema of the tool tells its default, and nobody changes it
    ) -> Annotated[CallToolResult, HelpAnswer]:
        """Before writing SPARQL: the nearest example queries, and what the classes have, with counts."""
        counted = await _told(self.catalog.statistics)
        wanted = [_expanded(name) for name in classes] or [
            PREFIXES["dcat"] + "Dataset",
            PREFIXES["dcat"] + "Distribution",
        ]
        shapes = [
            {
                "class": compact(iri),
                "entities": counted.classes.get(iri, 0),
                "properties": {
                    compact(name): count for name, count in list(counted.by_class.get(iri, {}).items())[:30]
                },
            }
            for iri in wanted
        ]
        near = [
            {"question": one.label, "about": one.comment, "query": one.query}
            for one in _nearest(question, examples())[:4]
        ]
        kept, _ = fitting(near, (shapes, PREFIXES))
        return result({"examples": kept, "classes": shapes, "prefixes": dict(PREFIXES)})

    async def sparql_query(
        self,
        query: Annotated[str, Field(description="SELECT, ASK, CONSTRUCT or DESCRIBE.", max_length=20_000)],
        limit: Annotated[int, Field(ge=1, le=200)] = 50,
        cursor: _Cursor = "",
    ) -> Annotated[CallToolResult, QueryAnswer]:
        """Run a read-only SPARQL 1.1 query. Well-known prefixes need no declaration; an empty answer has hints."""
        try:
            read = read_query(query, True)
            if read.services:
                raise ToolError("SERVICE cannot be used here: ask the other endpoint yourself.")
            table = read.form in (None, "select", "ask")
            body, whole = await self._run(read, _FORMS.get(read.form or "", "tsv"))
        except NdlGraphError as error:
            raise ToolError(visible_error(error)) from None
        names, rows = await run_in_threadpool(rows_of if table else triples_of, body)
        told = hints(read, await _told(self.catalog.statistics)) if not rows else []
        if size_of(names) > MOST_TOKENS // 4:
            raise ToolError("The query selects too many variables: name the few that answer the question.")
        start = int(cursor or 0)
        short = [[cell(value) for value in row] for row in rows[start : start + limit]]
        kept, cut = fitting(short, (names, dict(read.added), told, UNTRUSTED))
        cut = cut or any(value is not None and value.endswith(CUT) for row in kept for value in row)
        return result(
            {
                "vars": names,
                "rows": kept,
                "next": str(start + len(kept)) if kept and len(rows) > start + len(kept) else None,
                "truncated": cut or not whole or len(rows) > start + len(kept),
                "added_prefixes": dict(read.added),
                "hints": told if whole or len(rows) > start + len(kept) else [*told, _TOO_LONG],
                "note": UNTRUSTED,
            }
        )

    async def check_metadata(
        self,
        description: Annotated[str, Field(description="Turtle, JSON-LD, Croissant, data.json, YAML or CSV.")],
        profiles: Annotated[
            list[Annotated[str, Field(max_length=50)]],
            Field(description="Of: " + ", ".join(profile_names()), min_length=1, max_length=8),
        ] = ["ndl"],  # noqa: B006 - as above
    ) -> Annotated[CallToolResult, CheckAnswer]:
        """Check a description of a dataset: what is wrong, where, and how to mend it. Nothing is stored."""
        content = description.encode()
        if len(content) > _MOST_DESCRIPTION:
            raise ToolError(f"The description is larger than {_MOST_DESCRIPTION:,} bytes; send it in parts.")
        asked = CheckRequest("description", content, "", "", tuple(dict.fromkeys(profiles)), False)
        limits = (self.settings.check_seconds, self.settings.check_memory_bytes)
        try:
            async with self._turns.one(_CLIENT.get()):
                report = (await _told(check_confined, asked, self.catalog.base_iri, *limits)).report
        except BusyError as error:
            raise ToolError(visible_error(error)) from None
        problems: dict[str, dict[str, Any]] = {}
        for found in report.results:
            told = problems.setdefault(
                found.shape,
                {
                    "severity": found.severity,
                    "message": found.message,
                    "fix": found.fix,
                    "example": found.example,
                    "times": 0,
                    "lines": [],
                },
            )
            told["times"] += 1
            if found.line and len(told["lines"]) < 5:
                told["lines"].append(found.line)
        kept, truncated = fitting(problems.values(), "")
        counts = {name: report.count(name) for name in ("violation", "warning", "info")}
        return result({"conforms": report.conforms, "counts": counts, "problems": kept, "truncated": truncated})

    # --- parts of tools ---

    async def _newest(self) -> str:
        """The folder of the newest snapshot."""
        return str((await run_in_threadpool(self.catalog.snapshot)).view.folder)

    async def _run(self, query: Query, form: str) -> tuple[bytes, bool]:
        """As many lines of the answer as an agent can go through, and whether they are all."""
        limits = replace(self.runner.limits, query_bytes=_MOST_BYTES)
        async with self.runner.run(Task(form, query, limits=limits), self._newest, _CLIENT.get()) as answer:
            if answer.whole is not None:
                return answer.whole, True
            body = b"".join([part async for part in answer.chunks])
            if answer.cut is None:
                return body, True
            if answer.cut.limit != "query_bytes":
                raise answer.cut
            return body[: body.rfind(b"\n") + 1], False

    # --- transports ---

    def app(self) -> ASGIApp:
        """The server at `/mcp` over HTTP: stateless, answers as JSON, Host and Origin checked."""
        own = urlsplit(self.catalog.base_iri)
        more = split_list(self.settings.mcp_hosts)
        here = [f"{name}{port}" for name in ("127.0.0.1", "localhost", "[::1]") for port in ("", ":*")]
        hosts = {own.netloc, *here, *more}
        origins = {
            f"{own.scheme}://{own.netloc}",
            *(f"http://{one}" for one in here),
            *(f"https://{one}" for one in more),
        }
        inner = self.server.streamable_http_app(
            streamable_http_path="/mcp",
            json_response=True,
            stateless_http=True,
            max_request_body_size=1024 * 1024,
            transport_security=TransportSecuritySettings(
                enable_dns_rebinding_protection=True, allowed_hosts=sorted(hosts), allowed_origins=sorted(origins)
            ),
        )

        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and scope["method"] == "OPTIONS":
                await Response(None, 204, {"Allow": _METHODS})(scope, receive, send)
                return
            if scope["type"] == "http" and scope["method"] != "POST":
                refusal = JSONResponse(
                    {
                        "type": "about:blank",
                        "title": "Method Not Allowed",
                        "status": 405,
                        "detail": "This is for agents: send a JSON-RPC message of the Model Context Protocol by POST.",
                    },
                    405,
                    {"Allow": _METHODS},
                    "application/problem+json",
                )
                await refusal(scope, receive, send)
                return
            _CLIENT.set(client_at(scope["client"][0] if scope.get("client") else ""))
            here = {**scope, "path": "/mcp", "raw_path": b"/mcp", "root_path": ""}
            await inner(here, receive, in_plain_words(send))

        return guarded

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Takes requests over HTTP while it is entered; `app` must have been called before."""
        async with self.server.session_manager.run():
            yield

    async def over_standard_input(self) -> None:
        """Takes requests on standard input until it ends."""
        await self.runner.start()
        try:
            await self.server.run_stdio_async()
        finally:
            await self.runner.close()


async def _told(work: Callable[..., Any], *arguments: Any) -> Any:
    """Runs work in a thread; what goes wrong is told to the agent in words."""
    try:
        return await run_in_threadpool(work, *arguments)
    except StoreError:
        # Where the store is, and what to type there, is no business of somebody who asks from outside.
        raise ToolError("The catalogue cannot be read at the moment. Try again later.") from None
    except NdlGraphError as error:
        raise ToolError(visible_error(error)) from None
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # what an engine written in Rust says of its own faults
            raise ToolError("This could not be answered; ask for less.") from None
        raise


def _expanded(name: str) -> str:
    prefix, colon, local = name.strip("<>").partition(":")
    return PREFIXES[prefix] + local if colon and prefix in PREFIXES else name.strip("<>")


_WORD: Final = re.compile(r"[a-z]{3,}")


def _nearest(question: str, among: Sequence[Example]) -> list[Example]:
    """The examples that share the most telling words with a question."""
    told = {
        one.name: set(_WORD.findall(f"{one.label} {one.comment} {' '.join(one.keywords)}".casefold())) for one in among
    }
    counts: dict[str, int] = {}
    for words in told.values():
        for word in words:
            counts[word] = counts.get(word, 0) + 1
    asked = set(_WORD.findall(question.casefold()))

    def nearness(one: Example) -> float:
        return sum(1 / counts[word] for word in asked & told[one.name])

    return sorted(among, key=lambda one: -nearness(one))
