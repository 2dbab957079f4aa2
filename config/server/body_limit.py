"""No request is larger than we read: Django would put all of it on the disk, and looks at announced sizes only."""

from collections.abc import Mapping
from typing import Any

import orjson

from core.http.errors import too_large_error

DRAIN_FACTOR = 10  # times what is allowed is thrown away before the connection is closed


class BodyTooLarge(Exception):
    """More has come than is read."""


class BodyLimitMiddleware:
    """An ASGI application before another one: whatever has more than `most` bytes is answered with 413.

    larger: paths at which so many bytes are read instead.
    """

    def __init__(self, application: Any, most: int, larger: Mapping[str, int] | None = None) -> None:
        self.application, self.most, self.larger = application, most, larger or {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        read, more = 0, True
        most = self.larger.get(scope["path"], self.most)

        async def counted() -> Any:
            nonlocal read, more
            message = await receive()
            more = message.get("more_body", False)
            read += len(message.get("body", b""))
            if read > most:
                raise BodyTooLarge
            return message

        try:
            if _read_content_length(scope) > most:
                raise BodyTooLarge
            await self.application(scope, counted, send)
        except BodyTooLarge:  # nothing was answered yet: Django reads a body as a whole before it does anything
            await _send_error(scope["path"], most, send)
            if more:
                await _drain_body(receive, DRAIN_FACTOR * self.most)
            await send({"type": "http.response.body", "body": b""})


def _read_content_length(scope: Any) -> int:
    """The server has refused what is no number."""
    return max((int(value) for name, value in scope["headers"] if name == b"content-length"), default=0)


async def _send_error(path: str, most: int, send: Any) -> None:
    error = too_large_error(most)
    is_call = path.startswith("/api/")
    body = orjson.dumps(error.body) if is_call else f"{error.detail}\n".encode()
    kind = b"application/json" if is_call else b"text/plain; charset=utf-8"
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _drain_body(receive: Any, most: int) -> None:
    """Let the client finish: a connection that is closed while something comes in loses the answer too."""
    more = True
    while more and most > 0:
        message = await receive()
        more = message.get("more_body", False)
        most -= len(message.get("body", b""))
