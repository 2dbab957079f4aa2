"""One question of the arena's own to an endpoint, outside any battle: does it answer, and how fast. Nothing of it is
kept or shown but figures and our own words: neither the text, nor what the provider says to an error, nor the key."""

import asyncio
import logging
import time
from contextlib import aclosing
from dataclasses import dataclass

import aiohttp
from django.conf import settings

from arena.endpoints import key_variables
from arena.endpoints.backends.protocol import BackendError, Delta, Message, Reasoning, Timeouts, Usage
from arena.endpoints.backends.registry import BACKENDS
from arena.endpoints.backends.ssrf_guard import create_session
from arena.endpoints.model_requests import build_request
from arena.models import Endpoint

PROBE_PROMPT = "In two sentences: why is the sky blue?"
PROBE_TIMEOUTS = Timeouts(connect=10, first_token=20, between_tokens=15, total=30)
NO_KEY, KEY_NOT_ALLOWED = "no_key", "key_not_allowed"
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ProbeResult:
    """What came of the question; all but `failure` is None where it is unknown.

    failure: empty for an answer, or one of ours, NO_KEY or KEY_NOT_ALLOWED. first_token_s: seconds to its first token,
    a thought or not. tokens_per_s: after it, as the provider counts them. retry_after_s: the provider limits the rate,
    and says when it will answer again.
    """

    failure: str = ""
    first_token_s: float | None = None
    tokens_per_s: float | None = None
    tokens: int | None = None
    retry_after_s: float | None = None


def measure_endpoint(endpoint: Endpoint, limits: Timeouts = PROBE_TIMEOUTS) -> ProbeResult:
    """Read a whole answer of the endpoint; takes as long as it does, at most half a minute."""
    if endpoint.api_key_env and not key_variables.is_allowed_key_name(endpoint.api_key_env):
        return ProbeResult(KEY_NOT_ALLOWED)
    if endpoint.api_key_env and not key_variables.read_key(endpoint):
        return ProbeResult(NO_KEY)
    return asyncio.run(_measure_endpoint(endpoint, limits))


async def _measure_endpoint(endpoint: Endpoint, limits: Timeouts) -> ProbeResult:
    async with create_session(settings.ENVIRONMENT.arena_allow_private_endpoints, limits) as client:
        return await send_probe(endpoint, client, limits, whole=True)


async def send_probe(
    endpoint: Endpoint, client: aiohttp.ClientSession, limits: Timeouts, *, whole: bool = False
) -> ProbeResult:
    """Send the question as a battle would, and read the answer up to its first token, or the `whole` of it."""
    asked, first, last, tokens = time.monotonic(), None, 0.0, None
    try:
        request = build_request(endpoint, (Message("user", PROBE_PROMPT),))
        async with aclosing(BACKENDS[endpoint.kind].stream(request, client, limits)) as parts:
            async for part in parts:
                if isinstance(part, Delta | Reasoning):
                    last = time.monotonic()
                    first = first or last
                elif isinstance(part, Usage):
                    tokens = part.output_tokens
                if not whole:
                    break
    except BackendError as error:
        logger.info("endpoint %s failed a probe: %s, %s", endpoint.pk, error.reason, error.detail)
        return ProbeResult(error.reason, retry_after_s=error.retry_after_s)
    speaking = last - first if first else 0.0
    speed = (tokens - 1) / speaking if tokens and tokens > 1 and speaking > 0 else None
    return ProbeResult(first_token_s=first and first - asked, tokens_per_s=speed, tokens=tokens)
