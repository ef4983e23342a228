"""The application: middleware and the routes of each room."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from http import HTTPStatus
from typing import Final, Protocol

from fastapi import FastAPI, Request, Response
from starlette.datastructures import MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ndl_graph import __version__, upkeep
from ndl_graph.catalog import Catalog
from ndl_graph.errors import StoreError
from ndl_graph.settings import Settings, open_federation, open_runner, open_scorer
from ndl_graph.sparql.pool import Runner
from ndl_graph.web import (
    about,
    access,
    announce,
    browse,
    checks,
    discovery,
    endpoint,
    feeds,
    groups,
    linking,
    parts,
    problems,
    quality,
    records,
    uses,
    vocabulary,
    wellknown,
)
from ndl_graph.web.endpoint import ADDED_PREFIXES, HINT
from ndl_graph.web.language import Language
from ndl_graph.web.pages import Pages
from ndl_graph.web.respond import Body, BodyCache, respond
from ndl_graph.web.routing import get

__all__ = ["create_app"]

_LOG: Final = logging.getLogger(__name__)
_LOOK: Final = 5.0  # seconds between two looks for a new snapshot
_SECURITY: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
}


class _Headers:
    """Joins what a client says in several lines; adds security headers to answers, and counts them by status."""

    def __init__(self, app: ASGIApp, answers: Counter[int]) -> None:
        self._app = app
        self._answers = answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._answers[message["status"]] += 1
                headers = MutableHeaders(scope=message)
                for name, value in _SECURITY.items():
                    headers.setdefault(name, value)
            await send(message)

        hosts = sum(name == b"host" for name, _ in scope["headers"])
        if hosts > 1 or (not hosts and scope["http_version"] == "1.1"):
            # RFC 9112, section 3.2: whoever stands in between may take the request to be for somebody else.
            document = problems.problem_document(
                HTTPStatus.BAD_REQUEST, "A request names its host, once, in the header Host.", scope["path"]
            )
            answer = JSONResponse(document, HTTPStatus.BAD_REQUEST, media_type=problems.PROBLEM)
            await answer(scope, receive, sending)
            return
        await self._app(_joined(scope), receive, sending)


def _joined(scope: Scope) -> Scope:
    """With one line for each header that is a list (RFC 9110, section 5.3)."""
    names = [name for name, _ in scope["headers"]]
    twice = {name for name in _LISTS if names.count(name) > 1}
    if not twice:
        return scope
    kept = [(name, value) for name, value in scope["headers"] if name not in twice]
    joined = [(name, b", ".join(value for key, value in scope["headers"] if key == name)) for name in sorted(twice)]
    return {**scope, "headers": [*kept, *joined]}


_LISTS: Final = (b"accept", b"accept-encoding", b"accept-language", b"if-match", b"if-none-match")


class _Endpoint:
    """An ASGI application as the end of a route: Starlette hands on to it whatever the method is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


async def _keep_counted(catalog: Catalog, settings: Settings) -> None:
    """Counts what is in each new snapshot, so that nobody who asks has to wait for it."""
    counted: str | None = None
    while True:
        try:
            if (name := await asyncio.to_thread(catalog.store.current)) != counted:
                if not await asyncio.to_thread(lambda: catalog.store.is_indexed):
                    # Another machine has written to the same server.
                    await asyncio.to_thread(upkeep.reindex, catalog, open_scorer(settings))
                await asyncio.to_thread(catalog.statistics)
                counted = name
                # A new snapshot that comes meanwhile is seen when this one is done: what is known stays known.
                await asyncio.to_thread(catalog.learn_meaning)
        except StoreError:
            pass  # whoever asks for a page is told
        except Exception:  # noqa: BLE001 - a task that ends is missed by nobody until numbers are wrong
            counted = None
            _LOG.exception("what is in the newest snapshot could not be counted or learnt; it is tried again")
        await asyncio.sleep(_LOOK)


class Mount(Protocol):
    """Another edge that is served under the same address."""

    def app(self) -> ASGIApp:
        """What answers requests."""

    def running(self) -> AbstractAsyncContextManager[None]:
        """Takes requests while it is entered."""


def create_app(
    catalog: Catalog, settings: Settings, runner: Runner | None = None, mounts: Mapping[str, Mount] | None = None
) -> FastAPI:
    """The web service over a catalogue, with other edges under their paths; nothing is read from the environment."""
    runner = runner or open_runner(settings)
    mounts = mounts or {}

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await runner.start()
        counting = asyncio.create_task(_keep_counted(catalog, settings))
        try:
            async with AsyncExitStack() as stack:
                for mount in mounts.values():
                    await stack.enter_async_context(mount.running())
                yield
        finally:
            counting.cancel()
            if catalog.meaning is not None:
                catalog.meaning.stop()  # a thread that makes vectors would keep the process
            await runner.close()

    app = FastAPI(
        lifespan=lifespan,
        title=settings.title,
        version=__version__,
        description="Descriptions of public datasets: find them, cite them, and learn who may use them.",
        docs_url=None,
        redoc_url=None,
        responses=problems.RESPONSES,
    )
    answers: Counter[int] = Counter()
    started = time.time()
    pages = Pages(settings.title, settings.contact, catalog.labels, catalog.base_iri)
    cache = BodyCache(settings.cache_bytes)
    problems.install(app, pages)
    for path, mount in mounts.items():
        answers_there = mount.app()
        for one in (path, f"{path}/"):
            app.router.routes.append(Route(one, _Endpoint(answers_there)))
    # Records first: they are asked for most, and routes are tried in order.
    app.include_router(records.router(catalog, pages, cache))
    app.include_router(browse.router(catalog, pages, cache, settings.page_size, settings.title))
    app.include_router(access.router(catalog, pages, cache))
    app.include_router(about.router(catalog, pages, cache))
    app.include_router(groups.router(catalog, pages, cache))
    app.include_router(linking.router(catalog, pages, cache))
    app.include_router(uses.router(catalog, pages, cache))
    app.include_router(feeds.router(catalog, cache, settings.title))
    app.include_router(discovery.router(catalog, pages, cache, settings.title))
    queries = endpoint.Endpoint(catalog, runner, open_federation(settings), settings)
    app.include_router(endpoint.router(queries, pages))
    app.include_router(announce.router(catalog, settings))
    app.include_router(quality.router(catalog, pages, cache))
    app.include_router(checks.router(catalog, pages, settings))
    app.include_router(wellknown.router(catalog, cache, settings.title))
    app.include_router(vocabulary.router(catalog, pages, cache))

    def metrics() -> Response:
        """Counts for monitoring, in the Prometheus text format."""
        lines = ["# TYPE ndl_graph_answers_total counter"]
        lines += [f'ndl_graph_answers_total{{status="{status}"}} {count}' for status, count in sorted(answers.items())]
        lines += ["# TYPE ndl_graph_queries gauge"]
        lines += [f'ndl_graph_queries{{state="{name}"}} {count}' for name, count in runner.state.items()]
        lines += ["# TYPE ndl_graph_start_seconds gauge", f"ndl_graph_start_seconds {started:.0f}", ""]
        return Response("\n".join(lines), 200, {"Cache-Control": "no-store"}, "text/plain; version=0.0.4")

    def docs(request: Request) -> Response:
        """The routes, in words; the same for machines at /openapi.json."""
        paths = {
            path: {method: told for method, told in methods.items() if isinstance(told, dict)}
            for path, methods in app.openapi()["paths"].items()
        }
        return respond(request, Body.of(pages.render("docs.html", request, paths=paths), "text/html; charset=utf-8"))

    get(app.router, "/metrics", metrics)
    get(app.router, "/docs", docs)
    app.include_router(parts.router())
    app.add_middleware(
        CORSMiddleware,
        allow_origins=["*"],
        allow_methods=["GET", "HEAD", "POST"],
        allow_headers=["*"],
        expose_headers=["Link", "ETag", "Content-Location", "Retry-After", ADDED_PREFIXES, HINT],
    )
    app.add_middleware(Language)
    app.add_middleware(_Headers, answers=answers)
    return app
