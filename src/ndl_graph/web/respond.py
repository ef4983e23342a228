"""Answers that can be asked for again: strong ETags, 304, and a bounded memory of what was made before."""

import gzip
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import cached_property
from threading import Lock
from typing import Final

from cachetools import LRUCache
from fastapi import Request, Response

from ndl_graph.web.language import current, prefix

__all__ = ["Body", "BodyCache", "PreconditionFailedError", "content_coding", "respond"]

_PUBLIC: Final = "public, max-age=0, must-revalidate"
#: What is compressed: what a person waits for, from the size of a packet to what would hold up others. Graphs go out as
#: they are, since programs compare lengths and digests of them.
_COMPRESSED: Final = ("text/html", "text/css", "text/javascript", "application/javascript", "application/json")
_COMPRESSED_SIZES: Final = range(1_400, 1_000_000)
_CODING: Final = re.compile(r"\s*([\w*-]+)\s*(?:;\s*q=([01](?:\.[0-9]{0,3})?)\s*)?", re.I)


class PreconditionFailedError(Exception):
    """The client asks for another state than there is."""


@dataclass(frozen=True)
class Body:
    """A finished representation: bytes, media type, headers, and when what it shows last changed.

    `brotli` are the same bytes compressed, where somebody has done that before.
    """

    content: bytes
    media_type: str
    headers: Mapping[str, str] = field(default_factory=dict)
    modified: str = ""
    brotli: bytes | None = None

    @property
    def etag(self) -> str:
        """A strong validator: the content decides (RFC 9110, section 8.8.3)."""
        return self.headers["ETag"]

    @classmethod
    def of(
        cls,
        content: bytes,
        media_type: str,
        headers: Mapping[str, str] | None = None,
        modified: str = "",
        brotli: bytes | None = None,
    ) -> "Body":
        """The body with the headers that every form has."""
        whole = dict(headers or {})
        kind = hashlib.sha256(media_type.encode() + b"\0" + content).hexdigest()[:32]
        whole["ETag"] = f'"{kind}"'
        whole["Cache-Control"] = _PUBLIC
        if _is_compressed(content, media_type):
            whole["Vary"] = ", ".join(filter(None, (whole.get("Vary"), "Accept-Encoding")))
        if date := _http_date(modified):
            whole["Last-Modified"] = date
        return cls(content, media_type, whole, modified, brotli)

    @property
    def codings(self) -> tuple[str, ...]:
        """How it can be sent besides as it is, the smallest first."""
        if not _is_compressed(self.content, self.media_type):
            return ()
        return ("br", "gzip") if self.brotli else ("gzip",)

    def coded(self, coding: str) -> "Body":
        """The same, compressed: another representation, with an ETag of its own (RFC 9110, section 8.8.3.3)."""
        content = self.brotli if coding == "br" and self.brotli else self._gzipped
        headers = {**self.headers, "ETag": f'{self.etag[:-1]}-{coding}"', "Content-Encoding": coding}
        return Body(content, self.media_type, headers, self.modified)

    @cached_property
    def _gzipped(self) -> bytes:
        return gzip.compress(self.content, 6, mtime=0)


def _is_compressed(content: bytes, media_type: str) -> bool:
    return media_type.startswith(_COMPRESSED) and len(content) in _COMPRESSED_SIZES


def content_coding(asked: str, offered: Iterable[str]) -> str | None:
    """The first of the offered codings that an `Accept-Encoding` takes, or None (RFC 9110, section 12.5.3)."""
    parts = (_CODING.fullmatch(part) for part in asked[:1_000].split(","))
    weights = {part[1].casefold(): float(part[2] or 1) for part in parts if part}
    return next((one for one in offered if weights.get(one, weights.get("*", 0)) > 0), None)


def _http_date(text: str) -> str | None:
    try:
        return format_datetime(datetime.fromisoformat(text).astimezone(UTC), usegmt=True)
    except ValueError:
        return None


class BodyCache:
    """Remembers the bodies that are asked for most, in each language and under each prefix, up to a number of bytes."""

    def __init__(self, size: int) -> None:
        self._bodies: LRUCache[tuple[str, ...], Body] = LRUCache(maxsize=max(1, size), getsizeof=_weight)
        self._lock = Lock()

    def known(self, key: tuple[str, ...]) -> Body | None:
        """The body under the key, where it is there."""
        with self._lock:
            return self._bodies.get((current(), prefix(), *key))

    def get(self, key: tuple[str, ...], make: Callable[[], Body]) -> Body:
        """The body under the key, made where it is not there."""
        found = self.known(key)
        if found is not None:
            return found
        made = make()
        with self._lock:
            if _weight(made) <= self._bodies.maxsize:
                self._bodies[current(), prefix(), *key] = made
        return made


def _weight(body: Body) -> int:
    """Bytes that a body takes in memory, with its compressed form, which is a fifth of it or so."""
    return len(body.content) * 6 // 5 + 2048


def respond(request: Request, body: Body) -> Response:
    """The body, compressed where the client takes that, or 304 where it has it (RFC 9110, section 13.2.2)."""
    if coding := content_coding(request.headers.get("accept-encoding", ""), body.codings):
        body = body.coded(coding)
    if _fails(request, body):
        raise PreconditionFailedError
    if _unchanged(request, body):
        kept = ("ETag", "Cache-Control", "Last-Modified", "Vary", "Link", "Content-Location")
        return Response(None, 304, {name: body.headers[name] for name in kept if name in body.headers})
    return Response(body.content, 200, body.headers, body.media_type)


def _fails(request: Request, body: Body) -> bool:
    """Whether the client asks for another state than there is (RFC 9110, sections 13.1.1 and 13.1.4)."""
    asked = request.headers.get("if-match")
    if asked is not None:
        return asked.strip() != "*" and body.etag not in {tag.strip() for tag in asked.split(",")}
    since, changed = (
        _date_of(request.headers.get("if-unmodified-since")),
        _date_of(body.headers.get("Last-Modified")),
    )
    return since is not None and changed is not None and changed > since


def _date_of(date: str | None) -> datetime | None:
    """The moment that a date names in any of the three forms (RFC 9110, section 5.6.7); None where it is none."""
    try:
        found = parsedate_to_datetime(date or "")
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _unchanged(request: Request, body: Body) -> bool:
    asked = request.headers.get("if-none-match")
    if asked is not None:
        return asked.strip() == "*" or body.etag in {tag.strip().removeprefix("W/") for tag in asked.split(",")}
    since, changed = _date_of(request.headers.get("if-modified-since")), _date_of(body.headers.get("Last-Modified"))
    return since is not None and changed is not None and changed <= since
