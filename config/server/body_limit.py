"""Limits the size of request bodies, and the number of large ones, all of which Django would store."""

from collections.abc import Mapping
from typing import Any

import orjson

from core.http.errors import RequestError, too_large_error

DRAIN_FACTOR = 10  # the multiple of the limit that is read and discarded before closing the connection
LARGE_BODY_BYTES = 64_000
MAX_LARGE_BODIES = 8  # per process; a client that sends slowly occupies one of them until its deadline
BUSY = RequestError("busy", "The server is receiving too many large requests. Try again in a few seconds.", 503)


class RequestRejected(Exception):
    """Raised before Django has read the request. `BodyLimitMiddleware` sends the error."""

    def __init__(self, error: RequestError) -> None:
        super().__init__(error.detail)
        self.error = error


class BodyLimitMiddleware:
    """ASGI middleware that rejects request bodies larger than `max_bytes` with status 413.

    Bodies larger than `LARGE_BODY_BYTES` are rejected with status 503 while the process handles `MAX_LARGE_BODIES` of
    them. Django stores each body before it knows who sends it, and without this, slow uploads would fill the disk.

    `path_limits` contains different limits in bytes, keyed by path.
    """

    def __init__(self, application: Any, max_bytes: int, path_limits: Mapping[str, int] | None = None) -> None:
        self.application = application
        self.max_bytes = max_bytes
        self.path_limits = path_limits or {}
        self.large_bodies = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        body = _Body(self, receive, self.path_limits.get(scope["path"], self.max_bytes))
        try:
            body.check(_read_content_length(scope))
            await self.application(scope, body.receive, send)
        except RequestRejected as refused:  # no response has started
            await _send_error(scope["path"], refused.error, send)
            if body.has_more:
                await _drain_body(receive, DRAIN_FACTOR * self.max_bytes)
            await send({"type": "http.response.body", "body": b""})
        finally:
            self.large_bodies -= body.is_large


class _Body:
    """Counts the bytes of one request's body."""

    def __init__(self, limits: BodyLimitMiddleware, receive: Any, max_bytes: int) -> None:
        self.limits = limits
        self.receive_next = receive
        self.max_bytes = max_bytes
        self.received_bytes = 0
        self.has_more = True
        self.is_large = False

    async def receive(self) -> Any:
        message = await self.receive_next()
        self.has_more = message.get("more_body", False)
        self.received_bytes += len(message.get("body", b""))
        self.check(self.received_bytes)
        return message

    def check(self, size: int) -> None:
        """Raise RequestRejected if a body of this size is too large, or large while enough others are."""
        if size > self.max_bytes:
            raise RequestRejected(too_large_error(self.max_bytes))
        if size > LARGE_BODY_BYTES and not self.is_large:
            if self.limits.large_bodies >= MAX_LARGE_BODIES:
                raise RequestRejected(BUSY)
            self.limits.large_bodies += 1
            self.is_large = True


def _read_content_length(scope: Any) -> int:
    """Return the declared size in bytes, or 0. The server has already rejected invalid numbers."""
    return max((int(value) for name, value in scope["headers"] if name == b"content-length"), default=0)


async def _send_error(path: str, error: RequestError, send: Any) -> None:
    is_api_call = path.startswith("/api/")
    body = orjson.dumps(error.body) if is_api_call else f"{error.detail}\n".encode()
    content_type = b"application/json" if is_api_call else b"text/plain; charset=utf-8"
    headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode()), (b"connection", b"close")]
    headers += [(name.lower().encode(), value.encode()) for name, value in error.headers.items()]
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
