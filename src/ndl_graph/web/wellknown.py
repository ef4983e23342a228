"""What is said of the catalogue as a whole where machines look for it: VoID and example queries."""

from fastapi import APIRouter, Request, Response
from pyoxigraph import NamedNode

from ndl_graph.catalog import Catalog
from ndl_graph.formats.jsonld import dumps
from ndl_graph.namespaces import PREFIXES, compact
from ndl_graph.sparql.examples import examples
from ndl_graph.sparql.statistics import void
from ndl_graph.web.graphs import GRAPHS, graph_body
from ndl_graph.web.negotiation import chosen
from ndl_graph.web.respond import Body, BodyCache, respond
from ndl_graph.web.routing import get

__all__ = ["router"]


def router(catalog: Catalog, cache: BodyCache, title: str) -> APIRouter:
    """The routes of VoID and of the example queries."""
    routes = APIRouter(tags=["sparql"])

    def void_description(request: Request) -> Response:
        """VoID: counts, classes and properties with how often each is used, the endpoint, and the download."""
        offer = chosen(GRAPHS, request)

        def make() -> Body:
            base = catalog.base_iri
            dataset = NamedNode(f"{base}.well-known/void#dataset")
            listing = catalog.listing()
            triples = void(
                catalog.statistics(),
                dataset,
                title=title,
                endpoint=f"{base}sparql",
                homepage=base,
                dumps=[f"{base}data"],
                vocabularies=[PREFIXES[name] for name in ("dcat", "dct", "foaf", "ndl")],
                example=listing[0][0] if listing else None,
            )
            return graph_body(triples, offer.name, [dataset])

        return respond(request, cache.get((catalog.snapshot().name, "void", offer.name), make))

    def sparql_examples(request: Request) -> Response:
        """Example queries as `sh:SPARQLExecutable`, each with the question that it answers."""
        offer = chosen(GRAPHS, request)
        found = examples()
        triples = [triple for one in found for triple in one.triples]
        return respond(request, graph_body(triples, offer.name, [NamedNode(one.iri) for one in found]))

    def terms(request: Request) -> Response:
        """Prefixes, classes and properties in use, the commonest first: what an editor completes."""

        def make() -> Body:
            counted = catalog.statistics()

            def listed(counts: dict[str, int]) -> list[dict[str, object]]:
                return [
                    {"iri": iri, "name": compact(iri), "label": catalog.labels.text(iri), "count": amount}
                    for iri, amount in counts.items()
                ]

            document = {
                "prefixes": PREFIXES,
                "classes": listed(dict(counted.classes)),
                "properties": listed(dict(counted.properties)),
            }
            return Body.of(dumps(document), "application/json")

        return respond(request, cache.get((catalog.snapshot().name, "terms"), make))

    get(routes, "/.well-known/void", void_description)
    get(routes, "/.well-known/sparql-examples", sparql_examples)
    get(routes, "/api/sparql-terms", terms)
    return routes
