"""Streams answers word by word, for backends that need no server."""

import asyncio
import re
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass

from arena.endpoints.backends.deadlines import TextBudget
from arena.endpoints.backends.protocol import (
    Action,
    BackendError,
    Delta,
    Request,
    StreamPart,
    Timeouts,
    Truncation,
    Usage,
)

DEFAULT_FIRST_TOKEN_S = 0.3
DEFAULT_TOKENS_PER_S = 25.0
WORD = re.compile(r"\S+\s*")


@dataclass(frozen=True, slots=True)
class Pace:
    """The seconds before the first word, and the number of words per second."""

    first_token_s: float
    tokens_per_s: float


async def stream_words(text: str, request: Request, timeouts: Timeouts) -> AsyncGenerator[StreamPart]:
    """Yield the words of the text, up to the request's `max_bytes`. Each word counts as one token.

    The request's parameters `first_token_s` and `tokens_per_second` set the pace. Raises BackendError if they are
    invalid, if the text is blank, or if the total time limit is reached.
    """
    pace = parse_pace(request)
    now = asyncio.get_running_loop().time
    start = now() + pace.first_token_s
    deadline = now() + timeouts.total
    budget = TextBudget(request.max_bytes)
    sent_words = 0
    for word in split_words(text):
        due = start + sent_words / pace.tokens_per_s
        if due > deadline:
            action = Action.GIVE_UP if sent_words else Action.REPLACE
            raise BackendError(action, "timeout", f"not finished within {timeouts.total:g} s")
        if (wait := due - now()) > 0:
            await asyncio.sleep(wait)
        yield Delta(budget.take(word))
        sent_words += 1
        if budget.is_spent:
            yield Truncation()
            break
    if not sent_words:
        raise BackendError(Action.REPLACE, "empty", "the text is blank")
    yield Usage(sum(len(message.content.split()) for message in request.messages), sent_words)


def parse_pace(request: Request) -> Pace:
    """Return the pace from the request's parameters. Raises BackendError if they are not valid numbers."""
    try:
        first_token_s = float(request.parameters.get("first_token_s", DEFAULT_FIRST_TOKEN_S))
        tokens_per_s = float(request.parameters.get("tokens_per_second", DEFAULT_TOKENS_PER_S))
        if not (first_token_s >= 0 and tokens_per_s > 0):
            raise ValueError
    except (TypeError, ValueError):
        detail = "first_token_s or tokens_per_second is not a valid number"
        raise BackendError(Action.REPLACE, "unavailable", detail) from None
    return Pace(first_token_s, tokens_per_s)


def split_words(text: str) -> Iterator[str]:
    """Return the words of the text, each with the whitespace after it. Joined, they form the stripped text."""
    return (match.group() for match in WORD.finditer(text.strip()))
