"""Text search: one engine behind pages and API."""

from ndl_graph.search.index import (
    FACETS,
    MARKS,
    POINTS,
    Group,
    Hit,
    QualityCounts,
    SearchIndex,
    SearchQuery,
    SearchResult,
    entry,
)

__all__ = [
    "FACETS",
    "MARKS",
    "POINTS",
    "Group",
    "Hit",
    "QualityCounts",
    "SearchIndex",
    "SearchQuery",
    "SearchResult",
    "entry",
]
