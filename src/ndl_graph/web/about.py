"""Pages that explain: what this is, and what developers, agents and stewards find here."""

from typing import Final

from fastapi import APIRouter, Request, Response

from ndl_graph.catalog import Catalog
from ndl_graph.formats import writable
from ndl_graph.search import FACETS
from ndl_graph.web.pages import Pages
from ndl_graph.web.respond import Body, BodyCache, respond
from ndl_graph.web.routing import get

__all__ = ["router"]

_PAGES: Final = {
    "about": "What this is and what it is not.",
    "accessibility": "How far everybody can use these pages, and whom to tell where not.",
    "developers": "What developers find here, with commands to copy.",
    "agents": "What AI agents find here.",
    "stewards": "What those who write descriptions find here.",
}


def router(catalog: Catalog, pages: Pages, cache: BodyCache) -> APIRouter:
    """The routes of pages that explain."""
    routes = APIRouter(tags=["about"])
    forms = [form for form in writable() if form.suffixes and form.name != "html"]

    def add(name: str, told: str) -> None:
        def page(request: Request) -> Response:
            def make() -> Body:
                body = pages.render(f"{name}.html", request, base=catalog.base_iri, forms=forms, facets=FACETS)
                return Body.of(body, "text/html; charset=utf-8")

            return respond(request, cache.get((name,), make))

        page.__doc__ = told
        get(routes, f"/{name}", page, name=name)

    for name, told in _PAGES.items():
        add(name, told)
    return routes
