"""Feeds (Atom, RFC 4287): what changed, in all or for a publisher, a theme or a search; and what data is used for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode
from xml.etree import ElementTree

from fastapi import APIRouter, Request, Response

from ndl_graph.catalog import Catalog
from ndl_graph.description import DescriptionView, one_line
from ndl_graph.namespaces import DCT, NDL, ODRL, PROV
from ndl_graph.record import Record
from ndl_graph.search import SearchQuery
from ndl_graph.web.browse import Chosen, Words
from ndl_graph.web.respond import Body, BodyCache, respond
from ndl_graph.web.routing import get

__all__ = ["router"]

_ATOM: Final = "http://www.w3.org/2005/Atom"
_ENTRIES: Final = 50
#: How many records a search looks through for the newest.
_FOUND: Final = 500


@dataclass(frozen=True)
class _Entry:
    """One entry of a feed."""

    iri: str
    title: str
    updated: str
    summary: str
    author: str = ""
    categories: Sequence[tuple[str, str]] = ()


def router(catalog: Catalog, cache: BodyCache, title: str) -> APIRouter:
    """The routes of feeds."""
    routes = APIRouter(tags=["feeds"])

    def changes(request: Request, chosen: Chosen, q: Words = "") -> Response:
        """The newest changes: of all descriptions, or of those that a search finds."""
        asked = {"q": q, **{name: values for name, values in chosen.items() if values}}
        asked = {name: value for name, value in asked.items() if value}
        query = f"?{urlencode(asked, doseq=True)}" if asked else ""

        def make() -> Body:
            rows = catalog.listing()
            if asked:
                found = catalog.search(SearchQuery(q, chosen, limit=_FOUND))
                wanted = {hit.said["iri"] for hit in found.hits}
                rows = [row for row in rows if row[0] in wanted]
            newest = sorted(rows, key=lambda row: (row[2], row[0]), reverse=True)[:_ENTRIES]
            entries = [_described(catalog.describe(catalog.get(record)), record, when) for record, _, when in newest]
            words = ", ".join(value if isinstance(value, str) else ", ".join(value) for value in asked.values())
            name = f"{title}: {words}" if words else title
            return _body(catalog.base_iri, f"feed.atom{query}", f"dataset{query}" if query else "", name, entries)

        return respond(request, cache.get((catalog.snapshot().name, "feed", query), make))

    def uses(request: Request) -> Response:
        """What data was last used for, by whom."""

        def make() -> Body:
            _, records = catalog.uses(limit=_ENTRIES)
            entries = [_used(catalog.describe(record), record) for record in records]
            return _body(catalog.base_iri, "uses.atom", "uses", f"{title}: who uses data", entries)

        return respond(request, cache.get((catalog.snapshot().name, "uses feed"), make))

    get(routes, "/feed.atom", changes, name="feed")
    get(routes, "/uses.atom", uses, name="uses_feed")
    return routes


def _described(view: DescriptionView, record: str, modified: str) -> _Entry:
    return _Entry(
        record,
        view.title,
        modified,
        view.summary,
        view.publisher.label if view.publisher else "",
        [(theme.iri or theme.label, theme.label) for theme in view.themes],
    )


def _used(view: DescriptionView, record: Record) -> _Entry:
    own = view.at(record.iri)
    who = ", ".join(one.label for one in view.views(ODRL.assignee))
    started = view.date(PROV.startedAtTime)
    summary = view.text(DCT.description) or view.text(NDL.publicBenefit)
    when = f"{started[:10]}T00:00:00Z" if len(started) >= len("2026-01-31") else own.text(DCT.modified)
    return _Entry(record.iri.value, view.title, when, summary, who)


def _body(base: str, path: str, page: str, title: str, entries: Sequence[_Entry]) -> Body:
    ElementTree.register_namespace("", _ATOM)
    root = ElementTree.Element(f"{{{_ATOM}}}feed")

    def add(parent: ElementTree.Element, name: str, text: str = "", **attributes: str) -> ElementTree.Element:
        found = ElementTree.SubElement(parent, f"{{{_ATOM}}}{name}", attributes)
        found.text = _printable(text) or None
        return found

    add(root, "id", f"{base}{path}")
    add(root, "title", title)
    add(root, "updated", max((one.updated for one in entries), default="1970-01-01T00:00:00Z"))
    add(root, "link", rel="self", type="application/atom+xml", href=f"{base}{path}")
    add(root, "link", rel="alternate", type="text/html", href=f"{base}{page}")
    add(add(root, "author"), "name", title)
    for one in entries:
        entry = add(root, "entry")
        add(entry, "id", one.iri)
        add(entry, "title", one_line(one.title, 300) or one.iri)
        add(entry, "updated", one.updated)
        add(entry, "link", rel="alternate", type="text/html", href=one.iri)
        add(entry, "summary", one_line(one.summary, 500))
        if one.author:
            add(add(entry, "author"), "name", one_line(one.author, 200))
        for term, label in one.categories:
            add(entry, "category", term=_printable(term), label=_printable(label))
    content = b'<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode").encode()
    return Body.of(content, "application/atom+xml; charset=utf-8")


def _printable(text: str) -> str:
    """The text without what XML 1.0 cannot hold."""
    return "".join(mark for mark in text if mark.isprintable() or mark in "\n\t")
