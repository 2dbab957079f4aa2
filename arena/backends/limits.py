"""The limits of one answer: time per phase, and size."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from arena.backends.protocol import Timeouts

MAX_TEXT_BYTES = 256 * 1024  # answer and reasoning together, as UTF-8
MAX_BODY_BYTES = 64 * 1024 * 1024  # everything that came, framing included
MAX_DOCUMENT_BYTES = 2 * 1024 * 1024  # an answer or an error that came as one JSON document
GRACE_S = 1.0  # after the end of the answer, for the token counts and the end of the connection

T = TypeVar("T")


class Clock:
    """Knows how long the next piece may take, in seconds of the running loop.

    Time is only counted while waiting: a reader that is slow to take the last token does not make the model
    slow.
    """

    def __init__(self, timeouts: Timeouts) -> None:
        self._now = asyncio.get_running_loop().time
        self._between = timeouts.between_tokens
        self._end = self._now() + timeouts.total
        self._deadline = self._now() + timeouts.first_token
        self._phase = f"no first token within {timeouts.first_token:g} s"
        self._total = f"not finished within {timeouts.total:g} s"
        self._complete = False

    async def wait(self, piece: Awaitable[T]) -> T:
        """Raises TimeoutError that says which limit was reached."""
        limit = min(self._deadline, self._end)
        try:
            async with asyncio.timeout_at(limit) as timeout:
                return await piece
        except TimeoutError:
            if not timeout.expired():
                raise
            raise TimeoutError(self._phase if self._deadline < self._end else self._total) from None

    def progress(self, *, token: bool, complete: bool) -> None:
        """Sets the limit for what comes next; once the answer is complete, nothing more is waited for."""
        if self._complete:
            return
        if complete:
            self._complete = True
            self._deadline = self._now() + GRACE_S
        elif token:
            self._deadline = self._now() + self._between
            self._phase = f"no token for {self._between:g} s"


class Budget:
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
