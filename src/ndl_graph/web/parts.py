"""What pages are made of: style, scripts and the icon, read once and sent as small as the client takes them."""

import mimetypes
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response

from ndl_graph.errors import NotFoundError
from ndl_graph.web.respond import Body, respond
from ndl_graph.web.routing import get

__all__ = ["router"]

_FOLDER: Final = Path(__file__).parent / "static"
_BROTLI: Final = ".br"


def _read(path: Path) -> Body:
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    compressed = path.with_name(path.name + _BROTLI)
    brotli = compressed.read_bytes() if compressed.is_file() else None
    charset = "; charset=utf-8" if kind.startswith("text/") else ""
    return Body.of(path.read_bytes(), kind + charset, brotli=brotli)


def router() -> APIRouter:
    """The files under `/static/`."""
    routes = APIRouter(tags=["pages"])
    bodies = {
        path.relative_to(_FOLDER).as_posix(): _read(path)
        for path in _FOLDER.rglob("*")
        if path.is_file() and path.suffix != _BROTLI
    }

    def part(path: str, request: Request) -> Response:
        """A file that pages ask for."""
        if path not in bodies:
            raise NotFoundError("there is no such file", where=f"/static/{path}")
        return respond(request, bodies[path])

    get(routes, "/static/{path:path}", part, include_in_schema=False)
    return routes
