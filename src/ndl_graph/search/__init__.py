"""Search by words and by meaning: one engine behind pages, API and agents."""

from ndl_graph.search.answers import (
    ADVICE,
    BANDS,
    FACETS,
    MARKS,
    MOST_OFFSET,
    NARROWED,
    NEAREST,
    POINTS,
    WHY,
    Advice,
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
    narrowing_faults,
)
from ndl_graph.search.documents import entry
from ndl_graph.search.embedding import Embedder
from ndl_graph.search.index import SearchIndex
from ndl_graph.search.meaning import Meaning, Progress

__all__ = [
    "ADVICE",
    "BANDS",
    "FACETS",
    "MARKS",
    "MOST_OFFSET",
    "NARROWED",
    "NEAREST",
    "POINTS",
    "WHY",
    "Advice",
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
    "narrowing_faults",
]
