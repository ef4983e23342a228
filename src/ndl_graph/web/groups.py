"""Pages of organisations and themes: what one holds, or what is filed under one, and who may use it."""

from typing import Final

from fastapi import APIRouter, Request, Response

from ndl_graph.catalog import Catalog
from ndl_graph.errors import NotFoundError
from ndl_graph.identity import slug_for
from ndl_graph.search import SearchQuery
from ndl_graph.web.pages import Pages
from ndl_graph.web.respond import Body, BodyCache, respond
from ndl_graph.web.routing import get

__all__ = ["router"]

_SHOWN: Final = 20


def router(catalog: Catalog, pages: Pages, cache: BodyCache) -> APIRouter:
    """The routes of organisations and themes."""
    routes = APIRouter(tags=["organisations and themes"])

    def group(request: Request, facet: str, slug: str) -> Response:
        def make() -> Body:
            # Names that differ in signs alone have one IRI, so its page shows what is filed under any of them.
            slugs = catalog.snapshot().slugs(facet)
            names = [name for name, one in slugs.items() if one == slug or slug_for(name) == slug]
            if not names:
                raise NotFoundError(f"no {facet} of that name has a record here", where=slug, hint="See /dataset")
            found = catalog.search(SearchQuery(filters={facet: names}, limit=_SHOWN))
            body = pages.render("group.html", request, names=names, facet=facet, slug=slugs[names[0]], found=found)
            return Body.of(body, "text/html; charset=utf-8")

        return respond(request, cache.get((catalog.snapshot().name, facet, slug), make))

    def organisation(slug: str, request: Request) -> Response:
        """An organisation: what it holds, who may use it, and how good its descriptions are."""
        return group(request, "publisher", slug)

    def theme(slug: str, request: Request) -> Response:
        """A theme: what is filed under it, who holds it and who may use it."""
        return group(request, "theme", slug)

    get(routes, "/organisation/{slug}", organisation)
    get(routes, "/theme/{slug}", theme)
    return routes
