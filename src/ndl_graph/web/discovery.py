"""What leads machines to the records: the catalogue, the sitemap, and the state of the service."""

from typing import Annotated, Any, Final
from xml.sax.saxutils import escape

from fastapi import APIRouter, Query, Request, Response
from pyoxigraph import Literal, NamedNode, Triple

from ndl_graph.catalog import Catalog
from ndl_graph.errors import NotFoundError, StoreError
from ndl_graph.formats import FORMATS, jsonld
from ndl_graph.namespaces import DCAT, DCT, FOAF, HYDRA, RDF, XSD
from ndl_graph.web.graphs import GRAPHS, PAGE_OR_GRAPH, graph_body
from ndl_graph.web.negotiation import choose
from ndl_graph.web.pages import Pages
from ndl_graph.web.respond import Body, BodyCache, respond
from ndl_graph.web.routing import get

__all__ = ["router"]

_PAGE: Final = 100
_SITEMAP: Final = 50_000  # the most addresses that one sitemap may hold
_CLASSES: Final = {"service": DCAT.DataService, "series": DCAT.DatasetSeries}
_SUFFIXES: Final = {
    "html": "html",
    **{form.suffixes[0]: form.name for form in FORMATS if form.name in {offer.name for offer in GRAPHS}},
}


def router(catalog: Catalog, pages: Pages, cache: BodyCache, title: str) -> APIRouter:
    """The routes by which machines find their way."""
    routes = APIRouter(tags=["catalogue"])

    def catalogue_triples(page: int, last: int, rows: list[tuple[str, str, str]], total: int) -> list[Triple]:
        base = catalog.base_iri
        whole = NamedNode(f"{base}catalog")
        view = NamedNode(f"{base}catalog?page={page}")
        holder = NamedNode(f"{base}catalog#publisher")
        out = [
            Triple(whole, RDF.type, DCAT.Catalog),
            Triple(whole, RDF.type, HYDRA.Collection),
            Triple(whole, DCT.title, Literal(title, language="en")),
            Triple(
                whole,
                DCT.description,
                Literal(
                    "Descriptions of public datasets: what they are, who holds them, who may use them.", language="en"
                ),
            ),
            Triple(whole, FOAF.homepage, NamedNode(base)),
            Triple(whole, DCT.publisher, holder),
            Triple(holder, RDF.type, FOAF.Agent),
            Triple(holder, FOAF.name, Literal(title, language="en")),
            Triple(whole, HYDRA.totalItems, Literal(total)),
            Triple(whole, HYDRA.view, view),
            Triple(view, RDF.type, HYDRA.PartialCollectionView),
            Triple(view, HYDRA.first, NamedNode(f"{base}catalog?page=1")),
            Triple(view, HYDRA.last, NamedNode(f"{base}catalog?page={last}")),
        ]
        if page < last:
            out.append(Triple(view, HYDRA.next, NamedNode(f"{base}catalog?page={page + 1}")))
        if page > 1:
            out.append(Triple(view, HYDRA.previous, NamedNode(f"{base}catalog?page={page - 1}")))
        for record, dataset, modified in rows:
            node = NamedNode(record)
            kind = record.removeprefix(base).split("/", 1)[0]
            member = DCAT.service if kind == "service" else DCAT.dataset
            out += [
                Triple(whole, DCAT.record, node),
                Triple(whole, HYDRA.member, node),
                Triple(whole, member, NamedNode(dataset)),
                Triple(node, RDF.type, DCAT.CatalogRecord),
                Triple(node, FOAF.primaryTopic, NamedNode(dataset)),
                Triple(NamedNode(dataset), RDF.type, _CLASSES.get(kind, DCAT.Dataset)),
                Triple(node, DCT.modified, Literal(modified, datatype=XSD.dateTime)),
            ]
        return out

    def catalogue_page(request: Request, form: str, page: int) -> Response:
        def make() -> Body:
            listing = catalog.listing()
            total = len(listing)
            last = max(1, -(-total // _PAGE))
            if page > last:
                raise NotFoundError(f"the catalogue has {last} pages", where=f"page {page}")
            rows = listing[(page - 1) * _PAGE : page * _PAGE]
            steps = {"first": 1, "last": last, "next": page + 1 if page < last else 0, "prev": page - 1}
            links = [f'<{catalog.base_iri}catalog?page={to}>; rel="{rel}"' for rel, to in steps.items() if to]
            headers = {"Vary": "Accept", "Link": ", ".join(links)}
            if form == "html":
                titled = [(row, catalog.describe(catalog.get(row[0])).title) for row in rows]
                body = pages.render("catalogue.html", request, rows=titled, page=page, last=last, total=total)
                return Body.of(body, "text/html; charset=utf-8", headers)
            triples = catalogue_triples(page, last, rows, total)
            return graph_body(triples, form, [NamedNode(f"{catalog.base_iri}catalog")], headers)

        return respond(request, cache.get((catalog.snapshot().name, "catalog", form, str(page)), make))

    Page = Annotated[int, Query(ge=1, le=1_000_000)]  # noqa: N806 - a type

    def catalogue(request: Request, page: Page = 1) -> Response:
        """The catalogue as `dcat:Catalog`, in pages (Hydra)."""
        medium = request.query_params.get("_mediatype")
        return catalogue_page(request, choose(PAGE_OR_GRAPH, request.headers.get("accept"), medium).name, page)

    def catalogue_form(suffix: str, request: Request, page: Page = 1) -> Response:
        """The catalogue in one form."""
        if suffix not in _SUFFIXES:
            raise NotFoundError(
                f"there is no form .{suffix}", where="catalog", hint="There are: " + ", ".join(_SUFFIXES)
            )
        return catalogue_page(request, _SUFFIXES[suffix], page)

    def addresses() -> list[tuple[str, str]]:
        """The home page, the register of uses and all records, each with the day of its last change or nothing."""
        more = [(one, "") for one in (catalog.base_iri, *catalog.use_iris())]
        return more + [(record, modified[:10]) for record, _, modified in catalog.listing()]

    def sitemap(request: Request) -> Response:
        """The addresses of all records, or of the sitemaps that hold them."""
        count = len(addresses())
        if count <= _SITEMAP:
            return sitemap_part(1, request)
        parts = "".join(
            f"<sitemap><loc>{escape(catalog.base_iri)}sitemap-{number}.xml</loc></sitemap>"
            for number in range(1, -(-count // _SITEMAP) + 1)
        )
        text = f'<?xml version="1.0" encoding="UTF-8"?>\n<sitemapindex xmlns="{_NAMESPACE}">{parts}</sitemapindex>\n'
        return respond(request, Body.of(text.encode(), "application/xml"))

    def sitemap_part(number: int, request: Request) -> Response:
        """One sitemap of at most 50,000 addresses."""

        def make() -> Body:
            rows = addresses()[(number - 1) * _SITEMAP : number * _SITEMAP] if number else []
            if not rows:
                raise NotFoundError("there is no such sitemap", where=f"sitemap-{number}.xml")
            body = "".join(
                f"<url><loc>{escape(address)}</loc>{f'<lastmod>{day}</lastmod>' if day else ''}</url>"
                for address, day in rows
            )
            text = f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="{_NAMESPACE}">{body}</urlset>\n'
            return Body.of(text.encode(), "application/xml")

        return respond(request, cache.get((catalog.snapshot().name, "sitemap", str(number)), make))

    def healthz() -> Response:
        """The process is alive."""
        return Response("ok\n", 200, {"Cache-Control": "no-store"}, "text/plain; charset=utf-8")

    def readyz() -> Response:
        """The catalogue can be read."""
        state: dict[str, Any] = {}
        try:
            state = {"ready": True, "snapshot": catalog.snapshot().name, "records": len(catalog.snapshot().index)}
            if catalog.meaning is not None:
                progress = catalog.meaning.progress
                state["meaning"] = {"done": progress.done, "of": progress.total, "in_use": progress.complete}
        except StoreError as error:
            state = {"ready": False, "reason": str(error)}
        return Response(
            jsonld.dumps(state), 200 if state["ready"] else 503, {"Cache-Control": "no-store"}, "application/json"
        )

    get(routes, "/catalog", catalogue)
    get(routes, "/catalog.{suffix}", catalogue_form)
    get(routes, "/sitemap.xml", sitemap)
    get(routes, "/sitemap-{number:int}.xml", sitemap_part)
    get(routes, "/healthz", healthz)
    get(routes, "/readyz", readyz)
    return routes


_NAMESPACE: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"
