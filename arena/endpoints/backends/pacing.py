"""Contestants without a network speak at a human pace, word by word."""

import asyncio
import re
from collections.abc import AsyncGenerator, Iterator
from itertools import islice

from arena.endpoints.backends.protocol import Action, BackendError, Delta, Request, StreamPart, Timeouts, Usage

DEFAULT_FIRST_TOKEN_S = 0.3
DEFAULT_TOKENS_PER_S = 25.0
WORD = re.compile(r"\S+\s*")


async def stream_words(text: str, request: Request, timeouts: Timeouts) -> AsyncGenerator[StreamPart]:
    """The text, a word a token, up to `max_tokens` words.

    The parameters `first_token_s` (seconds) and `tokens_per_second` set the pace. Raises BackendError when
    they are no numbers, when there is nothing to say, and when the total time runs out.
    """
    delay, rate = parse_pace(request)
    now = asyncio.get_running_loop().time
    start = now() + delay
    end = now() + timeouts.total
    spoken = 0
    for word in islice(split_words(text), request.max_tokens):
        due = start + spoken / rate
        if due > end:
            action = Action.GIVE_UP if spoken else Action.REPLACE
            raise BackendError(action, "timeout", f"not finished within {timeouts.total:g} s")
        if (wait := due - now()) > 0:
            await asyncio.sleep(wait)
        yield Delta(word)
        spoken += 1
    if not spoken:
        raise BackendError(Action.REPLACE, "empty", "nothing to say")
    yield Usage(sum(len(message.content.split()) for message in request.messages), spoken)


def parse_pace(request: Request) -> tuple[float, float]:
    """Seconds before the first word, and words per second."""
    try:
        delay = float(request.parameters.get("first_token_s", DEFAULT_FIRST_TOKEN_S))
        rate = float(request.parameters.get("tokens_per_second", DEFAULT_TOKENS_PER_S))
    except (TypeError, ValueError):
        delay, rate = -1, -1
    if not (delay >= 0 and rate > 0):
        raise BackendError(Action.REPLACE, "unavailable", "first_token_s or tokens_per_second is no number")
    return delay, rate


def split_words(text: str) -> Iterator[str]:
    """The text cut after the blank space that follows each word; joined again it is the same text, but for
    blank space at its ends."""
    return (match.group() for match in WORD.finditer(text.strip()))
