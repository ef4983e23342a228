"""The SPARQL 1.1 Protocol and the Graph Store HTTP Protocol, read-only; answers stream from the workers."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from typing import Any, Final, TypeVar
from urllib.parse import parse_qs

import anyio
from fastapi import APIRouter, Request, Response
from pyoxigraph import NamedNode
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from ndl_graph.catalog import Catalog
from ndl_graph.errors import NotFoundError, QueryError
from ndl_graph.settings import Settings, split_list
from ndl_graph.sparql import hints, read_query
from ndl_graph.sparql.clients import client_at
from ndl_graph.sparql.description import describe_service
from ndl_graph.sparql.examples import examples
from ndl_graph.sparql.federation import Federation
from ndl_graph.sparql.pool import Answer, QueryLimits, Runner, Task
from ndl_graph.sparql.query import Query, update_refused
from ndl_graph.web.graphs import PAGE_OR_GRAPH, graph_body
from ndl_graph.web.negotiation import NotAcceptable, Offer, choose, chosen
from ndl_graph.web.pages import Pages
from ndl_graph.web.problems import Problem, refuse_encoded
from ndl_graph.web.respond import Body, respond
from ndl_graph.web.routing import get

__all__ = ["ADDED_PREFIXES", "GRAPH_FORMS", "HINT", "TABLE_FORMS", "Endpoint", "router"]

#: Names the well-known prefixes that were added to a query.
ADDED_PREFIXES: Final = "NDL-Added-Prefixes"
#: Says why a query may have found nothing.
HINT: Final = "NDL-Hint"

TABLE_FORMS: Final = (
    Offer("json", "application/sparql-results+json"),
    Offer("xml", "application/sparql-results+xml"),
    Offer("csv", "text/csv"),
    Offer("tsv", "text/tab-separated-values"),
)
GRAPH_FORMS: Final = (
    Offer("turtle", "text/turtle"),
    Offer("ntriples", "application/n-triples"),
    Offer("rdfxml", "application/rdf+xml"),
    Offer("jsonld", "application/ld+json"),
    Offer("trig", "application/trig"),
    Offer("nquads", "application/n-quads"),
)
_PAGE: Final = Offer("html", "text/html")
_DATASET_FORMS: Final = (Offer("nquads", "application/n-quads"), Offer("trig", "application/trig"))
_XML: Final = (Offer("xml", "application/xml"), Offer("xml", "text/xml"))
_TABLE_OFFERS: Final = (*TABLE_FORMS, Offer("json", "application/json"), *_XML)
_GRAPH_OFFERS: Final = (*GRAPH_FORMS, Offer("jsonld", "application/json"), Offer("rdfxml", "application/xml"))
#: What an answer can be written in, by the form of the query. Yes or no has no form in CSV and TSV; what has no form is
#: no query, which the engine says in whatever format is asked for.
_OFFERS_BY_FORM: Final = {
    "select": _TABLE_OFFERS,
    "ask": tuple(one for one in _TABLE_OFFERS if one.name in ("json", "xml")),
    None: (*_TABLE_OFFERS, *_GRAPH_OFFERS),
}
# What clients call the formats in `?format=`, besides their names and media types.
_ALIASES: Final = {
    "json": "jsonld", "json-ld": "jsonld", "xml": "rdfxml", "rdf": "rdfxml", "rdf+xml": "rdfxml", "ttl": "turtle",
    "n3": "turtle", "nt": "ntriples", "n-triples": "ntriples", "nq": "nquads", "n-quads": "nquads",
}  # fmt: skip
_LONG: Final = 4_096  # characters that are read in less time than it takes to hand them to a thread
_MOST_FIELDS: Final = 1_000
_MOST_HINT: Final = 900
_ANYTHING: Final = 2**62

Fields = dict[str, list[str]]
T = TypeVar("T")


class Endpoint:
    """Reads requests, has the workers answer them, and writes what they say."""

    def __init__(self, catalog: Catalog, runner: Runner, federation: Federation, settings: Settings) -> None:
        self.catalog = catalog
        self.runner = runner
        self.federation = federation
        self.settings = settings
        self._keys = frozenset(split_list(settings.query_keys))

    async def fields(self, request: Request) -> Fields:
        """The parameters of a request; raises `Problem` for what the protocol does not allow."""
        in_address = _parsed(request.url.query)
        if request.method != "POST":
            return in_address
        kind, _, parameters = request.headers.get("content-type", "").partition(";")
        kind = kind.strip().casefold()
        if kind == "application/sparql-update":
            raise update_refused()
        if kind not in ("application/sparql-query", "application/x-www-form-urlencoded"):
            raise Problem(
                415,
                f"A query cannot be sent as {kind or 'a body without a media type'}.",
                hint="Send application/sparql-query, or application/x-www-form-urlencoded with the field `query`.",
            )
        if "charset" in parameters.casefold() and "utf-8" not in parameters.casefold():
            raise Problem(415, "A query is UTF-8, whatever the header says.", hint="Send charset=utf-8, or none.")
        text = await self._body(request)
        if kind == "application/sparql-query":
            return {**in_address, "query": [*in_address.get("query", []), text]}
        in_body = await _apart(text, _parsed)
        names = dict.fromkeys((*in_address, *in_body))
        return {name: [*in_address.get(name, []), *in_body.get(name, [])] for name in names}

    async def _body(self, request: Request) -> str:
        refuse_encoded(request)
        most = self.settings.query_text_bytes
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                raise Problem(413, f"The query is larger than {most:,} bytes.", hint="Send less, or in parts.")
        try:
            return body.decode("utf-8")
        except UnicodeDecodeError:
            raise Problem(400, "The query is not UTF-8.") from None

    def client(self, request: Request) -> str:
        """Who asks, for sharing the workers: a key that the settings know, else the address (IPv6: its network)."""
        key = request.headers.get("x-api-key", "")
        if key in self._keys:
            return f"key {key}"
        return client_at(request.client.host if request.client else "")

    async def query(self, request: Request, text: str, fields: Fields) -> Response:
        """The answer to a query (SPARQL 1.1 Protocol, section 2.1)."""
        query = await _apart(text, read_query, self.settings.query_add_prefixes)
        offer = _chosen(fields, request, _OFFERS_BY_FORM.get(query.form, _GRAPH_OFFERS))
        if query.services:
            query = await run_in_threadpool(self.federation.resolve, query)
        default, named = (_iris(fields.get(name, [])) for name in ("default-graph-uri", "named-graph-uri"))
        task = Task(offer.name, query, default, named)
        headers = {"Vary": "Accept", "Cache-Control": "no-cache"}
        if query.added:
            headers[ADDED_PREFIXES] = " ".join(query.added)
        response = await self.run(request, task, offer, headers)
        if isinstance(response, _Whole) and response.rows == 0 and (told := await self._hints(query)):
            if "handling=strict" in request.headers.get("prefer", "").replace(" ", "").casefold():
                raise Problem(400, told[0], hints=told)
            response.headers[HINT] = " ".join(told).encode("ascii", "replace").decode()[:_MOST_HINT]
        return response

    async def _hints(self, query: Query) -> list[str]:
        return await run_in_threadpool(lambda: hints(query, self.catalog.statistics()))

    async def check(self, text: str) -> dict[str, object]:
        """What can be told of a query without running it: added prefixes, and terms that nothing here has."""
        query = await _apart(text, read_query, self.settings.query_add_prefixes)
        return {"form": query.form, "added_prefixes": dict(query.added), "hints": await self._hints(query)}

    async def graph(self, request: Request, fields: Fields) -> Response:
        """A graph (Graph Store HTTP Protocol, section 5.2): one that is named, the default graph, or the dataset."""
        names = fields.get("graph", [])
        if len(names) > 1 or (names and "default" in fields):
            raise Problem(400, "More than one graph is asked for.", hint="Send ?graph=IRI, or ?default, once.")
        headers = {"Vary": "Accept", "Cache-Control": "no-cache"}
        limits = None
        if names:
            _iris(names)
            view = (await run_in_threadpool(self.catalog.snapshot)).view
            if not await run_in_threadpool(view.graphs.has, names[0]):
                raise NotFoundError("there is no such graph", where=names[0], hint="Each record's IRI names one.")
        if not names:
            # Whoever fetches all of it is not asking a question: only the clock stops the download.
            memory = self.runner.limits.query_memory_bytes
            limits = QueryLimits(self.settings.dump_seconds, memory, _ANYTHING, _ANYTHING)
        offers = _GRAPH_OFFERS if names or "default" in fields else _DATASET_FORMS
        offer = _chosen(fields, request, offers)
        name = names[0] if names else ("" if "default" in fields else None)
        return await self.run(request, Task(offer.name, graph=name, limits=limits), offer, headers)

    def describe(self, request: Request, offer: Offer) -> Response:
        """What the endpoint says of itself (SPARQL 1.1 Service Description)."""
        base, address = self.catalog.base_iri, str(request.url.replace(query=""))
        quality = [f"{base}quality"] if self.catalog.history() else []
        triples = describe_service(
            address,
            base,
            [*(record for record, _, _ in self.catalog.listing()), *self.catalog.use_iris(), *quality],
            self.catalog.statistics(),
            self.runner.limits,
            self.settings.query_text_bytes,
            self.federation,
        )
        return respond(request, graph_body(triples, offer.name, [NamedNode(address)]))

    async def _newest(self) -> str:
        """The folder of the newest snapshot."""
        snapshot = self.catalog.opened()
        if snapshot is None:
            snapshot = await run_in_threadpool(self.catalog.snapshot)
        return str(snapshot.view.folder)

    async def run(self, request: Request, task: Task, offer: Offer, headers: Mapping[str, str]) -> Response:
        """The answer to a task as it comes; a client that goes away stops the work."""
        stack = AsyncExitStack()
        answering = self.runner.run(task, self._newest, self.client(request))
        running = asyncio.create_task(stack.enter_async_context(answering))
        gone = asyncio.create_task(_gone(request.receive))
        try:
            await asyncio.wait((running, gone), return_when=asyncio.FIRST_COMPLETED)
            if not running.done():
                running.cancel()
                with suppress(asyncio.CancelledError):
                    await running
                await stack.aclose()
                return Response(status_code=499)  # nobody is there to read it
            answer = running.result()
        finally:
            gone.cancel()
            if not running.done():
                running.cancel()
        if answer.whole is not None:
            await stack.aclose()
            return _Whole(answer.whole, answer.rows or 0, headers, _content_type(offer))
        return _Streamed(stack, answer, offer, headers)


class _Whole(Response):
    """A small answer, all of it."""

    def __init__(self, content: bytes, rows: int, headers: Mapping[str, str], media_type: str) -> None:
        super().__init__(content, 200, dict(headers), media_type)
        self.rows = rows


class _Streamed(Response):
    """A large answer, sent as it is computed.

    One that is cut ends with a line that no parser of its format takes, and without the end that HTTP asks for.
    """

    def __init__(self, stack: AsyncExitStack, answer: Answer, offer: Offer, headers: Mapping[str, str]) -> None:
        super().__init__(None, 200, dict(headers), _content_type(offer))
        del self.headers["content-length"]
        self._stack = stack
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._stack, anyio.create_task_group() as group:

            async def watch() -> None:
                await _gone(receive)
                group.cancel_scope.cancel()

            group.start_soon(watch)
            with suppress(TimeoutError):
                # A client that reads too slowly holds a worker no longer than one that asks too much.
                async with asyncio.timeout_at(self._answer.until + 1):
                    await self._send(scope, send)
            group.cancel_scope.cancel()

    async def _send(self, scope: Scope, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        async for chunk in self._answer.chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        if self._answer.cut is None:
            await send({"type": "http.response.body", "body": b""})
            return
        mark = f'\n"!! CUT: {self._answer.cut.message}; what is above is not all !!\n'
        await send({"type": "http.response.body", "body": mark.encode(), "more_body": True})


async def _apart(text: str, work: Callable[..., T], *more: object) -> T:
    """What some work makes of a text; of a long one in a thread, so that pages do not wait for it."""
    if len(text) < _LONG:
        return work(text, *more)
    return await run_in_threadpool(work, text, *more)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _parsed(text: str) -> Fields:
    try:
        return parse_qs(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except UnicodeDecodeError:
        raise Problem(400, "The parameters are not UTF-8.") from None
    except ValueError:
        raise Problem(400, f"There are more than {_MOST_FIELDS} parameters.") from None


def _iris(names: Sequence[str]) -> Sequence[str]:
    for name in names:
        try:
            NamedNode(name)
        except ValueError as error:
            raise QueryError(f"a graph is named by no IRI: {error}") from None
    return names


def _chosen(fields: Fields, request: Request, offers: Sequence[Offer]) -> Offer:
    """The format that `?format=` names, or `?output=` as Fuseki has it, else the one that Accept prefers."""
    named = [
        form.replace(" ", "+").casefold() for form in (*fields.get("format", ()), *fields.get("output", ())) if form
    ]
    for form in named:
        for name in (form, _ALIASES.get(form, form)):
            for offer in offers:
                if name in (offer.name, offer.media_type):
                    return offer
    if named:
        raise Problem(
            400, f"There is no format {named[-1]!r} for this answer.", available=sorted({one.name for one in offers})
        )
    accept = request.headers.get("accept")
    if accept and "text/html" in accept and not any(offer.media_type in accept for offer in offers):
        # A browser that asks for a page gets the first form: the query was in its address bar.
        accept = "*/*"
    return choose(offers, accept)


def _content_type(offer: Offer) -> str:
    standard = next(one.media_type for one in (*TABLE_FORMS, *GRAPH_FORMS) if one.name == offer.name)
    return f"{standard}; charset=utf-8" if standard.startswith("text/") else standard


def router(endpoint: Endpoint, pages: Pages) -> APIRouter:
    """The endpoint, the graph store, and what helps to write a query."""
    routes = APIRouter(tags=["sparql"])

    async def sparql(request: Request) -> Response:
        """SPARQL 1.1 Protocol. Without a query: the editor for browsers, the service description for programs."""
        fields = await endpoint.fields(request)
        if "update" in fields:
            raise update_refused()
        queries = fields.get("query", [])
        if len(queries) > 1:
            raise Problem(400, "There is more than one query.", hint="Send the parameter `query` once.")
        if queries and queries[0].strip():
            if request.method != "POST" and "format" not in fields and _is_page(request):
                return editor(request, queries[0])
            return await endpoint.query(request, queries[0], fields)
        if request.method == "POST" or queries:
            raise Problem(400, "There is no query.", hint="Send it as the parameter `query`, or as the body.")
        if "graph" in fields or "default" in fields:
            return await endpoint.graph(request, fields)
        offer = chosen(PAGE_OR_GRAPH, request)
        if offer.name == "html":
            return editor(request, "")
        return await run_in_threadpool(endpoint.describe, request, offer)

    def editor(request: Request, query: str) -> Response:
        body = pages.render(
            "sparql.html",
            request,
            query=query,
            examples=examples(),
            limits=endpoint.runner.limits,
            base_iri=endpoint.catalog.base_iri,
        )
        return respond(request, Body.of(body, "text/html; charset=utf-8", {"Vary": "Accept"}))

    async def options() -> Response:
        """The methods there are."""
        return Response(None, 204, {"Allow": "GET, HEAD, POST, OPTIONS", "Accept-Post": ", ".join(_BODIES)})

    async def data(request: Request) -> Response:
        """Graph Store HTTP Protocol, read side: ?graph=IRI, ?default, or without either the whole dataset."""
        return await endpoint.graph(request, _parsed(request.url.query))

    async def check(query: str) -> dict[str, object]:
        """What can be told of a query without running it: its form, added prefixes, terms that nothing here has."""
        return await endpoint.check(query)

    query: dict[str, Any] = {"type": "string", "example": "SELECT ?dataset { ?dataset a dcat:Dataset } LIMIT 5"}
    names: dict[str, Any] = {"type": "array", "items": {"type": "string", "format": "iri"}}
    told: dict[str, Any] = {"type": "string", "enum": sorted({one.name for one in (*_TABLE_OFFERS, *_GRAPH_OFFERS)})}
    fields = {"query": query, "default-graph-uri": names, "named-graph-uri": names, "format": told}
    form = {"schema": {"type": "object", "required": ["query"], "properties": fields}}
    body = {"application/sparql-query": {"schema": query}, "application/x-www-form-urlencoded": form}
    answers = {"200": {"description": "The answer", "content": {one.media_type: {} for one in _ANSWERS}}}
    more: dict[str, Any] = {"response_model": None, "response_class": Response}
    asked: dict[str, Any] = {"parameters": _in_address(fields), "responses": answers}
    routes.add_api_route("/sparql", sparql, methods=["GET"], openapi_extra=asked, **more)
    asked = {"requestBody": {"required": True, "content": body}, "responses": answers}
    routes.add_api_route("/sparql", sparql, methods=["POST"], name="sparql_post", openapi_extra=asked, **more)
    routes.add_api_route("/sparql", sparql, methods=["HEAD"], include_in_schema=False, response_model=None)
    routes.add_api_route("/sparql", options, methods=["OPTIONS"], include_in_schema=False, response_model=None)
    named: dict[str, Any] = {
        "graph": {"type": "string", "format": "iri"},
        "default": {"type": "string", "maxLength": 0},
        "format": told,
    }
    get(routes, "/data", data, openapi_extra={"parameters": _in_address(named)})
    routes.add_api_route("/api/check-query", check, methods=["GET"])
    routes.add_api_route("/api/check-query", check, methods=["HEAD"], include_in_schema=False)
    return routes


#: Every form in which an answer may come.
_ANSWERS: Final = (*TABLE_FORMS, *GRAPH_FORMS)


def _in_address(fields: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Parameters in the address, as OpenAPI has them."""
    return [{"name": name, "in": "query", "schema": schema} for name, schema in fields.items()]


_BODIES: Final = ("application/sparql-query", "application/x-www-form-urlencoded")


def _is_page(request: Request) -> bool:
    """Whether a page suits the client better than any form of an answer."""
    try:
        return choose((*_TABLE_OFFERS, *GRAPH_FORMS, _PAGE), request.headers.get("accept")) is _PAGE
    except NotAcceptable:
        return False
