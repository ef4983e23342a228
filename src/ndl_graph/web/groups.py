"""Pages of organisations and themes: what one holds, or what is filed under one, and who may use it."""

from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pyoxigraph import Literal, NamedNode, Triple

from ndl_graph.catalog import Catalog
from ndl_graph.errors import NotFoundError
from ndl_graph.identity import slug_for
from ndl_graph.namespaces import FOAF, RDF, SKOS
from ndl_graph.search import SearchQuery
from ndl_graph.web.graphs import PAGE_OR_GRAPH, graph_body
from ndl_graph.web.negotiation import chosen
from ndl_graph.web.pages import Pages
from ndl_graph.web.respond import Body, BodyCache, respond
from ndl_graph.web.routing import get

__all__ = ["router"]

_SHOWN: Final = 20
#: Where what a facet tells apart has its addresses.
_PLACES: Final = {"publisher": "organisation", "theme": "theme"}


def router(catalog: Catalog, pages: Pages, cache: BodyCache) -> APIRouter:
    """The routes of organisations and themes."""
    routes = APIRouter(tags=["organisations and themes"])

    def group(request: Request, facet: str, slug: str) -> Response:
        form = chosen(PAGE_OR_GRAPH, request).name

        def make() -> Body:
            # Names that differ in signs alone have one IRI, so its page shows what is filed under any of them.
            slugs = catalog.snapshot().slugs(facet)
            names = [name for name, one in slugs.items() if one == slug or slug_for(name) == slug]
            if not names:
                raise NotFoundError(f"no {facet} of that name has a record here", where=slug, hint="See /dataset")
            if form != "html":
                node = NamedNode(f"{catalog.base_iri}{_PLACES[facet]}/{slug}")
                return graph_body(_said_of(node, names, facet), form, [node])
            found = catalog.search(SearchQuery(filters={facet: names}, limit=_SHOWN))
            body = pages.render("group.html", request, names=names, facet=facet, slug=slugs[names[0]], found=found)
            return Body.of(body, "text/html; charset=utf-8", {"Vary": "Accept"})

        return respond(request, cache.get((catalog.snapshot().name, facet, slug, form), make))

    def _said_of(node: NamedNode, names: list[str], facet: str) -> list[Triple]:
        """What is known of an organisation or a theme under its address here."""
        kind, name = (FOAF.Agent, FOAF.name) if facet == "publisher" else (SKOS.Concept, SKOS.prefLabel)
        own = [Triple(node, RDF.type, kind), *(Triple(node, name, Literal(one)) for one in names)]
        return list(dict.fromkeys([*own, *catalog.said_of(node)]))

    def organisation(slug: str, request: Request) -> Response:
        """An organisation: what it holds, who may use it, and how good its descriptions are."""
        try:
            return group(request, "publisher", slug)
        except NotFoundError as error:
            # One that made data and holds none has no page: its address leads to a record that names it.
            try:
                record = catalog.holder_of(f"{catalog.base_iri}organisation/{slug}")
            except NotFoundError:
                raise error from None
            return RedirectResponse("/" + record.removeprefix(catalog.base_iri), 303)

    def theme(slug: str, request: Request) -> Response:
        """A theme: what is filed under it, who holds it and who may use it."""
        return group(request, "theme", slug)

    get(routes, "/organisation/{slug}", organisation)
    get(routes, "/theme/{slug}", theme)
    return routes
