"""What is no message of the protocol is told in plain words, and not in those of the library that reads messages."""

import json
from typing import Final

from mcp.types import INVALID_REQUEST
from starlette.types import Message, Send

__all__ = ["in_plain_words"]

_TOLD: Final = (
    "This is no JSON-RPC 2.0 request: it is one object with `jsonrpc`, `id` and `method`. Batches are not taken: send "
    "one message at a time."
)
#: How the library begins what it says of such a message.
_LIBRARY: Final = b'"message":"Validation error: '


def in_plain_words(send: Send) -> Send:
    """Sends answers on; one that refuses a message for its form says so as JSON-RPC 2.0 has it (section 5.1)."""
    held: Message | None = None

    async def sent(message: Message) -> None:
        nonlocal held
        if message["type"] == "http.response.start" and message["status"] == 400:
            held = message
            return
        if held is not None:
            start, held = held, None
            if _LIBRARY in message.get("body", b""):
                error = {"code": INVALID_REQUEST, "message": _TOLD}
                body = json.dumps({"jsonrpc": "2.0", "id": None, "error": error}).encode()
                others = [pair for pair in start["headers"] if pair[0].lower() != b"content-length"]
                start = {**start, "headers": [*others, (b"content-length", str(len(body)).encode())]}
                message = {**message, "body": body}
            await send(start)
        await send(message)

    return sent
