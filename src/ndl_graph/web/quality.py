"""How good the catalogue is, as a whole and for each publisher: figures, what to mend first, lists to work by."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from pyoxigraph import Triple
from starlette.responses import StreamingResponse

from ndl_graph.catalog import Catalog
from ndl_graph.errors import NotFoundError, ProfileError
from ndl_graph.formats.jsonld import dumps
from ndl_graph.quality import SCORES, Fix, bands_of, fixes_of, metric_named
from ndl_graph.search import Group, QualityCounts
from ndl_graph.validation import load_profile
from ndl_graph.validation.profiles import Rule
from ndl_graph.web.graphs import PAGE_OR_GRAPH, graph_body
from ndl_graph.web.negotiation import Offer, chosen
from ndl_graph.web.pages import Pages
from ndl_graph.web.respond import Body, BodyCache, respond
from ndl_graph.web.routing import get

__all__ = ["router"]

_OFFERS: Final = (*PAGE_OR_GRAPH, Offer("json", "application/json"))
_PAGE_OR_JSON: Final = (Offer("html", "text/html"), Offer("json", "application/json"))
#: The figures that `benchmarks/agents.py` wrote last.
_AGENTS: Final = Path(__file__).with_name("agents.json")
_MOST_RULES: Final = 10
_MOST_GROUPS: Final = 50
_LOWEST: Final = 10
_HEAD: Final = (
    "title",
    "record",
    "dataset",
    "publisher",
    "what is missing",
    "how to mend it",
    "points to gain",
    "score or profile",
)
_Publisher = Annotated[str, Query(description="Only records of this publisher.", max_length=10_000)]


@dataclass(frozen=True)
class _Broken:
    """A rule, and how many descriptions break it."""

    rule: Rule
    profile: str
    name: str
    count: int


def router(catalog: Catalog, pages: Pages, cache: BodyCache) -> APIRouter:
    """The routes of quality."""
    routes = APIRouter(tags=["quality"])

    def broken(counts: QualityCounts) -> list[_Broken]:
        found = []
        for mark, count in counts.broken:
            if (known := rule_of(mark)) is not None:
                found.append(_Broken(known[0], known[1], mark.split("#", 1)[1], count))
        return sorted(found, key=lambda one: -one.count)[:_MOST_RULES]

    def rule_of(mark: str) -> tuple[Rule, str] | None:
        name, _, rule = mark.partition("#")
        try:
            profile = load_profile(name, catalog.base_iri)
        except ProfileError:
            return None
        found = profile.rules.get(f"{profile.iri}#{rule}")
        return (found, profile.title) if found else None

    def overview(request: Request) -> Response:
        """How good the descriptions are: scores, what is lacking most, history. Also as JSON, and as DQV in RDF."""
        offer = chosen(_OFFERS, request)
        name = catalog.snapshot().name
        return respond(request, cache.get((name, "quality", offer.name), lambda: make(request, offer.name)))

    def make(request: Request, offer: str) -> Body:
        if offer not in ("html", "json"):
            graph = f"{catalog.base_iri}quality"
            triples: Sequence[Triple] = catalog.snapshot().view.graphs.triples(graph)
            return graph_body(triples, offer)
        counts = catalog.index.quality()
        if offer == "json":
            return Body.of(dumps(_as_json(counts, catalog.history())), "application/json", {"Vary": "Accept"})
        body = pages.render(
            "quality.html",
            request,
            counts=counts,
            scores=SCORES,
            bands=bands_of(counts.points),
            fixes=fixes_of(counts.lacks, counts.whole.total),
            broken=broken(counts),
            publishers=_by_size(counts.publishers),
            themes=_by_size(counts.themes),
            history=catalog.history(),
            slugs=catalog.snapshot().slugs("publisher"),
        )
        return Body.of(body, "text/html; charset=utf-8", {"Vary": "Accept"})

    def publisher_of(slug: str) -> str:
        for name, own in catalog.snapshot().slugs("publisher").items():
            if own == slug:
                return name
        raise NotFoundError("no publisher of that name has a dataset here", where=slug, hint="See /quality")

    def publisher(slug: str, request: Request) -> Response:
        """A page for one publisher: its scores beside those of all, and what to mend first."""

        def of_publisher() -> Body:
            name = publisher_of(slug)
            counts = catalog.index.quality({"publisher": [name]})
            lowest = [hit for hit, _ in zip(catalog.index.marked({"publisher": [name]}), range(_LOWEST), strict=False)]
            body = pages.render(
                "quality_publisher.html",
                request,
                name=name,
                counts=counts,
                whole=catalog.index.quality().whole,
                scores=SCORES,
                bands=bands_of(counts.points),
                fixes=fixes_of(counts.lacks, counts.whole.total),
                broken=broken(counts),
                lowest=[hit for hit in lowest if hit.get("quality")],
            )
            return Body.of(body, "text/html; charset=utf-8")

        return respond(request, cache.get((catalog.snapshot().name, "quality", "publisher", slug), of_publisher))

    def fix(name: str, publisher: _Publisher = "") -> Response:
        """The datasets that lack something, as CSV, those with the fewest points first."""
        metric = metric_named(name)
        told = (metric.label, metric.fix, str(metric.points), SCORES[metric.score].label)
        return _csv(f"{name}.csv", catalog.index.marked(_filters("lacks", name, publisher)), told)

    def rule(profile: str, name: str, publisher: _Publisher = "") -> Response:
        """The descriptions that break a rule, as CSV, those with the fewest points first."""
        found = rule_of(f"{profile}#{name}")
        if found is None:
            raise NotFoundError("there is no such rule", where=f"{profile}#{name}", hint="See /shapes")
        told = (found[0].message, found[0].fix, "", found[1])
        return _csv(
            f"{profile}-{name}.csv", catalog.index.marked(_filters("broken", f"{profile}#{name}", publisher)), told
        )

    def agents(request: Request) -> Response:
        """What scripted agents got out of a catalogue of real descriptions. Also as JSON."""
        offer = chosen(_PAGE_OR_JSON, request)

        def told() -> Body:
            if offer.name == "json":
                return Body.of(_AGENTS.read_bytes(), "application/json", {"Vary": "Accept"})
            found = json.loads(_AGENTS.read_bytes())
            most = max(one["of"] for one in found["policies"].values())
            body = pages.render("quality_agents.html", request, found=found, most=most)
            return Body.of(body, "text/html; charset=utf-8", {"Vary": "Accept"})

        return respond(request, cache.get((catalog.snapshot().name, "quality", "agents", offer.name), told))

    get(routes, "/quality", overview)
    get(routes, "/quality/agents", agents)
    get(routes, "/quality/publisher/{slug}", publisher)
    get(routes, "/quality/fixes/{name}.csv", fix)
    get(routes, "/quality/rules/{profile}/{name}.csv", rule)
    return routes


def _filters(mark: str, value: str, publisher: str) -> dict[str, list[str]]:
    return {mark: [value], **({"publisher": [publisher]} if publisher else {})}


def _by_size(groups: Sequence[Group]) -> list[Group]:
    return sorted(groups, key=lambda group: (-group.total, group.name))[:_MOST_GROUPS]


def _as_json(counts: QualityCounts, history: Sequence[tuple[str, Mapping[str, float]]]) -> dict[str, Any]:
    def group(one: Group) -> dict[str, Any]:
        return {
            **({"name": one.name} if one.name else {}),
            "datasets": one.total,
            "averages": {name: round(value, 1) for name, value in one.averages.items()},
        }

    def fix(one: Fix) -> dict[str, Any]:
        return {**asdict(one.metric), "datasets": one.datasets, "gain": round(one.gain, 2)}

    return {
        **group(counts.whole),
        "scores": {name: {"label": score.label, "points": score.points} for name, score in SCORES.items()},
        "bands": dict(bands_of(counts.points)),
        "publishers": [group(one) for one in counts.publishers],
        "themes": [group(one) for one in counts.themes],
        "fixes": [fix(one) for one in fixes_of(counts.lacks, counts.whole.total)],
        "broken": dict(counts.broken),
        "history": [{"at": at, **averages} for at, averages in history],
    }


def _csv(name: str, hits: Iterator[Mapping[str, Any]], told: Sequence[str]) -> Response:
    def rows() -> Iterator[bytes]:
        text = io.StringIO()
        writer = csv.writer(text)
        text.write("\ufeff")  # so that spreadsheets read it as UTF-8
        writer.writerow(_HEAD)
        for hit in hits:
            writer.writerow(map(_cell, (hit["title"], hit["iri"], hit["dataset"], hit["publisher"], *told)))
            if text.tell() > 65_536:
                yield text.getvalue().encode()
                text.seek(0)
                text.truncate()
        yield text.getvalue().encode()

    return StreamingResponse(
        rows(), media_type="text/csv; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _cell(value: str) -> str:
    """The value as text: what starts like a formula would be run by a spreadsheet."""
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
