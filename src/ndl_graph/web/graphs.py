"""Graphs of our own making (the catalogue, shapes, vocabulary, VoID) in every form that a graph has."""

from collections.abc import Iterable, Sequence
from typing import Final

from pyoxigraph import NamedNode, Triple

from ndl_graph.formats import FORMATS, jsonld, rdf
from ndl_graph.web.negotiation import Offer
from ndl_graph.web.respond import Body

__all__ = ["GRAPHS", "PAGE_OR_GRAPH", "graph_body"]

_SYNTAXES: Final = {form.name: form for form in FORMATS if form.syntax is not None and form.write is not None}
#: The forms of a graph: Turtle, JSON-LD and the other syntaxes that are written.
GRAPHS: Final = (
    Offer("turtle", "text/turtle"),
    Offer("jsonld", "application/ld+json"),
    *(Offer(form.name, form.media_type) for form in _SYNTAXES.values() if form.name != "turtle"),
)
#: The same behind a page for people.
PAGE_OR_GRAPH: Final = (Offer("html", "text/html"), *GRAPHS)


def graph_body(
    triples: Sequence[Triple], form: str, roots: Iterable[NamedNode] = (), headers: dict[str, str] | None = None
) -> Body:
    """The triples in the form of that name; in JSON-LD the roots stand first."""
    headers = {"Vary": "Accept", **(headers or {})}
    if form == "jsonld":
        return Body.of(jsonld.write(triples, list(roots)), "application/ld+json", headers)
    chosen = _SYNTAXES[form]
    assert chosen.syntax is not None
    return Body.of(rdf.write(chosen.syntax, triples), chosen.content_type, headers)
