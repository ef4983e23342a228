"""Small things that all routes share."""

import json
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from markupsafe import Markup

__all__ = ["get", "json_for_script"]


def get(routes: APIRouter, path: str, handler: Callable[..., Any], **more: Any) -> None:
    """Adds a route for GET and HEAD; the answers are made by the handler, so nothing is to be serialised."""
    more.setdefault("name", handler.__name__)
    routes.add_api_route(path, handler, methods=["GET"], response_class=Response, response_model=None, **more)
    routes.add_api_route(path, handler, methods=["HEAD"], include_in_schema=False, response_model=None)


def json_for_script(document: Any) -> Markup:
    """JSON that can stand in a script element: nothing in it ends the element."""
    text = json.dumps(document, ensure_ascii=False)
    for mark, escape in (
        ("<", "\\u003c"),
        (">", "\\u003e"),
        ("&", "\\u0026"),
        ("\u2028", "\\u2028"),
        ("\u2029", "\\u2029"),
    ):
        text = text.replace(mark, escape)
    return Markup(text)  # noqa: S704 - nothing left in it can end the element
