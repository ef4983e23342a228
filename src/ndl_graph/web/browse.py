"""The home page, search and browse: as pages and as JSON."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from ndl_graph.catalog import Catalog
from ndl_graph.description import NATION_NAMES
from ndl_graph.errors import NotFoundError
from ndl_graph.formats.jsonld import dumps
from ndl_graph.search import BANDS, FACETS, MOST_OFFSET, NARROWED, NEAREST, SearchQuery, narrowing_faults
from ndl_graph.web.pages import Pages
from ndl_graph.web.problems import Problem
from ndl_graph.web.respond import Body, BodyCache, respond
from ndl_graph.web.routing import get, json_for_script
from ndl_graph.web.schemas import SEARCH, answering

__all__ = ["NAMES", "Chosen", "Words", "router"]

NAMES: Final = {
    "publisher": "Who holds it",
    "theme": "Theme",
    "format": "Format",
    "licence": "Licence",
    "access": "Who can use it",
    "place": "Nation",
    "period": "Period",
    "quality": "Quality of the description",
}
_LONGEST: Final = 1_000
_BANDS: Final = ", ".join(name for name, _ in BANDS) + "."
_SHOWN: Final = 50

Words = Annotated[
    str,
    Query(
        description="Words to look for; between quotation marks as they stand, and with a minus sign not at all.",
        max_length=_LONGEST,
    ),
]
Values = Annotated[Sequence[str], Query(description="Only records with this value; may be repeated.", max_length=20)]


Filters = dict[str, list[str]]


def _chosen(
    publisher: Values = (),
    theme: Values = (),
    format: Values = (),
    licence: Values = (),
    access: Values = (),
    place: Values = (),
    period: Annotated[str, Query(description="Only data of a year, 1995, or of years, 1990-1999.", max_length=20)] = "",
    quality: Annotated[Sequence[str], Query(description="Only descriptions as good: " + _BANDS, max_length=20)] = (),
) -> Filters:
    """The values asked for, facets first and in their order."""
    values = (publisher, theme, format, licence, access, place)
    found = {name: [one for one in chosen if one] for name, chosen in zip(FACETS, values, strict=True)}
    found |= {name: some for name, some in (("period", [period]), ("quality", list(quality))) if any(some)}
    if fault := narrowing_faults(found):
        raise Problem(400, f"{fault[0].upper()}{fault[1:]}.")
    return found


#: What may be asked of the search as JSON.
_ASKED: Final = frozenset({"q", *FACETS, *NARROWED, "limit", "page", "cursor"})
_OF_OTHERS: Final = ("_", "utm_", "fbclid", "gclid", "msclkid")
_ONCE: Final = ("q", "period", "limit", "page", "cursor")


def _refuse_unknown(request: Request) -> None:
    """Raises `Problem` for a parameter that there is not, or that stands twice: passed over it would narrow nothing."""
    given = request.query_params
    # Other parts of the service, caches and campaigns have parameters of their own.
    unknown = [name for name in given if name not in _ASKED and not name.startswith(_OF_OTHERS)]
    if unknown:
        near = get_close_matches(unknown[0].strip("[]"), _ASKED, 1)
        hint = f"Did you mean {near[0]}?" if near else "Repeat a parameter to give several values."
        raise Problem(400, f"There is no parameter {unknown[0]!r}.", available=sorted(_ASKED), hint=hint)
    if twice := next((name for name in _ONCE if len(given.getlist(name)) > 1), None):
        raise Problem(400, f"The parameter {twice!r} stands twice.", parameter=twice, hint="Send it once.")


Chosen = Annotated[Filters, Depends(_chosen)]


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

    def browse(
        request: Request,
        filters: Chosen,
        q: Words = "",
        page: Annotated[int, Query(ge=1, le=MOST_OFFSET)] = 1,
    ) -> Response:
        """Search and browse."""
        found = catalog.search(SearchQuery(q, filters, page_size, (page - 1) * page_size))
        last = max(1, -(-found.pageable // page_size))
        if page > last:
            raise NotFoundError(f"this search has {last} pages", where=f"page {page}", hint="Begin at the first page.")
        asked: dict[str, Any] = {"q": q, **filters}
        body = pages.render(
            "search.html",
            request,
            found=found,
            asked=asked,
            filters=filters,
            names=NAMES,
            nearest=NEAREST,
            page=page,
            last=last,
        )
        return respond(request, Body.of(body, "text/html; charset=utf-8"))

    def search(
        request: Request,
        filters: Chosen,
        q: Words = "",
        limit: Annotated[int, Query(ge=1, le=100, description="Records in one answer.")] = page_size,
        page: Annotated[int, Query(ge=1, le=MOST_OFFSET)] = 1,
        cursor: Annotated[str, Query(description="The `next` of an earlier answer.", max_length=64)] = "",
    ) -> Response:
        """Search as JSON: total, hits with why they matched, facets, and a cursor for more."""
        _refuse_unknown(request)
        try:
            offset = SearchQuery.offset_of(cursor) if cursor else (page - 1) * limit
        except ValueError:
            raise Problem(400, "The cursor is none of this catalogue's.", hint="Send `next` as it was given.") from None
        if offset > MOST_OFFSET:
            raise Problem(
                400, f"A search can be paged through {MOST_OFFSET:,} records.", hint="Narrow it with filters."
            )
        found = catalog.search(SearchQuery(q, filters, limit, offset))
        if offset and offset >= found.pageable:
            raise NotFoundError(f"this search ends after {found.pageable:,} records", hint="Narrow it with filters.")
        return respond(request, Body.of(dumps(found.as_json()), "application/json"))

    def nations(request: Request) -> Response:
        """What covers which of the four nations, and what can be compared across them."""

        def make() -> Body:
            total, hits = catalog.index.covering(NATION_NAMES, _SHOWN)
            body = pages.render(
                "nations.html",
                request,
                counts=catalog.search(SearchQuery(limit=1)).facets.get("place", []),
                total=total,
                hits=hits,
                themes=catalog.index.themes_by_nation(),
            )
            return Body.of(body, "text/html; charset=utf-8")

        return respond(request, cache.get((catalog.snapshot().name, "nations"), make))

    get(routes, "/", home)
    get(routes, "/nations", nations)
    get(routes, "/dataset", browse)
    get(routes, "/api/search", search, **answering(SEARCH))
    return routes
