"""Full-text search over the records, with facets."""

from ndl_graph.search.index import FACETS, Hit, SearchIndex, SearchQuery, SearchResult, entry

__all__ = ["FACETS", "Hit", "SearchIndex", "SearchQuery", "SearchResult", "entry"]
