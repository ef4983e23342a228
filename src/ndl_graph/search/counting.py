"""Counts over the index: facets, and how good the datasets are."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, Final

import tantivy
from tantivy import FieldType, Occur, Query

from ndl_graph.search.answers import FACETS, MARKS, POINTS, Group, QualityCounts
from ndl_graph.search.question import found_of

__all__ = ["counts", "facets", "facets_of", "nations_by_theme", "quality"]

_FACET_SIZE: Final = 100
_MOST_GROUPS: Final = 10_000

#: The values of each facet, the commonest first, with how many records have each.
Facets = dict[str, list[tuple[str, int]]]


def facets(searcher: tantivy.Searcher, asked: Query) -> Facets:
    """How many of the records that a query finds have each facet value."""
    wanted = {name: {"terms": {"field": name, "size": _FACET_SIZE}} for name in FACETS}
    counted = searcher.aggregate(asked, wanted)
    return {
        name: [(str(bucket["key"]), int(bucket["doc_count"])) for bucket in counted[name]["buckets"]]
        for name in FACETS
        if name in counted
    }


def facets_of(records: Sequence[Mapping[str, Sequence[str]]]) -> Facets:
    """The same for records of which the facet values are at hand."""
    found = {name: Counter(chain.from_iterable(one[name] for one in records)) for name in FACETS}
    return {
        name: sorted(count.items(), key=lambda item: (-item[1], item[0]))[:_FACET_SIZE] for name, count in found.items()
    }


def counts(searcher: tantivy.Searcher, field: str) -> dict[str, int]:
    """How many records there are of every value of a field, the commonest first."""
    wanted = {field: {"terms": {"field": field, "size": _MOST_GROUPS}}}
    counted = searcher.aggregate(Query.all_query(), wanted)
    return {str(one["key"]): int(one["doc_count"]) for one in counted[field]["buckets"]}


def nations_by_theme(searcher: tantivy.Searcher) -> list[tuple[str, dict[str, int]]]:
    """Every theme, the commonest first, with how many records there are for each nation."""
    inner = {"place": {"terms": {"field": "place", "size": _FACET_SIZE}}}
    wanted = {"theme": {"terms": {"field": "theme", "size": _FACET_SIZE}, "aggs": inner}}
    counted = searcher.aggregate(Query.all_query(), wanted)
    return [
        (str(one["key"]), {str(part["key"]): int(part["doc_count"]) for part in one["place"]["buckets"]})
        for one in counted["theme"]["buckets"]
    ]


def quality(searcher: tantivy.Searcher, schema: tantivy.Schema, filters: Sequence[Query]) -> QualityCounts:
    """How good the datasets are that pass the filters: all of them, by publisher and by theme."""
    parts: list[tuple[Occur, Query]] = [(Occur.Must, part) for part in filters]
    parts.append((Occur.Must, Query.range_query(schema, POINTS[0], FieldType.Integer, 0, 1_000_000)))
    asked = Query.boolean_query(parts)
    averages = {name: {"avg": {"field": name}} for name in POINTS}
    found = searcher.aggregate(
        asked,
        {
            **averages,
            "points": {"histogram": {"field": POINTS[0], "interval": 1, "min_doc_count": 1}},
            "ready": {"histogram": {"field": POINTS[1], "interval": 10, "min_doc_count": 1}},
            "publisher": {"terms": {"field": "publisher", "size": _MOST_GROUPS}, "aggs": averages},
            "theme": {"terms": {"field": "theme", "size": _MOST_GROUPS}, "aggs": averages},
            **{name: {"terms": {"field": name, "size": _MOST_GROUPS}} for name in MARKS},
        },
    )

    def group(name: str, total: int, part: Mapping[str, Any]) -> Group:
        return Group(name, total, {one: float(part[one]["value"] or 0.0) for one in POINTS})

    def counted(name: str) -> list[tuple[str, int]]:
        return [(str(one["key"]), int(one["doc_count"])) for one in found[name]["buckets"]]

    return QualityCounts(
        whole=group("", found_of(searcher, asked, 0)[0], found),
        publishers=[group(str(o["key"]), int(o["doc_count"]), o) for o in found["publisher"]["buckets"]],
        themes=[group(str(o["key"]), int(o["doc_count"]), o) for o in found["theme"]["buckets"]],
        points=[(int(float(key)), count) for key, count in counted("points")],
        tenths=[(int(float(key)), count) for key, count in counted("ready")],
        lacks=dict(counted("lacks")),
        broken=counted("broken"),
    )
