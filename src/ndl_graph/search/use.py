"""“Could I use this”: datasets by what somebody may do with them."""

from collections.abc import Mapping, Sequence

import tantivy
from tantivy import Occur, Query

from ndl_graph.search.answers import UseQuery, Verdict
from ndl_graph.search.documents import UNSTATED
from ndl_graph.search.question import both

__all__ = ["hindrance", "verdicts"]


def verdicts(schema: tantivy.Schema, about: Query, asked: UseQuery) -> dict[Verdict, Query]:
    """A query for the datasets of each verdict, from using them now to not at all, of those that a query finds."""

    def having(name: str, *values: str) -> Query:
        return Query.term_set_query(schema, name, list(values))

    barred = [name for name, bars in (("no", asked.for_profit), ("no-companies", asked.asker == "company")) if bars]
    bars = [(Occur.MustNot, having("profit", one)) for one in barred]
    fitting = [having("asker", asked.asker, UNSTATED)]
    if asked.purposes:
        fitting.append(having("purpose", *asked.purposes, UNSTATED))

    def allowed(*levels: str) -> Query:
        parts = [(Occur.Must, one) for one in (about, having("level", *levels), *fitting)]
        return Query.boolean_query([*parts, *bars])

    reviewed = ["approved-projects", "approved-projects-in-tre"]
    unknown = Query.boolean_query([(Occur.Should, having(name, UNSTATED)) for name in ("level", "terms")])
    groups: dict[Verdict, Query] = {
        "now": Query.boolean_query([(Occur.Must, allowed("open")), (Occur.MustNot, having("terms", UNSTATED))]),
        "conditions": allowed("open-with-conditions"),
        "register": allowed("registered"),
        "apply": allowed(*reviewed, *(["government-only"] if asked.asker == "public-body" else [])),
        "ask": Query.boolean_query([(Occur.Must, both(about, unknown)), *bars]),
    }
    others = [(Occur.MustNot, one) for one in groups.values()]
    return {**groups, "no": Query.boolean_query([(Occur.Must, about), *others, (Occur.Must, Query.all_query())])}


def hindrance(use: Mapping[str, Sequence[str]], asked: UseQuery) -> str:
    """What stands between an asker and a dataset, by the name of the field that says so; empty where nothing does."""
    level = use["level"][0]
    if level == "not-available" or (level == "government-only" and asked.asker != "public-body"):
        return "level"
    if asked.for_profit and "no" in use["profit"]:
        return "profit"
    if asked.asker == "company" and "no-companies" in use["profit"]:
        return "asker"
    if UNSTATED in use["terms"]:
        return "terms"
    if level == UNSTATED:
        return ""
    if not {asked.asker, UNSTATED} & set(use["asker"]):
        return "asker"
    if asked.purposes and not {*asked.purposes, UNSTATED} & set(use["purpose"]):
        return "purpose"
    return ""
