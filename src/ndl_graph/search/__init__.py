"""Search by words and by meaning: one engine behind pages, API and agents."""

from ndl_graph.search.answers import (
    FACETS,
    MARKS,
    MOST_OFFSET,
    POINTS,
    Group,
    Hit,
    Nearness,
    QualityCounts,
    SearchQuery,
    SearchResult,
    UseAnswer,
    UseQuery,
    Verdict,
    dated,
)
from ndl_graph.search.embedding import Embedder
from ndl_graph.search.index import SearchIndex, entry
from ndl_graph.search.meaning import Meaning, Progress

__all__ = [
    "FACETS",
    "MARKS",
    "MOST_OFFSET",
    "POINTS",
    "Embedder",
    "Group",
    "Hit",
    "Meaning",
    "Nearness",
    "Progress",
    "QualityCounts",
    "SearchIndex",
    "SearchQuery",
    "SearchResult",
    "UseAnswer",
    "UseQuery",
    "Verdict",
    "dated",
    "entry",
]
