"""What went wrong, as a page for people and as `application/problem+json` (RFC 9457) for programs."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match

from ndl_graph.errors import (
    BusyError,
    FormError,
    LimitError,
    NdlGraphError,
    NotFoundError,
    NothingToValidateError,
    ParseError,
    ProfileError,
    QueryError,
    RemovedError,
    SettingError,
    SourceError,
    StoreError,
    StoreLiesError,
    StoreSlowError,
    UpdateError,
)
from ndl_graph.web.negotiation import NotAcceptable, Offer, choose
from ndl_graph.web.pages import Pages
from ndl_graph.web.respond import PreconditionFailedError

__all__ = ["PROBLEM", "RESPONSES", "Problem", "install", "problem_document", "refuse_encoded"]

_TYPE: Final = "https://w3id.org/ndl-graph/problems#"

#: Error and HTTP status; the first that fits counts. Nothing else decides a status.
STATUSES: Final[tuple[tuple[type[NdlGraphError], HTTPStatus], ...]] = (
    (RemovedError, HTTPStatus.GONE),
    (NotFoundError, HTTPStatus.NOT_FOUND),
    (FormError, HTTPStatus.NOT_ACCEPTABLE),
    (UpdateError, HTTPStatus.FORBIDDEN),
    (QueryError, HTTPStatus.BAD_REQUEST),
    (LimitError, HTTPStatus.SERVICE_UNAVAILABLE),
    (BusyError, HTTPStatus.SERVICE_UNAVAILABLE),
    (ParseError, HTTPStatus.BAD_REQUEST),
    (SourceError, HTTPStatus.BAD_REQUEST),
    (NothingToValidateError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (ProfileError, HTTPStatus.BAD_REQUEST),
    (SettingError, HTTPStatus.BAD_REQUEST),
    (StoreSlowError, HTTPStatus.GATEWAY_TIMEOUT),
    (StoreLiesError, HTTPStatus.BAD_GATEWAY),
    (StoreError, HTTPStatus.SERVICE_UNAVAILABLE),
)
_OFFERS: Final = (
    Offer("problem", "application/problem+json"),
    Offer("json", "application/json"),
    Offer("html", "text/html"),
)


#: The media type of a problem (RFC 9457, section 6.1).
PROBLEM: Final = "application/problem+json"


class Problem(Exception):  # noqa: N818 - it becomes an answer
    """An answer that is not what was asked for."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.more = more


def refuse_encoded(request: Request) -> None:
    """Raises `Problem` for a body that is compressed (RFC 9110, sections 8.4 and 15.5.16)."""
    coding = request.headers.get("content-encoding", "identity").strip().casefold()
    if coding not in ("", "identity"):
        raise Problem(
            415, f"A body in {coding} is not read here.", {"Accept-Encoding": "identity"}, hint="Send it as it is."
        )


def _methods(request: Request) -> list[str]:
    """The methods that some route takes at a request's path."""
    routes = request.app.router.routes
    return [
        method
        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
        if any(route.matches({**request.scope, "method": method})[0] == Match.FULL for route in routes)
    ]


#: What an operation answers when it does not do what was asked, for OpenAPI.
RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    "default": {
        "description": "A problem (RFC 9457): what happened, where, and what to do next.",
        "content": {
            "application/problem+json": {
                "schema": {
                    "type": "object",
                    "required": ["type", "title", "status", "detail", "instance"],
                    "properties": {
                        "type": {"type": "string", "format": "uri"},
                        "title": {"type": "string"},
                        "status": {"type": "integer"},
                        "detail": {"type": "string", "description": "What happened, in words."},
                        "instance": {"type": "string", "description": "The path that was asked for."},
                        "hint": {"type": "string", "description": "What to do next."},
                        "line": {"type": "integer", "description": "Where in what was sent."},
                        "column": {"type": "integer"},
                    },
                },
                "example": {
                    "type": _TYPE + "not-found",
                    "title": "Not Found",
                    "status": 404,
                    "detail": "There is no record of that name.",
                    "instance": "/dataset/house-prises",
                    "hint": "Search for it: /dataset?q=house+prises",
                },
            },
            "text/html": {"schema": {"type": "string"}},
        },
    }
}


def problem_document(status: HTTPStatus, detail: str, instance: str) -> dict[str, Any]:
    """What every problem says (RFC 9457, section 3.1)."""
    return {
        "type": _TYPE + status.phrase.lower().replace(" ", "-"),
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        "instance": instance,
    }


def _instance(request: Request) -> str:
    """The path as it was asked for, as a URI reference that names no other host (RFC 9457, section 3.1.5)."""
    raw: bytes = request.scope.get("raw_path") or request.url.path.encode()
    path = quote(raw.decode("ascii", "replace"), safe="/%:@!$&'()*+,;=-._~")
    return f"/.{path}" if path.startswith("//") else path


def install(app: FastAPI, pages: Pages) -> None:
    """Makes the application answer every error in one form."""

    def answer(request: Request, problem: Problem) -> Response:
        document = problem_document(HTTPStatus(problem.status), problem.detail, _instance(request)) | {
            key: value for key, value in problem.more.items() if value is not None
        }
        try:
            wants_page = choose(_OFFERS, request.headers.get("accept")).name == "html"
        except NotAcceptable:
            wants_page = False
        headers = {"Vary": "Accept", "Cache-Control": "no-cache", **problem.headers}
        if wants_page or (request.url.path.endswith(".html")):
            query = request.query_params.get("query", "") if request.url.path == "/sparql" else ""
            body = pages.render("error.html", request, problem=document, query=query)
            return Response(body, problem.status, headers, "text/html; charset=utf-8")
        return Response(json.dumps(document, ensure_ascii=False), problem.status, headers, PROBLEM)

    def ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, NdlGraphError)
        status = next((code for kind, code in STATUSES if isinstance(error, kind)), HTTPStatus.BAD_REQUEST)
        more: dict[str, Any] = {"hint": error.hint}
        if isinstance(error, (ParseError, QueryError)):
            more |= {"line": error.line, "column": error.column}
        if isinstance(error, RemovedError):
            more |= {"record": error.where, "name": error.title, "removed": error.removed}
        headers = {}
        if isinstance(error, LimitError):
            # To try the same again is no use, so there is no Retry-After.
            more["limit"] = {"name": error.limit, "value": error.value}
        elif status == HTTPStatus.SERVICE_UNAVAILABLE:
            headers["Retry-After"] = str(error.retry_after if isinstance(error, BusyError) else 5)
        return answer(request, Problem(status, error.message, headers, **more))

    def not_acceptable(request: Request, error: Exception) -> Response:
        assert isinstance(error, NotAcceptable)
        available = [str(offer) for offer in error.offers]
        detail = "None of the forms that you accept is on offer. There are: " + ", ".join(available)
        return answer(request, Problem(HTTPStatus.NOT_ACCEPTABLE, detail, available=available))

    def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        detail = {
            404: "There is no such page.",
            405: f"{request.method} cannot be used here.",
        }.get(error.status_code, str(error.detail))
        headers = dict(error.headers or {})
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            # One path may have a route a method, and the router names the methods of the first alone.
            headers["Allow"] = ", ".join(_methods(request))
        return answer(request, Problem(error.status_code, detail, headers))

    def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        wrong = [{"parameter": str(one["loc"][-1]), "reason": one["msg"]} for one in error.errors()]
        detail = "; ".join(f"{one['parameter']}: {one['reason']}" for one in wrong)
        return answer(request, Problem(HTTPStatus.BAD_REQUEST, detail, parameters=wrong))

    def gone(_: Request, __: Exception) -> Response:
        # Nobody is there to be answered, and nothing is wrong here.
        return Response(None, HTTPStatus.BAD_REQUEST)

    def failed(request: Request, _: Exception) -> Response:
        return answer(request, Problem(HTTPStatus.PRECONDITION_FAILED, "It is not in the state that was asked for."))

    def fault(request: Request, _: Exception) -> Response:
        # The server logs what it was.
        detail = "This is a fault of the catalogue, not of what you asked for."
        hint = "Report it with the address and what you sent: it should not happen."
        return answer(request, Problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail, hint=hint))

    app.add_exception_handler(Exception, fault)
    app.add_exception_handler(PreconditionFailedError, failed)
    app.add_exception_handler(ClientDisconnect, gone)
    app.add_exception_handler(NdlGraphError, ours)
    app.add_exception_handler(NotAcceptable, not_acceptable)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(Problem, lambda request, error: answer(request, error))
