"""Who can use what: the levels explained, and which datasets somebody may use for something."""

from functools import cache
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from pyoxigraph import NamedNode, RdfFormat, parse

from ndl_graph.access import APPLICANTS, LEVELS
from ndl_graph.catalog import Catalog
from ndl_graph.description import NATION_NAMES
from ndl_graph.formats.jsonld import dumps
from ndl_graph.namespaces import DPV, RDF, SKOS, VOCABULARY
from ndl_graph.resources import vocab_folder
from ndl_graph.search import UseAnswer, UseQuery
from ndl_graph.web.pages import Pages
from ndl_graph.web.problems import Problem
from ndl_graph.web.respond import Body, BodyCache, respond
from ndl_graph.web.routing import get
from ndl_graph.web.schemas import ACCESS, answering

__all__ = ["REASONS", "VERDICTS", "router"]

_SHOWN: Final = 20
_MOST: Final = 100
#: What each verdict means, and what to do next.
VERDICTS: Final = {
    "now": ("You can use these now", "Open the record and follow its links to the data."),
    "conditions": (
        "You can use these if you accept conditions",
        "Read the licence or the conditions on the record first.",
    ),
    "register": ("You can use these after you register", "The record leads to the page where you register."),
    "apply": ("You can apply for these", "The record says who decides, how long it takes and where to apply."),
    "ask": ("The holder does not say who can use these", "Ask the contact on the record."),
    "no": ("These are not for you, as things stand", "The record says who holds them and who may use them."),
}
REASONS: Final = {
    "level": "not open to anyone else",
    "asker": "only others may ask",
    "purpose": "not for this purpose",
    "profit": "not for profit",
    "terms": "anyone may get it; its licence is not stated, or not known here",
}


@cache
def _purposes() -> dict[str, frozenset[str]]:
    """What people want data for, by name, with the terms that it goes by: our own, and those of DPV."""
    found: dict[str, set[str]] = {}
    for quad in parse(path=str(vocab_folder() / "purpose.ttl"), format=RdfFormat.TURTLE):
        assert isinstance(quad.subject, NamedNode)
        name = quad.subject.value.rpartition("#")[2]
        if quad.predicate == RDF.type and quad.object == SKOS.Concept:
            found.setdefault(name, set()).add(quad.subject.value)
        elif quad.predicate == SKOS.narrowMatch and isinstance(quad.object, NamedNode):
            found.setdefault(name, set()).add(quad.object.value)
    return {name: frozenset(terms) for name, terms in found.items()}


_Who = Annotated[
    str, Query(description="Who asks: public, researcher, charity, company or public-body.", max_length=40)
]
_For = Annotated[
    str, Query(alias="for", description="What for: a name from /vocab/purpose, such as research.", max_length=40)
]
_Place = Annotated[str, Query(description="Only what covers this nation.", max_length=40)]
_Words = Annotated[str, Query(description="Only what is about this.", max_length=1_000)]


def router(catalog: Catalog, pages: Pages, cache: BodyCache) -> APIRouter:
    """The routes of access."""
    routes = APIRouter(tags=["access"])
    applicants = [iri.rpartition("#")[2] for iri in APPLICANTS]

    def asked_for(who: str, purpose: str, place: str, text: str) -> UseQuery:
        for name, value, known in (
            ("who", who, applicants),
            ("for", purpose, [*_purposes(), ""]),
            ("place", place, [*NATION_NAMES, ""]),
        ):
            if value not in known:
                raise Problem(400, f"`{name}` is none of: {', '.join(filter(None, known))}.", parameter=name)
        terms = _purposes().get(purpose, frozenset())
        profit = DPV.CommercialPurpose.value in terms
        return UseQuery(who, terms, profit, text, {"place": [place] if place else []})

    def access(request: Request, who: _Who = "", what: _For = "", place: _Place = "", q: _Words = "") -> Response:
        """The levels of access explained, and which datasets somebody may use for something."""

        def make() -> Body:
            answers = catalog.index.usable(asked_for(who, what, place, q), _SHOWN) if who else []
            body = pages.render(
                "access.html",
                request,
                levels=LEVELS,
                applicants=APPLICANTS,
                purposes=[f"{VOCABULARY}/purpose#{name}" for name in _purposes()],
                nations=NATION_NAMES,
                asked={"who": who, "for": what, "place": place, "q": q},
                answers=[answer for answer in answers if answer.total],
                verdicts=VERDICTS,
                reasons=REASONS,
                level_counts=catalog.index.levels(),
            )
            return Body.of(body, "text/html; charset=utf-8")

        return respond(request, cache.get((catalog.snapshot().name, "access", who, what, place, q), make))

    def api(
        request: Request,
        who: _Who,
        what: _For = "",
        place: _Place = "",
        q: _Words = "",
        limit: Annotated[int, Query(description="Datasets of each verdict.", ge=0, le=_MOST)] = _SHOWN,
    ) -> Response:
        """Which datasets somebody may use for something, by verdict: now, conditions, register, apply, ask or no."""
        answers = catalog.index.usable(asked_for(who, what, place, q), limit)
        said = {
            "who": who,
            "for": what or None,
            "place": place or None,
            "groups": [_group(answer) for answer in answers],
        }
        return respond(request, Body.of(dumps(said), "application/json"))

    get(routes, "/access", access)
    get(routes, "/api/access", api, name="access_json", **answering(ACCESS))
    return routes


def _group(answer: UseAnswer) -> dict[str, Any]:
    meaning, following = VERDICTS[answer.verdict]
    return {
        "verdict": answer.verdict,
        "meaning": meaning,
        "next": following,
        "total": answer.total,
        "datasets": [
            {
                **{name: hit.said[name] for name in ("iri", "dataset", "title", "publisher", "access")},
                "why_not": REASONS.get(hit.why),
            }
            for hit in answer.hits
        ],
    }
