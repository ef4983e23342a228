"""Records: every form of a description, and what leads to it."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from markupsafe import Markup
from pyoxigraph import Literal, NamedNode
from starlette.concurrency import run_in_threadpool

from ndl_graph.access import is_behind_approval, is_licensed, sentences
from ndl_graph.catalog import Catalog
from ndl_graph.description import NATION_NAMES, DescriptionView, View
from ndl_graph.errors import NotFoundError
from ndl_graph.formats import Format, writable
from ndl_graph.formats.jsonld import dumps
from ndl_graph.formats.schema_org import dataset as schema_dataset
from ndl_graph.namespaces import DCAT, FOAF, NDL, VCARD, is_web
from ndl_graph.quality import METRICS, SCORES, croissant_verdict
from ndl_graph.record import ASIDE, Record, Term
from ndl_graph.web.language import current, reading_order
from ndl_graph.web.linking import partners_of
from ndl_graph.web.negotiation import Offer, choose
from ndl_graph.web.pages import Pages
from ndl_graph.web.problems import Problem
from ndl_graph.web.respond import Body, BodyCache, respond
from ndl_graph.web.routing import get, json_for_script
from ndl_graph.web.statements import parts_of

__all__ = ["router"]

_HTML: Final = Offer("html", "text/html")
#: The page is made of a template, in the reader's language.
_FORMS: Final = {form.name: form for form in writable() if form.name != "html"}
# The order settles ties: a client that takes anything gets the page, one that takes JSON-LD the plain form.
_OFFERS: Final = (
    _HTML,
    *(Offer(form.name, form.media_type, form.profile) for form in _FORMS.values()),
    Offer("jsonld", "application/json"),
)
_SUFFIXES: Final = {form.suffixes[0]: form for form in _FORMS.values() if form.suffixes}
_PROFILES: Final = {
    "dcat": "jsonld",
    "schema": "schema",
    "croissant": "croissant",
    **{form.name: form.name for form in _FORMS.values() if form.profile},
    **{form.profile.rstrip("/"): form.name for form in _FORMS.values() if form.profile},
    "http://www.w3.org/ns/dcat": "jsonld",
}
_KINDS: Final = ("dataset", "service", "series", "catalog")
_MOST_ITEMS: Final = 20
_MOST_USES: Final = 5
_MOST_TOLD: Final = 5
_JSON: Final = "application/json"
_VARY: Final = {"Vary": "Accept"}
_MOST_PARTNERS: Final = 4
#: Bytes of Croissant that stand in a page; a longer one is a link.
_MOST_EMBEDDED: Final = 32_000
_LINKSET: Final = "application/linkset+json"
_SCHEMA_TYPES: Final = {
    "dataset": "https://schema.org/Dataset",
    "service": "https://schema.org/WebAPI",
    "series": "https://schema.org/Dataset",
    "catalog": "https://schema.org/DataCatalog",
}


def router(catalog: Catalog, pages: Pages, cache: BodyCache) -> APIRouter:
    """The routes of records."""
    routes = APIRouter(tags=["records"])

    async def answer(request: Request, kind: str, name: str, offer: str) -> Response:
        # What is in memory is answered at once; only what must be made takes a thread.
        snapshot = catalog.opened()
        moment = _as_of(request.query_params.get("asOf"))
        found = cache.known((snapshot.name, kind, name, offer, moment)) if snapshot else None
        if found is None:
            found = await run_in_threadpool(remade, request, kind, name, offer, moment)
        return respond(request, found)

    def remade(request: Request, kind: str, name: str, offer: str, moment: str) -> Body:
        key = (catalog.snapshot().name, kind, name, offer, moment)
        return cache.get(key, lambda: make(request, kind, name, offer, moment))

    def make(request: Request, kind: str, slug: str, offer: str, moment: str) -> Body:
        iri = f"{catalog.base_iri}{kind}/{slug}"
        record = catalog.at(iri)
        if moment:
            record = catalog.as_of(iri, moment)
        view = catalog.describe(record, reading_order() if offer == "html" else ("en",))
        # The page tells what is worked out of the description too, which changes with the state of the store.
        modified = max(record.described, catalog.snapshot().written)
        headers = {"Vary": "Accept", "Link": _links(record, view, offer)}
        if offer == "html":
            structured = {"@context": "https://schema.org/", **schema_dataset(view, record.iri.value, kind)}
            used = catalog.uses(view, _MOST_USES)
            marks = catalog.index.marks_of(record.iri.value) or {"points": {}, "lacks": []}
            forms = [(form.title, f"/{kind}/{slug}.{suffix}", form) for suffix, form in _SUFFIXES.items()]
            body = pages.render(
                "record.html",
                request,
                record=record,
                view=view,
                kind=kind,
                forms=forms,
                structured=json_for_script(structured),
                croissant=_embedded(record, view, kind),
                parts=parts_of(view),
                modified=modified,
                marks=marks,
                verdict=croissant_verdict(view),
                dead=_dead_links(record),
                rules=sentences(view, current()),
                licensed=is_licensed(view),
                behind=is_behind_approval(view),
                # By what things are called in English: so they go in the index.
                own_pages=_own_pages(catalog, catalog.describe(record)),
                partners=partners_of(catalog, record, view, _MOST_PARTNERS),
                uses=used[0],
                used=[(one, catalog.describe(one, reading_order())) for one in used[1]],
                report=_report(record, view, marks),
                as_of=moment,
                changed=len(catalog.former(record.iri.value)),
                scores=SCORES,
                metrics=METRICS,
            )
            return Body.of(body, "text/html; charset=utf-8", headers, modified)
        if offer == _LINKSET:
            return Body.of(_linkset(record, view), _LINKSET, {"Vary": "Accept"}, modified)
        form = _FORMS[offer]
        assert form.write is not None
        if form.suffixes and not moment:
            headers["Content-Location"] = f"/{kind}/{slug}.{form.suffixes[0]}"
        return Body.of(form.write(record), form.content_type, headers, modified)

    def form_of(request: Request) -> str:
        profile = request.query_params.get("_profile")
        medium = request.query_params.get("_mediatype")
        if profile:
            name = _PROFILES.get(profile.rstrip("/#"))
            if name is None:
                raise Problem(
                    406,
                    f"There is no profile {profile!r}.",
                    available=sorted(key for key in _PROFILES if "/" not in key),
                )
            if medium and medium != _FORMS[name].media_type:
                raise Problem(406, f"The profile {profile!r} has the media type {_FORMS[name].media_type}.")
            return name
        return choose(_OFFERS, request.headers.get("accept"), medium).name

    async def record_page(kind: str, slug: str, request: Request) -> Response:
        """A record, negotiated: HTML, Markdown, JSON-LD, Turtle, N-Triples, RDF/XML, schema.org or Croissant."""
        name, form = _split_suffix(slug)
        return await answer(request, kind, name, form or form_of(request))

    def history(request: Request, kind: str, slug: str) -> Response:
        """How a description changed: when, from which source, and what was added and taken away."""
        iri = catalog.at(f"{catalog.base_iri}{kind}/{slug}").iri.value
        found = catalog.revisions(iri)
        offer = choose((_HTML, Offer("json", "application/json")), request.headers.get("accept"))
        if offer.name == "json":
            return respond(
                request, Body.of(dumps({"record": iri, "revisions": list(map(asdict, found))}), _JSON, _VARY)
            )

        def page() -> Body:
            view = catalog.describe(catalog.get(iri), reading_order())
            body = pages.render(
                "history.html",
                request,
                view=view,
                kind=kind,
                slug=slug,
                revisions=found,
                before=_second_before,
                part_name=lambda iri: _shown(view, iri),
                shown=lambda text: _shown(view, text),
            )
            return Body.of(body, "text/html; charset=utf-8", _VARY)

        return respond(request, cache.get((catalog.snapshot().name, "history", kind, slug), page))

    def add(kind: str) -> None:
        def changes(request: Request, slug: str) -> Response:
            return history(request, kind, slug)

        changes.__doc__ = history.__doc__
        get(routes, f"/{kind}/{{slug}}/history", changes, name=f"{kind}_history")

        async def page(request: Request, slug: str) -> Response:
            return await record_page(kind, slug, request)

        page.__doc__ = record_page.__doc__
        get(routes, f"/{kind}/{{slug}}", page, name=f"{kind}_record", openapi_extra=_ASKED)

    for kind in _KINDS:
        add(kind)

    def dataset_iri(request: Request, kind: str, slug: str) -> Response:
        """An IRI that was minted here for a dataset leads to its record (303)."""
        if kind not in (*_KINDS, *ASIDE):
            raise NotFoundError("there is no such thing", where=f"{kind}/{slug}")
        record = catalog.at(f"{catalog.base_iri}{kind}/{slug}")
        asked = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/{kind}/{record.slug}{asked}", 303)

    def blank_node(name: str) -> Response:
        """An IRI made for a part of a description leads to the record it is in (303)."""
        iri = catalog.holder_of(f"{catalog.base_iri}.well-known/genid/{name}")
        return RedirectResponse("/" + iri.removeprefix(catalog.base_iri), 303)

    get(routes, "/id/{kind}/{slug}", dataset_iri)
    get(routes, "/.well-known/genid/{name}", blank_node)
    return routes


#: What may be asked for in the address, and in which forms a record comes, for OpenAPI.
_ASKED: Final[dict[str, Any]] = {
    "parameters": [
        {"name": name, "in": "query", "description": told, "schema": schema}
        for name, told, schema in (
            ("_profile", "A profile by name or IRI, where Accept does not tell.", {"type": "string"}),
            ("_mediatype", "A media type, where Accept does not tell.", {"type": "string"}),
            ("asOf", "The description as it stood on a day.", {"type": "string", "format": "date"}),
        )
    ],
    "responses": {"200": {"description": "The record", "content": {one.media_type: {} for one in _OFFERS}}},
}


def _as_of(text: str | None) -> str:
    """What `asOf` asks for, a day (its end) or a time, as `xsd:dateTime` in UTC; empty where nothing is asked."""
    if not text:
        return ""
    try:
        if "T" not in text.upper() and " " not in text:
            return f"{date.fromisoformat(text).isoformat()}T23:59:59Z"
        when = datetime.fromisoformat(text)
        when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Problem(400, f"{text!r} is no day or time.", parameter="asOf", hint="Write asOf=2026-01-31.") from None
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def _shown(view: DescriptionView, text: str) -> str:
    """The label of an address, or the text itself."""
    try:
        return view.at(NamedNode(text)).label if is_web(text) else text
    except ValueError:
        return text


def _embedded(record: Record, view: DescriptionView, kind: str) -> Markup | None:
    """The Croissant to stand in the page, where tools can load it: crawlers read no other address."""
    verdict = croissant_verdict(view)
    write = _FORMS["croissant"].write
    if kind != "dataset" or verdict is None or not verdict.loads or write is None:
        return None
    text = write(record)
    return json_for_script(json.loads(text)) if len(text) <= _MOST_EMBEDDED else None


def _second_before(moment: str) -> str:
    return (datetime.fromisoformat(moment) - timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _report(record: Record, view: DescriptionView, marks: Mapping[str, Any]) -> str | None:
    """A letter to the contact of a dataset, begun: which description it is about, and what is known to be lacking.

    Where there is no address for letters, the page of the contact, else that of the data.
    """
    address = next((found for one in view.contacts if (found := one.mail)), None)
    if address is None or not address.startswith("mailto:"):
        # Whoever has no letter box has a page at which somebody can be told.
        pages = (one.link(VCARD.hasURL, FOAF.homepage) or _page_itself(one) for one in view.contacts)
        return next((page for page in pages if page), None) or view.landing_page
    asked = {
        "subject": f"Description: {view.title}"[:200],
        "body": "\n".join([view.title, record.iri.value, "", "What is wrong:", *_lacking(marks), ""]),
    }
    return f"{address.split('?')[0]}?{urlencode(asked, quote_via=quote)}"


def _page_itself(contact: View) -> str | None:
    return contact.iri if contact.iri and is_web(contact.iri) and not contact.is_described and contact.address else None


def _own_pages(catalog: Catalog, view: DescriptionView) -> dict[Term, str]:
    """Where this catalogue tells of the publisher, the themes and the nations that a description names."""
    snapshot = catalog.snapshot()
    found: dict[Term, str] = {}
    for facet, start, parts in (
        ("publisher", "organisation", [view.publisher] if view.publisher else []),
        ("theme", "theme", view.themes),
    ):
        slugs = snapshot.slugs(facet)
        found |= {part.node: f"/{start}/{slugs[part.label]}" for part in parts if part.label in slugs}
    for place in view.places:
        if place.label in NATION_NAMES:
            found[place.node] = f"/dataset?{urlencode({'place': place.label})}"
    return found


def _lacking(marks: Mapping[str, Any]) -> list[str]:
    """The rules that a description breaks and the most telling things that it lacks, a line each."""
    broken = [f"- {name}" for name in marks.get("broken", ())]
    return [*broken, *(f"- {METRICS[name].label}" for name in marks.get("lacks", ()) if name in METRICS)][:_MOST_TOLD]


def _dead_links(record: Record) -> list[tuple[str, str]]:
    """The addresses in a description that did not answer when they were checked, and the day."""
    return [
        (triple.subject.value, triple.object.value)
        for triple in record.triples
        if triple.predicate == NDL.deadSince
        and isinstance(triple.subject, NamedNode)
        and isinstance(triple.object, Literal)
    ]


def _split_suffix(slug: str) -> tuple[str, str | None]:
    """A slug and the form that its suffix names; slugs themselves hold no dot."""
    name, dot, suffix = slug.partition(".")
    if not dot:
        return slug, None
    if suffix == "html":
        return name, "html"
    if suffix == "linkset.json":
        return name, _LINKSET
    form = _SUFFIXES.get(suffix)
    if form is None:
        raise NotFoundError(f"there is no form .{suffix}", where=slug, hint="There are: html, " + ", ".join(_SUFFIXES))
    return name, form.name


def _links(record: Record, view: DescriptionView, shown: str) -> str:
    """Links to the other forms, to the dataset itself, its licence and its files (RFC 8288)."""
    page = record.iri.value
    parts = [f'<{view.iri}>; rel="cite-as"', f'<{page}.ttl>; rel="describedby"; type="text/turtle"']
    parts.append(f'<{page}.linkset.json>; rel="linkset"; type="{_LINKSET}"')
    parts += [f'<{kind}>; rel="type"' for kind in ("https://schema.org/AboutPage", _SCHEMA_TYPES[record.kind])]
    if view.publisher and view.publisher.iri:
        parts.append(f'<{view.publisher.iri}>; rel="author"')
    for suffix, form in _SUFFIXES.items():
        if form.name != shown:
            parts.append(f'<{page}.{suffix}>; rel="alternate"; type="{_quoted(form)}"')
    if shown != "html":
        parts.append(f'<{page}.html>; rel="alternate"; type="text/html"')
    profile = _FORMS[shown].profile if shown in _FORMS else None
    parts.append(f'<{profile or "http://www.w3.org/ns/dcat#"}>; rel="profile"')
    if view.licence and view.licence.address:
        parts.append(f'<{view.licence.address}>; rel="license"')
    for part in view.distributions[:_MOST_ITEMS]:
        if address := part.link(DCAT.downloadURL, DCAT.accessURL):
            parts.append(f'<{address}>; rel="item"')
    return ", ".join(quote(part, safe=_IN_A_LINK) for part in dict.fromkeys(parts) if "\n" not in part)


#: What stays as it is in a header: an address with other characters is sent as a URI (RFC 3987, section 3.1).
_IN_A_LINK: Final = "".join(map(chr, range(32, 127)))


def _linkset(record: Record, view: DescriptionView) -> bytes:
    """The same links as a document (RFC 9264)."""
    found: dict[str, list[dict[str, str]]] = {}
    for part in _LINK.finditer(_links(record, view, "html")):
        kind = {"type": part["type"].replace('\\"', '"')} if part["type"] else {}
        found.setdefault(part["rel"], []).append({"href": part["href"], **kind})
    back = {"anchor": record.dataset.value, "describedby": [{"href": record.iri.value, "type": "text/html"}]}
    return dumps({"linkset": [{"anchor": record.iri.value, **found}, back]})


_LINK: Final = re.compile(r'<(?P<href>[^>]*)>; rel="(?P<rel>[^"]*)"(?:; type="(?P<type>(?:[^"\\]|\\.)*)")?')


def _quoted(form: Format) -> str:
    return f'{form.media_type}; profile=\\"{form.profile}\\"' if form.profile else form.media_type
