"""Probes: short questions that Arena sends to an endpoint to test whether it answers, and how fast.

A result contains only measurements and Arena's error codes. The answer and the key are never stored or shown. The
provider's error message goes only to the operator's log, without the key.
"""

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
NO_KEY = "no_key"
KEY_NOT_ALLOWED = "key_not_allowed"
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ProbeResult:
    """The result of a probe. Unknown values are None.

    failure: "" for an answer, or else a FailureReason, NO_KEY, or KEY_NOT_ALLOWED
    first_token_s: seconds until the first token, which can be a reasoning token
    tokens_per_s: tokens per second after the first token, as counted by the provider
    tokens: the provider's count of output tokens
    retry_after_s: seconds until a rate limit ends, or 0 if unknown; None if no rate limit caused the failure
    """

    failure: str = ""
    first_token_s: float | None = None
    tokens_per_s: float | None = None
    tokens: int | None = None
    retry_after_s: float | None = None


def measure_endpoint(endpoint: Endpoint, timeouts: Timeouts = PROBE_TIMEOUTS) -> ProbeResult:
    """Request a whole answer and return its measurements. Blocks for at most 30 seconds with the default timeouts."""
    if endpoint.api_key_env and not key_variables.is_allowed_key_name(endpoint.api_key_env):
        return ProbeResult(KEY_NOT_ALLOWED)
    if endpoint.api_key_env and not key_variables.read_key(endpoint):
        return ProbeResult(NO_KEY)
    return asyncio.run(_measure_endpoint(endpoint, timeouts))


async def _measure_endpoint(endpoint: Endpoint, timeouts: Timeouts) -> ProbeResult:
    async with create_session(settings.ENVIRONMENT.arena_allow_private_endpoints, timeouts) as client:
        return await send_probe(endpoint, client, timeouts, until_end=True)


async def send_probe(
    endpoint: Endpoint, client: aiohttp.ClientSession, timeouts: Timeouts, *, until_end: bool = False
) -> ProbeResult:
    """Send the question as in a battle. Read the answer up to its first token, or to its end if `until_end` is set."""
    sent_at = time.monotonic()
    first_token_at = None
    last_token_at = 0.0
    tokens = None
    try:
        request = build_request(endpoint, (Message("user", PROBE_PROMPT),))
        async with aclosing(BACKENDS[endpoint.kind].stream(request, client, timeouts)) as parts:
            async for part in parts:
                if isinstance(part, Delta | Reasoning):
                    last_token_at = time.monotonic()
                    first_token_at = first_token_at or last_token_at
                elif isinstance(part, Usage):
                    tokens = part.output_tokens
                if not until_end:
                    break
    except BackendError as error:
        logger.info("Endpoint %s failed a probe: %s, %s", endpoint.pk, error.reason, error.detail)
        return ProbeResult(error.reason, retry_after_s=error.retry_after_s)
    if first_token_at is None:
        return ProbeResult(tokens=tokens)
    duration = last_token_at - first_token_at
    tokens_per_s = (tokens - 1) / duration if tokens and tokens > 1 and duration > 0 else None
    return ProbeResult(first_token_s=first_token_at - sent_at, tokens_per_s=tokens_per_s, tokens=tokens)
