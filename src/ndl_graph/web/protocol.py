"""HTTP/1.1 as uvicorn speaks it, with an end to how much a client sends, and how long it takes, before it is heard."""

import asyncio
import json
import re
from http import HTTPStatus
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ndl_graph.web.problems import PROBLEM, problem_document

__all__ = ["LimitedProtocol"]

#: Bytes of the request line and the headers together; a longer query is sent as the body of a POST.
HEAD_BYTES: Final = 64 * 1024
#: Seconds from its first byte in which the head of a request must be there, and between two pieces of a body.
HEAD_SECONDS: Final = 15.0
BODY_SECONDS: Final = 60.0


_UPGRADE: Final = re.compile(rb"\r\n(?:upgrade|http2-settings):[^\r\n]*+(?=\r\n)", re.IGNORECASE)


def _without_upgrade(data: bytes) -> bytes:
    """The head of a request without its offer of another protocol, which a server need not take (RFC 9110, 7.8).

    The parser would take what follows, the body of the request too, for that protocol.
    """
    head, end, rest = data.partition(b"\r\n\r\n")
    return _UPGRADE.sub(b"", head + end) + rest


class LimitedProtocol(HttpToolsProtocol):
    """A connection that is closed, with the reason where that can be told, when its client sends without end."""

    _timer: asyncio.TimerHandle | None = None
    _in_head = True
    _in_body = False
    _read = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Waits for a first request, not without end."""
        super().connection_made(transport)
        self._wait(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """Waits no longer."""
        self._wait(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Reads on while the head of the request is not too large."""
        if self._in_head:
            self._read += len(data)
        elif self._in_body:
            self._wait(BODY_SECONDS)
        if self._in_head and b"pgrade" in data:
            data = _without_upgrade(data)
        super().data_received(data)
        if self._in_head and self._read > HEAD_BYTES:
            too_long = len(self.url) > HEAD_BYTES // 2
            status = HTTPStatus.REQUEST_URI_TOO_LONG if too_long else HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            what = "address" if too_long else "head"
            self._refuse(status, f"The {what} of the request is larger than {HEAD_BYTES:,} bytes.")

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_head, self._in_body = True, False
        self._wait(HEAD_SECONDS)

    def on_headers_complete(self) -> None:
        """Its head is there."""
        self._in_head, self._in_body, self._read = False, True, 0
        self._wait(BODY_SECONDS)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """It is there whole; how long an idle connection is kept is uvicorn's to say."""
        self._in_head, self._in_body, self._read = True, False, 0
        self._wait(None)
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Says that what came is no request."""
        self._refuse(HTTPStatus.BAD_REQUEST, f"This is no HTTP request that can be read: {msg}")

    def _wait(self, seconds: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_later(seconds, self._too_slow) if seconds is not None else None

    def _too_slow(self) -> None:
        self._refuse(HTTPStatus.REQUEST_TIMEOUT, "The request did not come in time.")

    def _refuse(self, status: HTTPStatus, detail: str) -> None:
        """Closes the connection, with an answer where none has been begun (RFC 9112, section 9.6)."""
        self._wait(None)
        if self.transport.is_closing():
            return
        if self._in_head and (self.cycle is None or self.cycle.response_complete):
            body = json.dumps(problem_document(status, detail, "/")).encode()
            head = (
                f"HTTP/1.1 {status.value} {status.phrase}",
                f"Content-Type: {PROBLEM}",
                f"Content-Length: {len(body)}",
                "Connection: close",
            )
            self.transport.write("\r\n".join(head).encode() + b"\r\n\r\n" + body)
        self.transport.close()
