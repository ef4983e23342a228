"""The SPARQL 1.1 Protocol, read-only: GET, POST with a form, POST with the query itself."""

import re
from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response
from pyoxigraph import (
    NamedNode,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    QueryTriples,
    RdfFormat,
    Triple,
    serialize,
)
from starlette.concurrency import run_in_threadpool

from ndl_graph.catalog import Catalog, told_as_query_error
from ndl_graph.formats import jsonld
from ndl_graph.namespaces import PREFIXES, RDF, Namespace
from ndl_graph.web.negotiation import Offer, choose
from ndl_graph.web.pages import Pages
from ndl_graph.web.problems import Problem

__all__ = ["router"]

_SD: Final = Namespace("http://www.w3.org/ns/sparql-service-description#")
_FORMATS: Final = Namespace("http://www.w3.org/ns/formats/")
_RESULTS: Final = {
    "json": (Offer("json", "application/sparql-results+json"), QueryResultsFormat.JSON),
    "xml": (Offer("xml", "application/sparql-results+xml"), QueryResultsFormat.XML),
    "csv": (Offer("csv", "text/csv"), QueryResultsFormat.CSV),
    "tsv": (Offer("tsv", "text/tab-separated-values"), QueryResultsFormat.TSV),
}
_GRAPHS: Final = {
    "turtle": (Offer("turtle", "text/turtle"), RdfFormat.TURTLE),
    "ntriples": (Offer("ntriples", "application/n-triples"), RdfFormat.N_TRIPLES),
    "rdfxml": (Offer("rdfxml", "application/rdf+xml"), RdfFormat.RDF_XML),
    "jsonld": (Offer("jsonld", "application/ld+json"), None),
}
_TABLE_OFFERS: Final = (
    *(offer for offer, _ in _RESULTS.values()),
    Offer("json", "application/json"),
    Offer("xml", "application/xml"),
)
_GRAPH_OFFERS: Final = tuple(offer for offer, _ in _GRAPHS.values())
_UPDATE: Final = re.compile(
    r"^\s*(?:(?:prefix|base)\b[^<]*<[^>]*>\s*|#[^\n]*\n\s*)*(insert|delete|load|clear|create|drop|copy|move|add|with)\b",
    re.I,
)
_LARGEST: Final = 1024 * 1024


def router(catalog: Catalog, pages: Pages) -> APIRouter:
    """The endpoint and its page."""
    routes = APIRouter(tags=["sparql"])

    async def endpoint(request: Request) -> Response:
        """SPARQL 1.1 Protocol. Without a query: the editor for browsers, the service description for programs."""
        if request.method in ("GET", "HEAD"):
            fields = parse_qs(request.url.query, keep_blank_values=True)
        else:
            fields = await _fields(request)
        if "update" in fields:
            raise Problem(403, "This endpoint only reads: updates are made by loading descriptions.")
        queries = fields.get("query", [])
        if len(queries) > 1:
            raise Problem(400, "There is more than one query.", hint="Send the parameter `query` once.")
        if not queries or not queries[0].strip():
            return await run_in_threadpool(_without_query, request)
        form = fields.get("format", [""])[-1]
        return await run_in_threadpool(
            _answer, request, queries[0], form, fields.get("default-graph-uri", []), fields.get("named-graph-uri", [])
        )

    def _without_query(request: Request) -> Response:
        if request.method == "POST":
            raise Problem(400, "There is no query.", hint="Send it as the parameter `query`, or as the body.")
        offer = choose((Offer("html", "text/html"), *_GRAPH_OFFERS), request.headers.get("accept"))
        if offer.name == "html":
            return Response(pages.render("sparql.html", request), 200, {"Vary": "Accept"}, "text/html; charset=utf-8")
        return _graph(_service_description(str(request.url_for("endpoint"))), offer)

    def _answer(
        request: Request, query: str, form: str, default_graphs: Sequence[str], named_graphs: Sequence[str]
    ) -> Response:
        if _UPDATE.match(query):
            raise Problem(403, "This endpoint only reads: updates are made by loading descriptions.")
        answer = catalog.query(query, default_graphs, named_graphs)
        try:
            return _written(answer, query, form, request.headers.get("accept"))
        finally:
            # An answer belongs to its thread, and an error's traceback would carry it into another.
            del answer

    routes.add_api_route("/sparql", endpoint, methods=["GET", "POST"], response_model=None, response_class=Response)
    routes.add_api_route("/sparql", endpoint, methods=["HEAD"], include_in_schema=False, response_model=None)
    return routes


def _written(
    answer: QuerySolutions | QueryBoolean | QueryTriples, query: str, form: str, accept: str | None
) -> Response:
    try:
        if isinstance(answer, QueryTriples):
            graph = _named(form, _GRAPHS) or choose(_GRAPH_OFFERS, _lenient(accept, _GRAPH_OFFERS))
            with told_as_query_error(query):
                triples = list(answer)
            return _graph(triples, graph)
        offer = _named(form, _RESULTS) or choose(_TABLE_OFFERS, _lenient(accept, _TABLE_OFFERS))
        if offer.name in ("csv", "tsv") and isinstance(answer, QueryBoolean):
            raise Problem(406, "The answer to ASK is yes or no, which has no form in CSV or TSV.", hint="Ask for JSON.")
        with told_as_query_error(query):
            body = answer.serialize(format=_RESULTS[offer.name][1])
        return Response(body, 200, {"Vary": "Accept"}, _content_type(offer))
    finally:
        del answer


async def _fields(request: Request) -> dict[str, list[str]]:
    kind = request.headers.get("content-type", "").split(";")[0].strip().casefold()
    if kind not in ("application/sparql-query", "application/x-www-form-urlencoded"):
        if kind == "application/sparql-update":
            raise Problem(403, "This endpoint only reads: updates are made by loading descriptions.")
        raise Problem(
            415,
            f"A query cannot be sent as {kind or 'a body without a media type'}.",
            hint="Send application/sparql-query, or application/x-www-form-urlencoded with the field `query`.",
        )
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST:
            raise Problem(413, f"The query is larger than {_LARGEST >> 20} MiB.")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise Problem(400, "The query is not UTF-8.") from None
    in_address = parse_qs(request.url.query, keep_blank_values=True)
    if kind == "application/sparql-query":
        return {**in_address, "query": [text]}
    return {**in_address, **parse_qs(text, keep_blank_values=True)}


def _named(form: str, among: Mapping[str, tuple[Offer, object]]) -> Offer | None:
    if not form:
        return None
    for name, (offer, _) in among.items():
        if form in (name, offer.media_type):
            return offer
    raise Problem(400, f"There is no format {form!r} for this answer.", available=sorted(among))


def _lenient(accept: str | None, offers: Sequence[Offer]) -> str | None:
    """A browser that asks for a page gets the first form: the query was in its address bar."""
    if accept and "text/html" in accept and not any(offer.media_type in accept for offer in offers):
        return "*/*"
    return accept


def _content_type(offer: Offer) -> str:
    standard = _RESULTS[offer.name][0].media_type if offer.name in _RESULTS else offer.media_type
    return f"{standard}; charset=utf-8" if standard.startswith("text/") else standard


def _graph(triples: list[Triple], offer: Offer) -> Response:
    syntax = _GRAPHS[offer.name][1]
    if syntax is None:
        body = jsonld.write(triples, dict.fromkeys(triple.subject for triple in triples))
    else:
        body = serialize(triples, format=syntax, prefixes=PREFIXES) or b""
    return Response(body, 200, {"Vary": "Accept"}, _content_type(offer))


def _service_description(address: str) -> list[Triple]:
    """What the endpoint can do (SPARQL 1.1 Service Description)."""
    service = NamedNode(address.split("?")[0])
    results = ("SPARQL_Results_JSON", "SPARQL_Results_XML", "SPARQL_Results_CSV", "SPARQL_Results_TSV")
    graphs = ("Turtle", "N-Triples", "RDF_XML", "JSON-LD")
    return [
        Triple(service, RDF.type, _SD.Service),
        Triple(service, _SD.endpoint, service),
        Triple(service, _SD.supportedLanguage, _SD.SPARQL11Query),
        Triple(service, _SD.feature, _SD.UnionDefaultGraph),
        *(Triple(service, _SD.resultFormat, _FORMATS[name]) for name in (*results, *graphs)),
    ]
