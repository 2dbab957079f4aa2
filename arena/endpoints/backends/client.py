"""The HTTP client that all backends share. It handles requests, timeouts, and errors."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import dataclass
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

MAX_ERROR_BYTES = 16 * 1024
# Fields that some servers or models reject. The request is then repeated without the field or with a substitute.
# Strict servers reject stream_options. Newer OpenAI models require max_completion_tokens. Newer models from OpenAI and
# Anthropic accept only the default temperature, and newer Anthropic models reject a thinking budget. Rejected fields
# are remembered per endpoint, so each one costs one extra request.
OPTIONAL_FIELDS = ("stream_options", "max_tokens", "temperature", "thinking")
REJECTION_WORDS = ("support", "deprecat", "unknown", "unrecognized", "unexpected", "extra", "permitted", "allowed")


@dataclass(frozen=True, slots=True)
class Post:
    """A POST request with a JSON body."""

    url: str
    headers: Mapping[str, str]
    body: dict[str, Any]


class HttpBackend:
    """Base class of the backends that call a server. Subclasses implement `build_post` and `create_reader`."""

    required_fields: tuple[str, ...] = SERVER_FIELDS

    def __init__(self) -> None:
        self._rejected_fields: dict[tuple[str, str], frozenset[str]] = {}

    def build_post(self, request: Request, rejected_fields: frozenset[str]) -> Post:
        """Return the request to send. `rejected_fields` are the OPTIONAL_FIELDS that the server has rejected."""
        raise NotImplementedError

    def create_reader(self) -> EventReader:
        """Return a reader for one answer's events."""
        raise NotImplementedError

    async def stream(
        self, request: Request, session: aiohttp.ClientSession, timeouts: Timeouts, pause: Pause = do_not_pause
    ) -> AsyncGenerator[StreamPart]:
        """See Backend.stream."""
        deadline = Deadline(timeouts)
        decoder = AnswerDecoder(self.create_reader(), max_answer_bytes=request.max_bytes)
        response = None
        try:
            response = await self._open_response(request, session, deadline, timeouts)
            while not decoder.is_truncated and (chunk := await deadline.read(response.content)):
                has_token = False
                for part in decoder.feed(chunk):
                    has_token = True
                    yield part
                if not decoder.is_complete:
                    await _pause_reading(response, pause)
                deadline.record_progress(has_token=has_token, is_complete=decoder.is_complete)
        except (BackendError, aiohttp.ClientError, OSError, ValueError) as error:
            if not decoder.is_complete:
                raise self._finalize_error(error, decoder, request) from None
        finally:
            deadline.cancel()
            if response is not None:
                # Has no effect after the end of the body, because the connection is then already back in the pool.
                response.close()
        for part in self._end(decoder, request):
            yield part

    def _end(self, decoder: AnswerDecoder, request: Request) -> Iterator[StreamPart]:
        try:
            yield from decoder.end()
        except BackendError as error:
            raise self._finalize_error(error, decoder, request) from None

    def _finalize_error(self, error: Exception, decoder: AnswerDecoder, request: Request) -> BackendError:
        return provider_errors.finalize_error(
            provider_errors.convert_exception(error), has_begun=decoder.has_begun, api_key=request.api_key
        )

    async def _open_response(
        self, request: Request, session: aiohttp.ClientSession, deadline: Deadline, timeouts: Timeouts
    ) -> aiohttp.ClientResponse:
        """Send the request and return the open response. Raises BackendError unless its status is 200."""
        endpoint = (request.base_url, request.model)
        rejected_fields = self._rejected_fields.get(endpoint, frozenset())
        while True:
            post = self.build_post(request, rejected_fields)
            body = orjson.dumps(post.body)
            response = await deadline.wait_for(send_post(post, body, session, timeouts))
            if response.status == 200:
                if rejected_fields:
                    self._remember_rejected_fields(endpoint, rejected_fields)
                return response
            text = await read_error_text(response)
            error = provider_errors.build_status_error(response.status, text, response.headers.get("Retry-After", ""))
            field = find_rejected_field(response.status, text, body)
            if error.reason in ("too_long", "refused") or field is None or field in rejected_fields:
                raise error
            rejected_fields |= {field}

    def _remember_rejected_fields(self, endpoint: tuple[str, str], rejected_fields: frozenset[str]) -> None:
        if self._rejected_fields.get(endpoint) == rejected_fields:
            return
        self._rejected_fields[endpoint] = rejected_fields
        base_url, model = endpoint
        names = ", ".join(sorted(rejected_fields))
        logger.warning("Model %s at %s rejects the fields %s; they are now omitted or replaced", model, base_url, names)


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


async def send_post(
    post: Post, body: bytes, session: aiohttp.ClientSession, timeouts: Timeouts
) -> aiohttp.ClientResponse:
    return await session.post(
        post.url,
        data=body,
        headers={"Content-Type": "application/json", "Accept": "text/event-stream", **post.headers},
        timeout=aiohttp.ClientTimeout(total=None, connect=timeouts.connect),
        allow_redirects=False,
    )


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
    for name in OPTIONAL_FIELDS:
        if f'"{name}":'.encode() in body and name in lower_text:
            return name
    return None


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


def build_bearer_header(api_key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {api_key}"} if api_key else {}
