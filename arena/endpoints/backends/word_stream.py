"""Backends that need no server: they compute an answer, and stream it word by word."""

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence

import aiohttp

from arena.endpoints.backends.deadlines import TextBudget
from arena.endpoints.backends.protocol import (
    Action,
    BackendError,
    Delta,
    Message,
    Pause,
    Request,
    StreamPart,
    Timeouts,
    Truncation,
    Usage,
    do_not_pause,
)

DEFAULT_FIRST_TOKEN_S = 0.3
DEFAULT_TOKENS_PER_S = 25.0
WORD = re.compile(r"\S+\s*")


class LocalBackend:
    """Base class of the backends that need no server. Subclasses implement `build_answer`."""

    required_fields: tuple[str, ...] = ()

    def build_answer(self, messages: Sequence[Message]) -> str:
        """Return the answer to the last message in a conversation."""
        raise NotImplementedError

    def stream(
        self, request: Request, session: aiohttp.ClientSession, timeouts: Timeouts, pause: Pause = do_not_pause
    ) -> AsyncGenerator[StreamPart]:
        """See Backend.stream."""
        return stream_words(self.build_answer(request.messages), request, timeouts)


class EchoBackend(LocalBackend):
    """The backend for endpoints of kind `echo`. It repeats the last message."""

    def build_answer(self, messages: Sequence[Message]) -> str:
        return messages[-1].content if messages else ""


async def stream_words(text: str, request: Request, timeouts: Timeouts) -> AsyncGenerator[StreamPart]:
    """Yield the words of the text, up to the request's `max_bytes`. Each word counts as one token.

    The request's parameters `first_token_s` and `tokens_per_second` set the pace. Raises BackendError if they are
    invalid, if the text is blank, or if the total time limit is reached.
    """
    try:
        first_token_s = float(request.parameters.get("first_token_s", DEFAULT_FIRST_TOKEN_S))
        tokens_per_s = float(request.parameters.get("tokens_per_second", DEFAULT_TOKENS_PER_S))
        if not (first_token_s >= 0 and tokens_per_s > 0):
            raise ValueError
    except (TypeError, ValueError):
        detail = "first_token_s or tokens_per_second is not a valid number"
        raise BackendError(Action.REPLACE, "unavailable", detail) from None
    now = asyncio.get_running_loop().time
    start = now() + first_token_s
    deadline = now() + timeouts.total
    budget = TextBudget(request.max_bytes)
    sent_words = 0
    for word in WORD.findall(text.strip()):  # each with the whitespace after it
        due = start + sent_words / tokens_per_s
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
