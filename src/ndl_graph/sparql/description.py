"""What a SPARQL endpoint says of itself (SPARQL 1.1 Service Description)."""

from collections.abc import Sequence
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from ndl_graph.namespaces import DCT, NDL, RDF, SD, VOID, XSD, Namespace
from ndl_graph.sparql.federation import Federation
from ndl_graph.sparql.pool import QueryLimits
from ndl_graph.sparql.statistics import Statistics

__all__ = ["describe_service"]

_FORMATS: Final = Namespace("http://www.w3.org/ns/formats/")
_RESULTS: Final = (
    "SPARQL_Results_JSON", "SPARQL_Results_XML", "SPARQL_Results_CSV", "SPARQL_Results_TSV",
    "Turtle", "N-Triples", "RDF_XML", "JSON-LD", "TriG", "N-Quads",
)  # fmt: skip
#: Clients that join several endpoints read this before each query: names are listed to here, and counted beyond.
_MOST_NAMED: Final = 100


def describe_service(
    address: str,
    base: str,
    graphs: Sequence[str],
    statistics: Statistics,
    limits: QueryLimits,
    text_bytes: int,
    federation: Federation,
) -> list[Triple]:
    """The service at an address: languages, formats, features, limits, and its default and named graphs."""
    service = NamedNode(address)
    dataset = NamedNode(f"{base}.well-known/void#dataset")
    # Named, so that the same is said in the same bytes.
    default, available = BlankNode("default"), BlankNode("available")
    out = [
        Triple(service, RDF.type, SD.Service),
        Triple(service, SD.endpoint, service),
        Triple(service, SD.supportedLanguage, SD.SPARQL11Query),
        Triple(service, SD.feature, SD.UnionDefaultGraph),
        *(Triple(service, SD.resultFormat, _FORMATS[name]) for name in _RESULTS),
        *([Triple(service, SD.feature, SD.BasicFederatedQuery)] if federation.endpoints else []),
        Triple(service, NDL.mostSeconds, _number(limits.query_seconds)),
        Triple(service, NDL.mostMemory, _number(limits.query_memory_bytes)),
        Triple(service, NDL.mostRows, _number(limits.query_rows)),
        Triple(service, NDL.mostBytes, _number(limits.query_bytes)),
        Triple(service, NDL.mostTextBytes, _number(text_bytes)),
        Triple(service, SD.defaultDataset, dataset),
        Triple(service, SD.availableGraphs, available),
        Triple(dataset, RDF.type, SD.Dataset),
        Triple(dataset, RDF.type, VOID.Dataset),
        Triple(dataset, SD.defaultGraph, default),
        Triple(default, RDF.type, SD.Graph),
        Triple(default, VOID.triples, _number(statistics.triples)),
        Triple(available, RDF.type, SD.GraphCollection),
        Triple(available, VOID.entities, _number(len(graphs))),
        Triple(available, DCT.source, NamedNode(f"{base}catalog")),
    ]
    for number, graph in enumerate(graphs[:_MOST_NAMED], 1):
        node = BlankNode(f"graph{number}")
        out += [
            Triple(dataset, SD.namedGraph, node),
            Triple(available, SD.namedGraph, node),
            Triple(node, RDF.type, SD.NamedGraph),
            Triple(node, SD.name, NamedNode(graph)),
        ]
    return out


def _number(value: float) -> Literal:
    whole = float(value).is_integer()
    return Literal(str(int(value) if whole else value), datatype=XSD.integer if whole else XSD.decimal)
