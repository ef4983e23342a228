"""The register of uses: who was given access to which data, for what, and what the public gains."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from ndl_graph.catalog import Catalog
from ndl_graph.description import DescriptionView
from ndl_graph.errors import NotFoundError
from ndl_graph.formats import writable
from ndl_graph.formats.jsonld import dumps
from ndl_graph.namespaces import DCT, DPV, NDL, ODRL, PROV
from ndl_graph.record import Record
from ndl_graph.web.graphs import GRAPHS, PAGE_OR_GRAPH, graph_body
from ndl_graph.web.language import reading_order
from ndl_graph.web.negotiation import chosen
from ndl_graph.web.pages import Pages
from ndl_graph.web.respond import Body, BodyCache, respond
from ndl_graph.web.routing import get
from ndl_graph.web.schemas import USES, answering

__all__ = ["router", "use_json"]

_PAGE: Final = 50
_SUFFIXES: Final = {
    "html": "html",
    **{form.suffixes[0]: form.name for form in writable() if form.name in {offer.name for offer in GRAPHS}},
}

_Page = Annotated[int, Query(description="Page, from 1.", ge=1, le=100_000)]
_Dataset = Annotated[str, Query(description="Only uses of this record: its slug or IRI.", max_length=2_000)]


def router(catalog: Catalog, pages: Pages, cache: BodyCache) -> APIRouter:
    """The routes of the register."""
    routes = APIRouter(tags=["uses"])

    def found(dataset: str, page: int) -> tuple[int, list[Record], DescriptionView | None]:
        view = catalog.describe(catalog.get(dataset)) if dataset else None
        total, records = catalog.uses(view, _PAGE, (page - 1) * _PAGE)
        if page > 1 and not records:
            raise NotFoundError(f"the register has {-(-total // _PAGE)} pages", where=f"page {page}")
        return total, records, view

    def uses(request: Request, dataset: _Dataset = "", page: _Page = 1) -> Response:
        """Who was given access to data, the newest first."""

        def make() -> Body:
            total, records, view = found(dataset, page)
            body = pages.render(
                "uses.html",
                request,
                uses=[(record, catalog.describe(record, reading_order())) for record in records],
                total=total,
                made_up=catalog.made_up(view),
                page=page,
                last=max(1, -(-total // _PAGE)),
                asked={"dataset": dataset},
                dataset=dataset,
                of=view,
            )
            return Body.of(body, "text/html; charset=utf-8")

        return respond(request, cache.get((catalog.snapshot().name, "uses", dataset, str(page)), make))

    def api(request: Request, dataset: _Dataset = "", page: _Page = 1) -> Response:
        """The same as JSON."""
        total, records, _ = found(dataset, page)
        said = {
            "total": total,
            "uses": [use_json(catalog.describe(record), record) for record in records],
            "next": page + 1 if page * _PAGE < total else None,
        }
        return respond(request, Body.of(dumps(said), "application/json"))

    def use(slug: str, request: Request) -> Response:
        """One use of data, negotiated."""
        name, dot, suffix = slug.partition(".")
        if dot and suffix not in _SUFFIXES:
            raise NotFoundError(f"there is no form .{suffix}", where=slug, hint="There are: " + ", ".join(_SUFFIXES))
        form = _SUFFIXES[suffix] if dot else chosen(PAGE_OR_GRAPH, request).name

        def make() -> Body:
            record = catalog.get(f"{catalog.base_iri}use/{name}")
            if form != "html":
                return graph_body(record.triples, form, (record.iri, record.dataset))
            view = catalog.describe(record, reading_order())
            body = pages.render("use.html", request, record=record, view=view, used=_used(catalog, view))
            return Body.of(body, "text/html; charset=utf-8", {"Vary": "Accept"})

        return respond(request, cache.get((catalog.snapshot().name, "use", name, form), make))

    get(routes, "/uses", uses)
    get(routes, "/api/uses", api, name="uses_json", **answering(USES))
    get(routes, "/use/{slug}", use, name="use_record")
    return routes


def _used(catalog: Catalog, view: DescriptionView) -> list[tuple[str, str]]:
    """The name of each dataset that a use names, and its record here, or nothing."""
    found = []
    for one in view.views(PROV.used):
        try:
            record = catalog.get(one.iri or "")
            found.append((catalog.describe(record).title, record.iri.value))
        except NotFoundError:
            found.append((one.iri or "", ""))
    return [*found, *((name, "") for name in view.texts(NDL.datasetName))]


def use_json(view: DescriptionView, record: Record) -> dict[str, Any]:
    """A use as the API has it."""
    return {
        "iri": record.iri.value,
        "title": view.title,
        "hypothetical": view.text(NDL.hypothetical) in ("true", "1"),
        "who": [one.label for one in view.views(ODRL.assignee)],
        "data": [*(one.iri for one in view.views(PROV.used)), *view.texts(NDL.datasetName)],
        "summary": view.text(DCT.description),
        "public_benefit": view.text(NDL.publicBenefit) or None,
        "purposes": [one.label for one in view.views(DPV.hasPurpose)],
        "legal_basis": [one.label for one in view.views(DPV.hasLegalBasis)],
        "where": [one.label for one in view.views(NDL.usedIn)],
        "from": view.text(PROV.startedAtTime) or None,
        "to": view.text(PROV.endedAtTime) or None,
        "outputs": [one.iri for one in view.views(PROV.generated) if one.iri],
    }
