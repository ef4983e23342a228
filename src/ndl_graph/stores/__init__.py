"""Where records are kept: embedded on disk, or in a folder that lasts as long as the process."""

from ndl_graph.stores.embedded import EmbeddedStore, TemporaryStore

__all__ = ["EmbeddedStore", "TemporaryStore"]
