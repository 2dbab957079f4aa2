"""The HTTP client that all backends share. It handles requests, timeouts, and errors."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
import orjson

from arena.endpoints.backends import provider_errors
from arena.endpoints.backends.deadlines import GRACE_S, Deadline
from arena.endpoints.backends.protocol import (
    SERVER_FIELDS,
    BackendError,
    EventReader,
    Pause,
    Request,
    StreamPart,
    Timeouts,
    do_not_pause,
)
from arena.endpoints.backends.response import AnswerDecoder

logger = logging.getLogger(__name__)

ERRORS = (BackendError, aiohttp.ClientError, OSError, ValueError)
MAX_ERROR_BYTES = 16 * 1024
# Fields that some servers or models reject. The request is then repeated without the field or with a substitute.
# Strict servers reject stream_options. Newer OpenAI models require max_completion_tokens. Newer models from OpenAI and
# Anthropic accept only the default temperature, and newer Anthropic models reject a thinking budget. Rejected fields
# are remembered per endpoint, so each one costs one extra request.
OPTIONAL_FIELDS = ("stream_options", "max_tokens", "temperature", "thinking")
REJECTION_WORDS = ("support", "deprecat", "unknown", "unrecognized", "unexpected", "extra", "permitted", "allowed")


@dataclass(frozen=True, slots=True)
class Post:
    """A POST request with a JSON body. `path` is appended to the endpoint's base URL."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]


class HttpBackend:
    """Base class of the backends that call a server.

    Subclasses implement `build_post`, and name the class that reads one answer's events.
    """

    required_fields: tuple[str, ...] = SERVER_FIELDS
    reader_type: type[EventReader]

    def __init__(self) -> None:
        self._rejected_fields: dict[tuple[str, str], frozenset[str]] = {}

    def build_post(self, request: Request, rejected_fields: frozenset[str]) -> Post:
        """Return the request to send. The operator's parameters are merged into its body afterward.

        rejected_fields: the OPTIONAL_FIELDS that the server has rejected; if it has rejected `temperature`, the
            request has none
        """
        raise NotImplementedError

    async def stream(
        self, request: Request, session: aiohttp.ClientSession, timeouts: Timeouts, pause: Pause = do_not_pause
    ) -> AsyncGenerator[StreamPart]:
        """See Backend.stream."""
        deadline = Deadline(timeouts)
        decoder = AnswerDecoder(self.reader_type(), max_answer_bytes=request.max_bytes)
        with contextlib.ExitStack() as stack:
            stack.callback(deadline.cancel)
            try:
                try:
                    response = await self._open_response(request, session, deadline, timeouts)
                    # Has no effect after the end of the body, because the connection is then back in the pool.
                    stack.callback(response.close)
                    while not decoder.is_truncated and (chunk := await deadline.read(response.content)):
                        has_token = False
                        for token in decoder.feed(chunk):
                            has_token = True
                            yield token
                        if not decoder.is_complete:
                            await _pause_reading(response, pause)
                        deadline.record_progress(has_token=has_token, is_complete=decoder.is_complete)
                except ERRORS:
                    if not decoder.is_complete:
                        raise
                for part in decoder.end():
                    yield part
            except ERRORS as error:
                has_begun, api_key = decoder.has_begun, request.api_key
                raise provider_errors.finalize_error(error, has_begun=has_begun, api_key=api_key) from None

    async def _open_response(
        self, request: Request, session: aiohttp.ClientSession, deadline: Deadline, timeouts: Timeouts
    ) -> aiohttp.ClientResponse:
        """Send the request and return the open response. Raises BackendError unless its status is 200."""
        endpoint = (request.base_url, request.model)
        rejected_fields = self._rejected_fields.get(endpoint, frozenset())
        while True:
            allowed_request = replace(request, temperature=None) if "temperature" in rejected_fields else request
            post = self.build_post(allowed_request, rejected_fields)
            body = orjson.dumps(merge_parameters(post.body, request.parameters))
            sending = session.post(
                request.base_url.rstrip("/") + post.path,
                data=body,
                headers={
                    **request.headers,
                    "Content-Type": "application/json",
                    "Accept": "text/event-stream",
                    **post.headers,
                },
                timeout=aiohttp.ClientTimeout(total=None, connect=timeouts.connect),
                allow_redirects=False,
            )
            response = await deadline.wait_for(sending)
            if response.status == 200:
                if rejected_fields != self._rejected_fields.get(endpoint, frozenset()):
                    self._rejected_fields[endpoint] = rejected_fields
                    names = ", ".join(sorted(rejected_fields))
                    logger.warning(
                        "Model %s at %s rejects the fields %s; they are now omitted or replaced", *endpoint[::-1], names
                    )
                return response
            text = await read_error_text(response)
            error = provider_errors.build_status_error(response.status, text, response.headers.get("Retry-After", ""))
            field = find_rejected_field(response.status, text, body)
            if error.reason in ("too_long", "refused") or field is None or field in rejected_fields:
                raise error
            rejected_fields |= {field}


async def _pause_reading(response: aiohttp.ClientResponse, pause: Pause) -> None:
    """Pause, and leave arriving bytes in the kernel, because each read takes CPU time."""
    transport = response.connection.transport if response.connection else None
    # A paused TLS connection would drop its last bytes if the provider closed it.
    if transport is None or transport.get_extra_info("ssl_object"):
        await pause()
        return
    if not transport.is_closing():
        transport.pause_reading()
    await pause()
    if not transport.is_closing():
        transport.resume_reading()


async def read_error_text(response: aiohttp.ClientResponse) -> str:
    """Return the part of an error's body that arrives within GRACE_S, up to MAX_ERROR_BYTES."""
    body = b""
    try:
        async with asyncio.timeout(GRACE_S):
            while len(body) < MAX_ERROR_BYTES and (chunk := await response.content.readany()):
                body += chunk
    except (aiohttp.ClientError, OSError):
        pass
    finally:
        response.close()
    return body[:MAX_ERROR_BYTES].decode(errors="replace")


def find_rejected_field(status: int, text: str, body: bytes) -> str | None:
    """Return the optional field that the server rejected, or None if the error has another cause.

    text: the body of the error response
    body: the body of the request
    """
    lower_text = text.lower()
    if status not in (400, 422) or not any(word in lower_text for word in REJECTION_WORDS):
        return None
    fields = (name for name in OPTIONAL_FIELDS if f'"{name}":'.encode() in body and name in lower_text)
    return next(fields, None)


def merge_parameters(body: dict[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Merge the operator's parameters into the body at every depth. A parameter of None removes the field."""
    for name, value in parameters.items():
        if isinstance(value, Mapping) and isinstance(body.get(name), dict):
            body[name] = merge_parameters(dict(body[name]), value)
        elif value is None:
            body.pop(name, None)
        else:
            body[name] = value
    return body
