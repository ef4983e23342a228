"""The web service with a constant answer for each number of bytes given: `constant.py STORE PORT SIZE…`.

The routes come first in the table and are plain functions, as those of records are: the least that an answer costs.
"""

import sys
from collections.abc import Callable

import uvicorn
from fastapi import Response

from ndl_graph.settings import load_settings, open_catalog
from ndl_graph.web import create_app


def constant(size: int) -> Callable[[], Response]:
    """A route that answers that many bytes."""
    body = b"x" * size

    def answer() -> Response:
        return Response(body, 200, media_type="text/html; charset=utf-8")

    return answer


def main(store: str, port: int, sizes: set[int]) -> None:
    """Serves as `ndl-graph serve` does."""
    settings = load_settings({"store": store, "port": port})
    app = create_app(open_catalog(settings), settings)
    routes = app.router.routes
    for size in sizes:
        app.add_api_route(f"/constant/{size}", constant(size), response_class=Response, response_model=None)
        routes.insert(0, routes.pop())
    uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", server_header=False)).run()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), {int(size) for size in sys.argv[3:]})
