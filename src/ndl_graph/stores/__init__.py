"""Where records are kept: embedded on disk, in a folder that lasts as long as the process, or on a SPARQL server."""

from ndl_graph.stores.embedded import EmbeddedStore, TemporaryStore
from ndl_graph.stores.remote import RemoteStore
from ndl_graph.stores.runner import RemoteRunner
from ndl_graph.stores.server import Server

__all__ = ["EmbeddedStore", "RemoteRunner", "RemoteStore", "Server", "TemporaryStore"]
