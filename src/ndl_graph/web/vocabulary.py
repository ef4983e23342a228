"""The shapes and the vocabulary, negotiated."""

from typing import Final

from fastapi import APIRouter, Request, Response
from pyoxigraph import NamedNode, RdfFormat, Triple, parse

from ndl_graph.catalog import Catalog
from ndl_graph.errors import NotFoundError, ProfileError
from ndl_graph.namespaces import OWL, RDF, RDFS, SKOS, VOCABULARY
from ndl_graph.resources import vocab_folder
from ndl_graph.validation import load_profile, profile_names
from ndl_graph.web.graphs import PAGE_OR_GRAPH, graph_body
from ndl_graph.web.negotiation import chosen
from ndl_graph.web.pages import Pages
from ndl_graph.web.respond import Body, BodyCache, respond
from ndl_graph.web.routing import get

__all__ = ["router"]

#: Files of `vocab/` that hold terms or concepts of our own.
_OWN: Final = (
    "ndl",
    "access-level",
    "access-rule",
    "key",
    "applicant",
    "purpose",
    "data-form",
    "time-to-access",
    "five-safes",
    "metric",
)


def _own_terms() -> list[Triple]:
    return [
        quad.triple
        for name in _OWN
        for quad in parse(path=str(vocab_folder() / f"{name}.ttl"), format=RdfFormat.TURTLE)
    ]


def router(catalog: Catalog, pages: Pages, cache: BodyCache) -> APIRouter:
    """The routes of shapes and vocabulary."""
    routes = APIRouter(tags=["vocabulary"])

    def page(body: bytes) -> Body:
        return Body.of(body, "text/html; charset=utf-8", {"Vary": "Accept"})

    def shapes(request: Request) -> Response:
        """The profiles that descriptions can be validated against."""
        offer = chosen(PAGE_OR_GRAPH, request)
        found = [load_profile(name, catalog.base_iri) for name in profile_names()]
        if offer.name == "html":
            return respond(request, page(pages.render("profiles.html", request, profiles=found)))
        listed = [triple for one in found for triple in one.triples if triple.subject == NamedNode(one.iri)]
        return respond(request, graph_body(listed, offer.name))

    def profile(name: str, request: Request) -> Response:
        """One profile: its shapes, or a table of what it asks."""
        offer = chosen(PAGE_OR_GRAPH, request)
        try:
            found = load_profile(name, catalog.base_iri)
        except ProfileError as error:
            raise NotFoundError(error.message, where=name, hint=error.hint) from None
        if offer.name == "html":
            return respond(request, page(pages.render("profile.html", request, profile=found)))
        return respond(request, cache.get(("shapes", name, offer.name), lambda: graph_body(found.triples, offer.name)))

    def vocabulary(request: Request, scheme: str = "") -> Response:
        """Our terms and concept schemes."""
        offer = chosen(PAGE_OR_GRAPH, request)
        triples = _own_terms()
        if scheme:
            marker = f"{VOCABULARY}/{scheme}"
            triples = [
                t for t in triples if isinstance(t.subject, NamedNode) and t.subject.value.split("#")[0] == marker
            ]
            if not triples:
                raise NotFoundError("there is no such concept scheme", where=scheme, hint="See /vocab")
        if offer.name != "html":
            return respond(request, graph_body(triples, offer.name))
        kinds = (RDF.Property, RDFS.Class, SKOS.Concept, OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty)
        terms = list(
            dict.fromkeys(
                t.subject.value
                for t in triples
                if t.predicate == RDF.type and t.object in kinds and isinstance(t.subject, NamedNode)
            )
        )
        return respond(request, page(pages.render("vocabulary.html", request, terms=terms, scheme=scheme)))

    get(routes, "/shapes", shapes)
    get(routes, "/shapes/{name}", profile)
    get(routes, "/vocab", vocabulary)
    get(routes, "/vocab/{scheme}", vocabulary, name="scheme")
    return routes
