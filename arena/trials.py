"""One question to an endpoint outside any battle: does it answer, and how fast. Nothing of it is kept or shown but
figures and our own words: neither the text, nor what the provider says to an error, nor the key."""

import asyncio
import logging
import time
from contextlib import aclosing
from dataclasses import dataclass

from django.conf import settings

from arena import endpoint_keys
from arena.backends import BACKENDS
from arena.backends.network import session
from arena.backends.protocol import BackendError, Delta, Message, Reasoning, Request, Timeouts, Usage
from arena.jobs import request_to
from arena.models import Endpoint

PROMPT = "In two sentences: why is the sky blue?"
LIMITS = Timeouts(connect=10, first_token=20, between_tokens=15, total=30)
NO_KEY, KEY_NOT_ALLOWED = "no_key", "key_not_allowed"
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Trial:
    """`failure` is empty for an answer, else one of ours, NO_KEY or KEY_NOT_ALLOWED. Seconds to the first token, a
    thought or not, and tokens a second after it, as the provider counts them; None is unknown."""

    failure: str = ""
    first_token_s: float | None = None
    tokens_per_s: float | None = None
    tokens: int | None = None


def ask(endpoint: Endpoint, limits: Timeouts = LIMITS) -> Trial:
    """Send one question through the endpoint's real backend; takes as long as the answer, at most half a minute."""
    if endpoint.api_key_env and not endpoint_keys.is_allowed(endpoint.api_key_env):
        return Trial(KEY_NOT_ALLOWED)
    if endpoint.api_key_env and not endpoint_keys.read(endpoint):
        return Trial(NO_KEY)
    request = request_to(endpoint, (Message("user", PROMPT),))
    try:
        return asyncio.run(_ask(endpoint.kind, request, limits))
    except BackendError as error:
        logger.info("endpoint %s failed a trial: %s, %s", endpoint.pk, error.reason, error.detail)
        return Trial(error.reason)


async def _ask(kind: str, request: Request, limits: Timeouts) -> Trial:
    asked, first, last, tokens = time.monotonic(), None, 0.0, None
    async with (
        session(settings.ENVIRONMENT.arena_allow_private_endpoints, limits) as client,
        aclosing(BACKENDS[kind].stream(request, client, limits)) as parts,
    ):
        async for part in parts:
            if isinstance(part, Delta | Reasoning):
                last = time.monotonic()
                first = first or last
            elif isinstance(part, Usage):
                tokens = part.output_tokens
    wait = first and first - asked
    speaking = last - first if first else 0.0
    speed = (tokens - 1) / speaking if tokens and tokens > 1 and speaking > 0 else None
    return Trial(first_token_s=wait, tokens_per_s=speed, tokens=tokens)
