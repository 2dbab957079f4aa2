"""Probes: short questions that Arena sends to an endpoint to test whether it answers, and how fast.

The answer and the key are never stored or shown. The provider's error message goes only to the operator's log and to
the endpoint's admin page, without the key.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from uuid import uuid4

import aiohttp
from django.conf import settings

from arena.endpoints import circuit_breaker, key_variables
from arena.endpoints.backends.protocol import BackendError, Delta, Message, Reasoning, Timeouts, Usage
from arena.endpoints.backends.registry import BACKENDS
from arena.endpoints.backends.ssrf_guard import create_session
from arena.endpoints.model_requests import build_request, get_endpoint
from arena.models import Contestant, Endpoint

PROBE_PROMPT = "In two sentences: why is the sky blue?"
PROBE_TIMEOUTS = Timeouts(connect=10, first_token=20, between_tokens=15, total=30)
MAX_CONCURRENT = 10  # probes of `check_endpoints`
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
    detail: the provider's words about the failure
    """

    failure: str = ""
    first_token_s: float | None = None
    tokens_per_s: float | None = None
    tokens: int | None = None
    retry_after_s: float | None = None
    detail: str = ""


def measure_contestant(contestant: Contestant, timeouts: Timeouts = PROBE_TIMEOUTS) -> ProbeResult:
    """Request a whole answer and return its measurements. Blocks for at most 30 seconds with the default timeouts."""
    return asyncio.run(_measure_contestants([contestant], timeouts))[0]


def check_contestants(contestants: Sequence[Contestant]) -> list[str]:
    """Send a probe for each contestant, store the results, and return a line for each one that does not answer.

    Takes at most 30 seconds for every `MAX_CONCURRENT` contestants.
    """
    lines = []
    results = asyncio.run(_measure_contestants(contestants, PROBE_TIMEOUTS))
    for contestant, result in zip(contestants, results, strict=True):
        endpoint = get_endpoint(contestant)
        Endpoint.objects.filter(pk=endpoint.pk).update(**circuit_breaker.build_outcome_fields(result))
        variable = endpoint.api_key_env
        if result.failure == NO_KEY:
            lines.append(f"no key: {contestant.slug}, because the variable {variable} is not set")
        elif result.failure == KEY_NOT_ALLOWED:
            lines.append(f"no key: {contestant.slug}, because ARENA_KEY_NAMES does not allow {variable}")
        elif result.failure:
            words = ", ".join(filter(None, (result.failure, result.detail)))
            lines.append(f"no answer: {contestant.slug}, {words}")
    return lines


async def _measure_contestants(contestants: Sequence[Contestant], timeouts: Timeouts) -> list[ProbeResult]:
    slots = asyncio.Semaphore(MAX_CONCURRENT)

    async def measure(contestant: Contestant) -> ProbeResult:
        endpoint = get_endpoint(contestant)
        if endpoint.api_key_env and not key_variables.is_allowed_key_name(endpoint.api_key_env):
            return ProbeResult(KEY_NOT_ALLOWED)
        if endpoint.api_key_env and not key_variables.read_key(endpoint):
            return ProbeResult(NO_KEY)
        async with slots:
            return await send_probe(contestant, client, timeouts, until_end=True)

    async with create_session(settings.ENVIRONMENT.arena_allow_private_endpoints, timeouts) as client:
        return await asyncio.gather(*map(measure, contestants))


async def send_probe(
    contestant: Contestant, client: aiohttp.ClientSession, timeouts: Timeouts, *, until_end: bool = False
) -> ProbeResult:
    """Send the question as in a battle. Read the answer up to its first token, or to its end if `until_end` is set."""
    endpoint = get_endpoint(contestant)
    sent_at = time.monotonic()
    first_token_at = None
    last_token_at = 0.0
    tokens = None
    try:
        request = build_request(contestant, (Message("user", PROBE_PROMPT),), conversation=uuid4().hex)
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
        return ProbeResult(error.reason, retry_after_s=error.retry_after_s, detail=error.detail)
    if first_token_at is None:
        return ProbeResult(tokens=tokens)
    duration = last_token_at - first_token_at
    tokens_per_s = (tokens - 1) / duration if tokens and tokens > 1 and duration > 0 else None
    return ProbeResult(first_token_s=first_token_at - sent_at, tokens_per_s=tokens_per_s, tokens=tokens)
