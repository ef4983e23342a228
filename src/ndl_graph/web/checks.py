"""Checking a description in the browser and for programs: nothing is stored, nothing is fetched.

Each check runs in a process of its own, a few at a time: whatever somebody pastes, the pages that others read go on.
"""

import json
from collections.abc import AsyncGenerator
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser

from ndl_graph.catalog import Catalog
from ndl_graph.checking import Checked, CheckRequest, Turns, check_confined
from ndl_graph.errors import BusyError, NdlGraphError, NothingToValidateError, ParseError, SourceError
from ndl_graph.formats import readable
from ndl_graph.settings import Settings, split_list
from ndl_graph.sparql.clients import client_at
from ndl_graph.validation import Result, load_profile, profile_names
from ndl_graph.validation.report import REPORTS, grouped, shown_example, shown_focus, shown_value
from ndl_graph.web.negotiation import Offer, choose
from ndl_graph.web.pages import Pages
from ndl_graph.web.problems import Problem, refuse_encoded
from ndl_graph.web.routing import get

__all__ = ["router"]

_OFFERS: Final = (
    Offer("json", "application/json"),
    Offer("turtle", "text/turtle"),
    Offer("html", "text/html"),
    Offer("text", "text/plain"),
    Offer("sarif", "application/sarif+json"),
)
_TYPES: Final = {offer.name: offer.media_type for offer in _OFFERS} | {"github": "text/plain"}
_LINES_SHOWN: Final = 3_000
_FORMS: Final = ("multipart/form-data", "application/x-www-form-urlencoded")
_MOST_FIELDS: Final = 100


_TEXT: Final = {"schema": {"type": "string", "description": "The description itself."}}
_FORM: Final = {
    "schema": {
        "type": "object",
        "properties": {
            "description": {"type": "string", "description": "The description itself."},
            "file": {"type": "string", "format": "binary", "description": "Or a file that holds it."},
            "profile": {"type": "string", "description": "Names of profiles, with commas.", "example": "ndl,dcat-ap"},
            "format": {"type": "string", "description": "Its format, where it cannot be told."},
        },
    }
}


def _described() -> list[str]:
    """Media types of the formats in which a description can be sent as it is."""
    return sorted({form.media_type for form in readable()} - set(_FORMS))


class _Checks:
    """Runs checks a few at a time, beside the pages that others read."""

    def __init__(self, base_iri: str, settings: Settings) -> None:
        self._base = base_iri
        self._settings = settings
        self._turns = Turns()

    async def asked(self, request: Request) -> CheckRequest:
        """Reads the request; raises `Problem` where it is too large or makes no sense."""
        most = self._settings.max_body_bytes
        body = await _body(request, most)
        kind = request.headers.get("content-type", "").split(";")[0].strip().casefold()
        query = request.query_params
        if kind not in _FORMS:
            return CheckRequest(
                "description",
                body,
                kind,
                query.get("format", ""),
                self._profiles(query.getlist("profile")),
                query.get("fix", "") not in ("", "0", "false", "no"),
            )
        fields = await _fields(request, body, kind, most)
        name, content, media_type = "description", b"", ""
        typed, upload = fields.get("description"), fields.get("file")
        if isinstance(typed, UploadFile):  # what `curl -F description=@file` sends
            typed, upload = "", typed
        if isinstance(typed, str):
            content = typed.encode()
        if body.strip() and not {"description", "file", "profile", "format"} & set(fields):
            raise Problem(
                400,
                "What was sent is no form.",
                hint="Send it with its own media type, as in: curl -H 'Content-Type: text/turtle' --data-binary @FILE.",
            )
        if isinstance(upload, UploadFile) and upload.filename:
            name, content, media_type = upload.filename, await upload.read(), upload.content_type or ""
        chosen = [str(value) for value in fields.getlist("profile")] or query.getlist("profile")
        form = str(fields.get("format") or query.get("format", ""))
        return CheckRequest(name, content, media_type, form, self._profiles(chosen), True)

    def _profiles(self, given: list[str]) -> tuple[str, ...]:
        names = [name for part in given for name in split_list(part)] or split_list(self._settings.profile)
        return tuple(dict.fromkeys(names))

    async def check(self, asked: CheckRequest, client: str) -> Checked:
        """The report; raises what the command `validate` raises, `LimitError` for what takes too much, `BusyError`."""
        async with self._turns.one(client):
            limits = (self._settings.check_seconds, self._settings.check_memory_bytes)
            return await run_in_threadpool(check_confined, asked, self._base, *limits)


def _client(request: Request) -> str:
    return client_at(request.client.host if request.client else "")


async def _body(request: Request, most: int) -> bytes:
    refuse_encoded(request)
    parts: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise Problem(
                413,
                f"The description is larger than {most:,} bytes.",
                limit={"name": "max_body_bytes", "value": most},
                hint="Check it on your own machine: ndl-graph validate FILE.",
            )
        parts.append(chunk)
    return b"".join(parts)


async def _fields(request: Request, body: bytes, kind: str, most: int) -> Any:
    async def stream() -> AsyncGenerator[bytes, None]:
        yield body
        yield b""

    try:
        if kind == _FORMS[0]:
            parser = MultiPartParser(
                request.headers, stream(), max_files=1, max_fields=_MOST_FIELDS, max_part_size=most
            )
            return await parser.parse()
        return await FormParser(request.headers, stream()).parse()
    except (MultiPartException, KeyError, UnicodeDecodeError) as error:
        raise Problem(400, f"The form cannot be read: {getattr(error, 'message', error)}") from None


def router(catalog: Catalog, pages: Pages, settings: Settings) -> APIRouter:
    """The form at `/validate` and the API at `/api/validate`."""
    routes = APIRouter(tags=["validation"])
    checks = _Checks(catalog.base_iri, settings)

    def page(request: Request, status: int = 200, **values: Any) -> Response:
        known: dict[str, Any] = {
            "text": "",
            "report": None,
            "groups": [],
            "lines": [],
            "fix": None,
            "error": None,
            "cut": 0,
        }
        body = pages.render(
            "validate.html",
            request,
            profiles=[load_profile(name, catalog.base_iri) for name in profile_names()],
            forms=readable(),
            most=settings.max_body_bytes,
            **({"chosen": split_list(settings.profile), "form": ""} | known | values),
        )
        return Response(body, status, {"Cache-Control": "no-store"}, "text/html; charset=utf-8")

    def form(request: Request) -> Response:
        """The form in which a description can be pasted or uploaded."""
        return page(request)

    async def validate(request: Request) -> Response:
        """Checks the description in the form; the answer is a page, and nothing is stored."""
        asked = await checks.asked(request)
        text = asked.content.decode("utf-8", errors="replace")
        shown: dict[str, Any] = {"text": text, "chosen": asked.profiles, "form": asked.format}
        try:
            if not text.strip():
                raise SourceError("there is nothing in it", hint="Paste a description, or choose a file.")
            checked = await checks.check(asked, _client(request))
        except BusyError:
            raise
        except NdlGraphError as error:
            line = error.line if isinstance(error, ParseError) else None
            status = 422 if isinstance(error, NothingToValidateError) else 400
            return await run_in_threadpool(
                page, request, status, error=error, error_line=line, lines=_lines(text, {line: []}), **shown
            )
        marks: dict[int | None, list[Result]] = {}
        for result in checked.report.results:
            marks.setdefault(result.line, []).append(result)
        return await run_in_threadpool(
            page,
            request,
            report=checked.report,
            groups=[_Group(group) for group in grouped(checked.report.results)],
            lines=_lines(text, marks),
            cut=max(0, text.count("\n") + 1 - _LINES_SHOWN),
            fix=checked.fix,
            **shown,
        )

    async def api(request: Request) -> Response:
        """Checks the description in the body (or in a form): `?profile=` names profiles, `?format=` its format.

        The report comes as JSON, Turtle, HTML, text or SARIF, by Accept or by `?report=`; with `?fix=1` the JSON
        holds the description with the mechanical repairs made.
        """
        wanted = request.query_params.get("report")
        if wanted and wanted not in REPORTS:
            raise Problem(400, f"There is no report {wanted!r}.", available=list(REPORTS))
        name = wanted or choose(_OFFERS, request.headers.get("accept")).name
        checked = await checks.check(await checks.asked(request), _client(request))
        if name == "json":
            document = checked.report.as_json()
            if checked.fix:
                document["fixed"] = {
                    "format": checked.fix.format,
                    "text": checked.fix.text,
                    "diff": checked.fix.diff,
                    "repairs": checked.fix.repairs.as_json(),
                }
            body = json.dumps(document, ensure_ascii=False)
        else:
            body = await run_in_threadpool(REPORTS[name], checked.report)
        media_type = _TYPES[name]
        charset = "; charset=utf-8" if media_type.startswith("text/") else ""
        return Response(body, 200, {"Vary": "Accept", "Cache-Control": "no-store"}, media_type + charset)

    get(routes, "/validate", form)
    reports = {"200": {"description": "The report", "content": {media_type: {} for media_type in _TYPES.values()}}}
    for path, handler, bodies, more in (
        ("/validate", validate, _FORMS, {}),
        ("/api/validate", api, (*_FORMS, *_described()), {"parameters": _ASKED, "responses": reports}),
    ):
        body = {"required": True, "content": {kind: _FORM if kind in _FORMS else _TEXT for kind in bodies}}
        routes.add_api_route(
            path,
            handler,
            name="validate" if more else "validate_form",
            methods=["POST"],
            response_class=Response,
            response_model=None,
            openapi_extra={"requestBody": body, **more},
        )
    return routes


#: What may be asked for beside the description, in the address.
_ASKED: Final[list[dict[str, Any]]] = [
    {"name": name, "in": "query", "description": told, "schema": schema}
    for name, told, schema in (
        ("profile", "A profile to check by; may be repeated.", {"type": "array", "items": {"enum": profile_names()}}),
        ("format", "The format of what is sent, where its media type does not tell.", {"type": "string"}),
        ("report", "The form of the report, where Accept does not tell.", {"enum": list(REPORTS)}),
        ("fix", "1: with the description as mechanical repairs would make it.", {"enum": ["1"]}),
    )
]


class _Group:
    """One problem as the page shows it."""

    def __init__(self, results: list[Result]) -> None:
        self.first = results[0]
        self.count = len(results)
        self.example = shown_example(self.first)
        self.places = [(found.line, shown_focus(found), shown_value(found)) for found in results[:_PLACES_SHOWN]]
        self.more = self.count - len(self.places)


_PLACES_SHOWN: Final = 20


def _lines(text: str, marks: dict[int | None, list[Result]]) -> list[tuple[int, str, list[Result] | None]]:
    """Number, text and results of each line, as many as are shown."""
    return [(number, line, marks.get(number)) for number, line in enumerate(text.split("\n")[:_LINES_SHOWN], 1)]
