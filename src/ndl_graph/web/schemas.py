"""What the JSON answers look like, for OpenAPI: JSON Schema 2020-12, one for each route; tests hold answers to them."""

from typing import Any, Final

from ndl_graph.search import FACETS

__all__ = ["ACCESS", "KEYS", "SEARCH", "USES", "answering"]

Schema = dict[str, Any]

_TEXT: Final[Schema] = {"type": "string"}
_MAYBE: Final[Schema] = {"type": ["string", "null"]}
_IRI: Final[Schema] = {"type": "string", "format": "iri"}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_TEXTS: Final[Schema] = {"type": "array", "items": _TEXT}


def _object(required: dict[str, Schema], **optional: Schema) -> Schema:
    return {"type": "object", "properties": {**required, **optional}, "required": list(required)}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


SEARCH: Final = _object(
    {
        "total": _COUNT,
        "hits": _list(
            _object(
                {
                    "iri": _IRI,
                    "dataset": _IRI,
                    "kind": _TEXT,
                    "title": _TEXT,
                    "summary": _TEXT,
                    "publisher": _TEXT,
                    "licence": _MAYBE,
                    "access": _MAYBE,
                    "modified": _TEXT,
                    "formats": _TEXTS,
                    "place": _TEXTS,
                    "score": {"type": "number"},
                    "why": _TEXT,
                },
                modified_of={"enum": ["issued", "description"]},
                quality=_object({"eu": _COUNT, "ai": _COUNT}),
            )
        ),
        "facets": {
            "type": "object",
            "properties": {name: {"type": "object", "additionalProperties": _COUNT} for name in FACETS},
        },
        "no_good_match": {"type": "boolean"},
        "advice": _MAYBE,
        "next": _MAYBE,
    },
    reachable=_COUNT,
)
ACCESS: Final = _object(
    {
        "who": _TEXT,
        "for": _MAYBE,
        "place": _MAYBE,
        "groups": _list(
            _object(
                {
                    "verdict": {"enum": ["now", "conditions", "register", "apply", "ask", "no"]},
                    "meaning": _TEXT,
                    "next": _TEXT,
                    "total": _COUNT,
                    "datasets": _list(
                        _object(
                            {
                                "iri": _IRI,
                                "dataset": _IRI,
                                "title": _TEXT,
                                "publisher": _TEXT,
                                "access": _MAYBE,
                                "why_not": _MAYBE,
                            }
                        )
                    ),
                }
            )
        ),
    }
)
USES: Final = _object(
    {"total": _COUNT, "uses": _list({"type": "object"}), "next": {"type": ["integer", "null"], "minimum": 2}}
)
KEYS: Final = _object({"keys": _list(_object({"key": _IRI, "label": _TEXT, "identifies": _TEXT}))})


def answering(schema: Schema) -> dict[str, Any]:
    """What a route adds to its description in OpenAPI: that it answers JSON of that form."""
    content = {"application/json": {"schema": schema}}
    return {"openapi_extra": {"responses": {"200": {"description": "The answer", "content": content}}}}
