"""Limits the size of request bodies. Django checks only the declared size, and writes bodies of any size to disk."""

from collections.abc import Mapping
from typing import Any

import orjson

from core.http.errors import too_large_error

DRAIN_FACTOR = 10  # the multiple of the limit that is read and discarded before closing the connection


class BodyTooLarge(Exception):
    """Raised if a request body is larger than the limit."""


class BodyLimitMiddleware:
    """ASGI middleware that rejects request bodies larger than `max_bytes` with status 413.

    `path_limits` contains different limits in bytes, keyed by path.
    """

    def __init__(self, application: Any, max_bytes: int, path_limits: Mapping[str, int] | None = None) -> None:
        self.application = application
        self.max_bytes = max_bytes
        self.path_limits = path_limits or {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        bytes_read = 0
        has_more = True
        max_bytes = self.path_limits.get(scope["path"], self.max_bytes)

        async def receive_counted() -> Any:
            nonlocal bytes_read, has_more
            message = await receive()
            has_more = message.get("more_body", False)
            bytes_read += len(message.get("body", b""))
            if bytes_read > max_bytes:
                raise BodyTooLarge
            return message

        try:
            if _read_content_length(scope) > max_bytes:
                raise BodyTooLarge
            await self.application(scope, receive_counted, send)
        except BodyTooLarge:  # no response has started, because Django reads the whole body first
            await _send_error(scope["path"], max_bytes, send)
            if has_more:
                await _drain_body(receive, DRAIN_FACTOR * self.max_bytes)
            await send({"type": "http.response.body", "body": b""})


def _read_content_length(scope: Any) -> int:
    """Return the declared size in bytes, or 0. The server has already rejected invalid numbers."""
    return max((int(value) for name, value in scope["headers"] if name == b"content-length"), default=0)


async def _send_error(path: str, max_bytes: int, send: Any) -> None:
    error = too_large_error(max_bytes)
    is_api_call = path.startswith("/api/")
    body = orjson.dumps(error.body) if is_api_call else f"{error.detail}\n".encode()
    content_type = b"application/json" if is_api_call else b"text/plain; charset=utf-8"
    headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": error.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _drain_body(receive: Any, max_bytes: int) -> None:
    """Read and discard the rest of the body, because a client whose upload is cut off might not read the response."""
    has_more = True
    remaining = max_bytes
    while has_more and remaining > 0:
        message = await receive()
        has_more = message.get("more_body", False)
        remaining -= len(message.get("body", b""))
