"""The catalogue: what it asks of a store, records as they stand there, and reading."""

from ndl_graph.catalog.catalog import Catalog, OpenSnapshot
from ndl_graph.catalog.protocols import Answer, Graphs, GraphStore, GraphWriter, View
from ndl_graph.catalog.records import batched, listed, measured, now, records_in

__all__ = [
    "Answer",
    "Catalog",
    "GraphStore",
    "GraphWriter",
    "Graphs",
    "OpenSnapshot",
    "View",
    "batched",
    "listed",
    "measured",
    "now",
    "records_in",
]
