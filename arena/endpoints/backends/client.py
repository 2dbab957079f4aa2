"""What all formats over HTTP share: asking, the limits, and the errors."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from arena.endpoints.backends import provider_errors
from arena.endpoints.backends.deadlines import BYTES_PER_TOKEN, GRACE_S, Deadline
from arena.endpoints.backends.protocol import BackendError, Request, StreamPart, Timeouts
from arena.endpoints.backends.response import AnswerDecoder, EventReader

logger = logging.getLogger(__name__)

MAX_ERROR_BYTES = 16 * 1024
# Fields that some servers and models refuse, though the format has them: they are asked again without. Strict
# servers know no stream_options; OpenAI's newer models want max_completion_tokens; newer models of OpenAI and
# Anthropic have only one temperature, and newer ones of Anthropic no budget for thinking. What was refused is
# remembered per endpoint, so it costs one request.
OPTIONAL_FIELDS = ("stream_options", "max_tokens", "temperature", "thinking")
REFUSAL_WORDS = ("support", "deprecat", "unknown", "unrecognized", "unexpected", "extra", "permitted", "allowed")


@dataclass(frozen=True, slots=True)
class Post:
    """An HTTP request: POST, JSON."""

    url: str
    headers: Mapping[str, str]
    body: dict[str, Any]


class HttpBackend:
    """A wire format over HTTP. A subclass says how to ask (`post`) and how to read (`reader`)."""

    def __init__(self) -> None:
        self._refused: dict[tuple[str, str], frozenset[str]] = {}

    def post(self, request: Request, refused: frozenset[str]) -> Post:
        """The request to send, without the OPTIONAL fields that the server refused."""
        raise NotImplementedError

    def reader(self) -> EventReader:
        raise NotImplementedError

    async def stream(
        self, request: Request, session: aiohttp.ClientSession, timeouts: Timeouts
    ) -> AsyncGenerator[StreamPart]:
        """See Backend.stream."""
        deadline, answer, response = (
            Deadline(timeouts),
            AnswerDecoder(self.reader(), visible=compute_visible_limit(request)),
            None,
        )
        try:
            response = await self._ask(request, session, deadline, timeouts)
            while not answer.cut and (chunk := await deadline.read(response.content)):
                token = False
                for part in answer.feed(chunk):
                    token = True
                    yield part
                deadline.progress(token=token, complete=answer.complete)
        except (BackendError, aiohttp.ClientError, OSError, ValueError) as error:
            if not answer.complete:
                raise self._final(error, answer, request) from None
        finally:
            deadline.stop()
            if response is not None:
                response.close()  # unless its end was seen: then the connection is already back in the pool
        for part in self._end(answer, request):
            yield part

    def _end(self, answer: AnswerDecoder, request: Request) -> Iterator[StreamPart]:
        try:
            yield from answer.end()
        except BackendError as error:
            raise self._final(error, answer, request) from None

    def _final(self, error: Exception, answer: AnswerDecoder, request: Request) -> BackendError:
        return provider_errors.finalize_error(
            provider_errors.translate_exception(error), begun=answer.begun, secret=request.api_key
        )

    async def _ask(
        self, request: Request, session: aiohttp.ClientSession, deadline: Deadline, timeouts: Timeouts
    ) -> aiohttp.ClientResponse:
        """An open response with status 200."""
        endpoint = (request.base_url, request.model)
        refused = self._refused.get(endpoint, frozenset())
        while True:
            post = self.post(request, refused)
            body = orjson.dumps(post.body)
            response = await deadline.ask(send_post(post, body, session, timeouts))
            if response.status == 200:
                if refused:
                    self._remember(endpoint, refused)
                return response
            text = await read_error_text(response)
            error = provider_errors.translate_status(response.status, text, response.headers.get("Retry-After", ""))
            field = find_refused_field(response.status, text, body)
            if error.reason in ("too_long", "refused") or field is None or field in refused:
                raise error
            refused |= {field}

    def _remember(self, endpoint: tuple[str, str], refused: frozenset[str]) -> None:
        if self._refused.get(endpoint) != refused:
            self._refused[endpoint] = refused
            logger.warning("%s at %s refuses %s; asked without", *reversed(endpoint), ", ".join(sorted(refused)))


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
    """The beginning of an error's body, or what came of it within GRACE_S: the status says enough."""
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


def compute_visible_limit(request: Request) -> int | None:
    """How much of the answer may be seen where the limit that was sent holds thoughts too; None where it does not.

    Providers count tokens only at the end, so four bytes of UTF-8 are taken for one: about what English needs.
    """
    return BYTES_PER_TOKEN * request.max_tokens if request.thinking_tokens else None


def find_refused_field(status: int, text: str, body: bytes) -> str | None:
    """The optional field of ours that this error is about, if any. `text` is the error, `body` what we sent."""
    words = text.lower()
    if status not in (400, 422) or not any(refusal in words for refusal in REFUSAL_WORDS):
        return None
    return next((name for name in OPTIONAL_FIELDS if f'"{name}":'.encode() in body and name in words), None)


def merge_parameters(body: dict[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The body with the operator's parameters over it, one level deep; None takes a field out."""
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
