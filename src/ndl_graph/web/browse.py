"""The home page, search and browse: as pages and as JSON."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from ndl_graph.catalog import Catalog
from ndl_graph.formats.jsonld import dumps
from ndl_graph.search import FACETS, SearchQuery, SearchResult
from ndl_graph.web.pages import Pages
from ndl_graph.web.problems import Problem
from ndl_graph.web.respond import Body, BodyCache, respond
from ndl_graph.web.routing import get, json_for_script

__all__ = ["router"]

_NAMES: Final = {
    "publisher": "Who holds it",
    "theme": "Theme",
    "format": "Format",
    "licence": "Licence",
    "access": "Who can use it",
    "place": "Nation",
}
_DEEPEST: Final = 10_000  # records a search can be paged through; further on, a feed or an export serves better
_LONGEST: Final = 1_000

Words = Annotated[str, Query(description="Words to look for.", max_length=_LONGEST)]
Values = Annotated[list[str], Query(description="Only records with this value; may be repeated.", max_length=20)]


def router(catalog: Catalog, pages: Pages, cache: BodyCache, page_size: int, title: str) -> APIRouter:
    """The routes for finding records."""
    routes = APIRouter(tags=["search"])

    def home(request: Request) -> Response:
        """What this is, a search box, themes and publishers."""

        def make() -> Body:
            found = catalog.search(SearchQuery(limit=5))
            catalogue = {
                "@context": "https://schema.org/",
                "@type": "DataCatalog",
                "@id": f"{catalog.base_iri}catalog",
                "name": title,
                "url": catalog.base_iri,
                "description": "Descriptions of public datasets: what they are, who holds them and who may use them.",
            }
            body = pages.render("home.html", request, found=found, structured=json_for_script(catalogue))
            return Body.of(body, "text/html; charset=utf-8")

        return respond(request, cache.get((catalog.snapshot().name, "home"), make))

    def ask(text: str, filters: dict[str, list[str]], limit: int, offset: int) -> SearchResult:
        chosen = {name: [value for value in values if value] for name, values in filters.items()}
        return catalog.search(SearchQuery(text, chosen, limit, offset))

    def browse(
        request: Request,
        q: Words = "",
        theme: Values = [],  # noqa: B006 - FastAPI copies defaults
        publisher: Values = [],  # noqa: B006
        format: Values = [],  # noqa: B006
        licence: Values = [],  # noqa: B006
        access: Values = [],  # noqa: B006
        place: Values = [],  # noqa: B006
        page: Annotated[int, Query(ge=1, le=_DEEPEST)] = 1,
    ) -> Response:
        """Search and browse."""
        filters = dict(zip(FACETS, (publisher, theme, format, licence, access, place), strict=True))
        found = ask(q, filters, page_size, (page - 1) * page_size)
        asked: dict[str, Any] = {"q": q, **filters}
        body = pages.render(
            "search.html",
            request,
            found=found,
            asked=asked,
            filters=filters,
            names=_NAMES,
            page=page,
            last=max(1, -(-found.total // page_size)),
        )
        return respond(request, Body.of(body, "text/html; charset=utf-8"))

    def search(
        request: Request,
        q: Words = "",
        theme: Values = [],  # noqa: B006
        publisher: Values = [],  # noqa: B006
        format: Values = [],  # noqa: B006
        licence: Values = [],  # noqa: B006
        access: Values = [],  # noqa: B006
        place: Values = [],  # noqa: B006
        limit: Annotated[int, Query(ge=1, le=100, description="Records in one answer.")] = page_size,
        page: Annotated[int, Query(ge=1, le=_DEEPEST)] = 1,
        cursor: Annotated[str, Query(description="The `next` of an earlier answer.", max_length=64)] = "",
    ) -> Response:
        """Search as JSON: total, hits with why they matched, facets, and a cursor for more."""
        filters = dict(zip(FACETS, (publisher, theme, format, licence, access, place), strict=True))
        try:
            offset = SearchQuery.offset_of(cursor) if cursor else (page - 1) * limit
        except ValueError:
            raise Problem(400, "The cursor is none of this catalogue's.", hint="Send `next` as it was given.") from None
        if offset > _DEEPEST:
            raise Problem(400, f"A search can be paged through {_DEEPEST:,} records.", hint="Narrow it with filters.")
        answer = ask(q, filters, limit, offset).as_json()
        return respond(request, Body.of(dumps(answer), "application/json"))

    get(routes, "/", home)
    get(routes, "/dataset", browse)
    get(routes, "/api/search", search)
    return routes
