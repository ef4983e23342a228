"""What can be linked: the keys that datasets share, and for each dataset which others have the same."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response

from ndl_graph.catalog import Catalog
from ndl_graph.description import DescriptionView
from ndl_graph.errors import NotFoundError
from ndl_graph.formats.jsonld import dumps
from ndl_graph.keys import Key, all_keys, keys_of
from ndl_graph.record import Record
from ndl_graph.search import Hit
from ndl_graph.web.pages import Pages
from ndl_graph.web.respond import Body, BodyCache, respond
from ndl_graph.web.routing import get
from ndl_graph.web.schemas import KEYS, answering

__all__ = ["Partners", "partners_of", "router"]

_SHOWN: Final = 100
_Dataset = Annotated[str, Query(description="Only the keys of this record: its slug or IRI.", max_length=2_000)]


@dataclass(frozen=True)
class Partners:
    """The datasets that share a key with another: how many, the first of them, and how the key is known."""

    key: Key
    known_by: str
    field: str
    total: int
    hits: list[Hit]


def partners_of(catalog: Catalog, record: Record, view: DescriptionView, limit: int) -> list[Partners]:
    """What a dataset can be linked with, key by key; a date alone links nothing, so it is left out."""
    found = []
    for one in keys_of(view):
        if one.key.identifies != "time":
            total, hits = catalog.index.with_key(one.key.iri, limit, record.iri.value)
            found.append(Partners(one.key, one.known_by, one.field, total, hits))
    return found


def router(catalog: Catalog, pages: Pages, cache: BodyCache) -> APIRouter:
    """The routes of keys."""
    routes = APIRouter(tags=["linking"])

    def keys(request: Request) -> Response:
        """Every key, and how many datasets have it."""

        def make() -> Body:
            counts = catalog.index.keys()
            body = pages.render("keys.html", request, keys=list(all_keys().values()), counts=counts)
            return Body.of(body, "text/html; charset=utf-8")

        return respond(request, cache.get((catalog.snapshot().name, "keys"), make))

    def key(name: str, request: Request) -> Response:
        """The datasets that have a key."""
        found = next((one for one in all_keys().values() if one.name == name), None)
        if found is None:
            raise NotFoundError("there is no such key", where=name, hint="See /keys")

        def make() -> Body:
            total, hits = catalog.index.with_key(found.iri, _SHOWN)
            body = pages.render("key.html", request, key=found, total=total, hits=hits)
            return Body.of(body, "text/html; charset=utf-8")

        return respond(request, cache.get((catalog.snapshot().name, "key", name), make))

    def api(request: Request, dataset: _Dataset = "") -> Response:
        """Keys and how many datasets have each; or those of one dataset, with what it can be linked with."""
        if not dataset:
            counts = catalog.index.keys()
            said: Any = [{**_named(one), "datasets": counts.get(one.iri, 0)} for one in all_keys().values()]
        else:
            record = catalog.get(dataset)
            said = [
                {
                    **_named(one.key),
                    "known_by": one.known_by,
                    "field": one.field or None,
                    "total": one.total,
                    "linked_with": [
                        {name: hit.said[name] for name in ("iri", "dataset", "title", "publisher", "access")}
                        for hit in one.hits
                    ],
                }
                for one in partners_of(catalog, record, catalog.describe(record), _SHOWN)
            ]
        return respond(request, Body.of(dumps({"keys": said}), "application/json"))

    def _named(one: Key) -> dict[str, Any]:
        return {
            "key": one.iri,
            "label": catalog.labels.text(one.iri),
            "identifies": one.identifies,
        }

    get(routes, "/keys", keys)
    get(routes, "/key/{name}", key)
    get(routes, "/api/keys", api, name="keys_json", **answering(KEYS))
    return routes
