"""English and Welsh: which language a reader gets, and the messages of the pages in it.

`/cy/…` and `/en/…` are the same pages in that language; without either, `Accept-Language` decides (RFC 9110, 12.5.4).
"""

import re
from collections.abc import Mapping
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from babel.messages.catalog import Catalog as Messages
from babel.messages.pofile import read_po
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["LANGUAGES", "Language", "current", "messages", "prefix", "reading_order"]

#: The languages of the pages, the first where nothing else is asked for.
LANGUAGES: Final = ("en", "cy")
_LOCALE: Final = Path(__file__).parent / "locale"
_CURRENT: ContextVar[str] = ContextVar("language", default=LANGUAGES[0])
_PREFIX: ContextVar[str] = ContextVar("prefix", default="")
_RANGE: Final = re.compile(r"\s*([A-Za-z*-]+)[^;,]*(?:;\s*q\s*=\s*([01](?:\.[0-9]{0,3})?))?\s*$")


def current() -> str:
    """The language of the answer that is being made."""
    return _CURRENT.get()


def prefix() -> str:
    """What of the address named the language (`/cy`), or nothing."""
    return _PREFIX.get()


def reading_order() -> tuple[str, ...]:
    """The languages in the order in which text is looked for: the reader's own first."""
    own = current()
    return (own, *(one for one in LANGUAGES if one != own))


@cache
def messages(language: str) -> Messages:
    """The messages of a language; those of English are the messages themselves."""
    path = _LOCALE / f"{language}.po"
    if not path.is_file():
        return Messages(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def _asked(header: str) -> str:
    """The language that suits an `Accept-Language` header best."""
    best, quality = LANGUAGES[0], 0.0
    for part in header[:1_000].split(","):
        if (match := _RANGE.match(part)) is None:
            continue
        name, weight = match[1].split("-")[0].casefold(), float(match[2] or 1)
        if name in LANGUAGES and weight > quality:
            best, quality = name, weight
    return best


class Language:
    """Middleware: takes the language off the address or the headers, and says in the answer which one it is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        named = next((one for one in LANGUAGES if _under(scope["path"], one)), None)
        if named is not None:
            scope = _without(scope, named)
        language = named or _asked(Headers(scope=scope).get("accept-language", ""))

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                is_page = headers.get("content-type", "").startswith("text/html")
                if is_page:
                    headers["Content-Language"] = language
                # What was not sent again may have been a page (RFC 9110, 15.4.5).
                if named is None and (is_page or message["status"] == 304):
                    headers.add_vary_header("Accept-Language")
                if named is not None and (place := headers.get("location")):
                    headers["Location"] = _ours(place, Headers(scope=scope).get("host", ""), named)
            await send(message)

        tokens = _CURRENT.set(language), _PREFIX.set(f"/{named}" if named else "")
        try:
            await self._app(scope, receive, sending)
        finally:
            _CURRENT.reset(tokens[0])
            _PREFIX.reset(tokens[1])


def _ours(place: str, host: str, language: str) -> str:
    """Where a redirect leads: within the service it stays in the language."""
    parts = urlsplit(place)
    if not parts.path.startswith("/") or parts.netloc not in ("", host):
        return place
    return urlunsplit(parts._replace(path=f"/{language}{parts.path}"))


def _under(path: str, language: str) -> bool:
    return path == f"/{language}" or path.startswith(f"/{language}/")


def _without(scope: Mapping[str, object], language: str) -> Scope:
    path = str(scope["path"])[len(language) + 1 :] or "/"
    raw = scope.get("raw_path")
    rest = raw[len(language) + 1 :] or b"/" if isinstance(raw, bytes) else path.encode()
    return {**scope, "path": path, "raw_path": rest}
