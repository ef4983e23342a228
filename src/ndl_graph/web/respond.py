"""Answers that can be asked for again: strong ETags, 304, and a bounded memory of what was made before."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from threading import Lock
from typing import Final

from cachetools import LRUCache
from fastapi import Request, Response

from ndl_graph.web.language import current, prefix

__all__ = ["Body", "BodyCache", "respond"]

_PUBLIC: Final = "public, max-age=0, must-revalidate"


@dataclass(frozen=True)
class Body:
    """A finished representation: bytes, media type, headers, and when what it shows last changed."""

    content: bytes
    media_type: str
    headers: Mapping[str, str] = field(default_factory=dict)
    modified: str = ""

    @property
    def etag(self) -> str:
        """A strong validator: the content decides (RFC 9110, section 8.8.3)."""
        return self.headers["ETag"]

    @classmethod
    def of(
        cls, content: bytes, media_type: str, headers: Mapping[str, str] | None = None, modified: str = ""
    ) -> "Body":
        """The body with the headers that every form has."""
        whole = dict(headers or {})
        kind = hashlib.sha256(media_type.encode() + b"\0" + content).hexdigest()[:32]
        whole["ETag"] = f'"{kind}"'
        whole["Cache-Control"] = _PUBLIC
        if date := _http_date(modified):
            whole["Last-Modified"] = date
        return cls(content, media_type, whole, modified)


def _http_date(text: str) -> str | None:
    try:
        return format_datetime(datetime.fromisoformat(text).astimezone(UTC), usegmt=True)
    except ValueError:
        return None


class BodyCache:
    """Remembers the bodies that are asked for most, in each language and under each prefix, up to a number of bytes."""

    def __init__(self, size: int) -> None:
        self._bodies: LRUCache[tuple[str, ...], Body] = LRUCache(
            maxsize=max(1, size), getsizeof=lambda body: len(body.content) + 2048
        )
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
            if len(made.content) + 2048 <= self._bodies.maxsize:
                self._bodies[current(), prefix(), *key] = made
        return made


def respond(request: Request, body: Body) -> Response:
    """The body, or 304 where the client has it already (RFC 9110, section 13.2.2)."""
    if _unchanged(request, body):
        kept = ("ETag", "Cache-Control", "Last-Modified", "Vary", "Link", "Content-Location")
        return Response(None, 304, {name: body.headers[name] for name in kept if name in body.headers})
    return Response(body.content, 200, body.headers, body.media_type)


def _unchanged(request: Request, body: Body) -> bool:
    asked = request.headers.get("if-none-match")
    if asked is not None:
        return asked.strip() == "*" or body.etag in {tag.strip().removeprefix("W/") for tag in asked.split(",")}
    since = request.headers.get("if-modified-since")
    if since and "Last-Modified" in body.headers:
        try:
            return parsedate_to_datetime(body.headers["Last-Modified"]) <= parsedate_to_datetime(since)
        except (TypeError, ValueError):
            return False
    return False
