"""SPARQL queries from outside: what they say, what they may do, and where they run."""

from ndl_graph.sparql.hints import hints
from ndl_graph.sparql.merge import merged
from ndl_graph.sparql.query import Query, read_query, told_as_query_error
from ndl_graph.sparql.statistics import Statistics, count

__all__ = ["Query", "Statistics", "count", "hints", "merged", "read_query", "told_as_query_error"]
