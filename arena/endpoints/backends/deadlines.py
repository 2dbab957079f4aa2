"""The limits of one answer: time per phase, and size."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import aiohttp

from arena.endpoints.backends.protocol import Timeouts

MAX_TEXT_BYTES = 256 * 1024  # answer and reasoning together, as UTF-8
MAX_BODY_BYTES = 64 * 1024 * 1024  # everything that came, framing included
MAX_DOCUMENT_BYTES = 2 * 1024 * 1024  # an answer or an error that came as one JSON document
BYTES_PER_TOKEN = 4  # of UTF-8: four letters of English, one or two characters of Chinese
GRACE_S = 0.5  # after the end of the answer, for the token counts and the end of the connection

T = TypeVar("T")


class Deadline:
    """Knows how long the next piece may take, in seconds of the running loop.

    Time is only counted while waiting: a reader that is slow to take the last token does not make the model
    slow. One timer per answer, which looks at the limit when it fires: a new one for each token would cost a
    quarter of all the work for that token.
    """

    def __init__(self, timeouts: Timeouts) -> None:
        self._loop = asyncio.get_running_loop()
        self._between = timeouts.between_tokens
        self._end = self._loop.time() + timeouts.total
        self._deadline = self._loop.time() + timeouts.first_token
        self._phase = f"no first token within {timeouts.first_token:g} s"
        self._total = f"not finished within {timeouts.total:g} s"
        self._complete = False
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: aiohttp.StreamReader | None = None

    async def ask(self, answer: Awaitable[T]) -> T:
        """Raises TimeoutError that says which limit was reached; so does `read`."""
        try:
            async with asyncio.timeout_at(self._limit) as timeout:
                return await answer
        except TimeoutError:
            if timeout.expired():
                raise self._expired() from None
            raise

    async def read(self, content: aiohttp.StreamReader) -> bytes:
        """The next bytes; none at the end."""
        if self._timer is None or self._limit < self._timer.when():
            self._arm()
        self._waiting = content
        try:
            return await content.readany()
        finally:
            self._waiting = None

    def stop(self) -> None:
        if self._timer:
            self._timer.cancel()

    @property
    def _limit(self) -> float:
        return min(self._deadline, self._end)

    def _arm(self) -> None:
        self.stop()
        self._timer = self._loop.call_at(self._limit, self._look)

    def _look(self) -> None:
        self._timer = None
        if not self._waiting:
            return
        if self._limit > self._loop.time():
            self._arm()
        else:
            self._waiting.set_exception(self._expired())

    def _expired(self) -> TimeoutError:
        return TimeoutError(self._phase if self._deadline < self._end else self._total)

    def progress(self, *, token: bool, complete: bool) -> None:
        """Sets the limit for what comes next; once the answer is complete, nothing more is waited for."""
        if self._complete:
            return
        if complete:
            self._complete = True
            self._deadline = self._loop.time() + GRACE_S
        elif token:
            self._deadline = self._loop.time() + self._between
            self._phase = f"no token for {self._between:g} s"


class TextBudget:
    """How much text may still come."""

    def __init__(self, size: int = MAX_TEXT_BYTES) -> None:
        self._left = size

    def take(self, text: str) -> str:
        """As much of the text as fits, cut between characters."""
        if len(text) * 4 <= self._left:
            # no need to encode: no character takes more than four bytes
            self._left -= len(text) if text.isascii() else len(text.encode())
            return text
        piece = text.encode()[: self._left].decode(errors="ignore")
        self._left = 0 if len(piece) < len(text) else self._left - len(piece.encode())
        return piece

    @property
    def spent(self) -> bool:
        return self._left <= 0
