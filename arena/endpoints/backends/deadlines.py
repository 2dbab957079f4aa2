"""The limits of one answer: time for each phase, and size."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import aiohttp

from arena.endpoints.backends.protocol import Timeouts

MAX_TEXT_BYTES = 256 * 1024  # of answer and reasoning together, as UTF-8
MAX_BODY_BYTES = 64 * 1024 * 1024  # of a whole stream, framing included
MAX_DOCUMENT_BYTES = 2 * 1024 * 1024  # of an answer or an error that arrives as one JSON document
BYTES_PER_TOKEN = 4  # of UTF-8: four letters of English, one or two characters of Chinese
GRACE_S = 0.5  # after the end of the answer, for the token counts and the end of the connection

T = TypeVar("T")


class Deadline:
    """The time that the next piece of an answer may take, in seconds of the running loop.

    Time counts only while we wait for the model: a reader that is slow to take the last token does not make the model
    slow. One timer per answer checks the limit when it fires: a new timer for each token would cost a quarter of all
    the work for that token.
    """

    def __init__(self, timeouts: Timeouts) -> None:
        self._loop = asyncio.get_running_loop()
        self._between_tokens_s = timeouts.between_tokens
        self._total_deadline = self._loop.time() + timeouts.total
        self._phase_deadline = self._loop.time() + timeouts.first_token
        self._total_message = f"not finished within {timeouts.total:g} s"
        self._phase_message = f"no first token within {timeouts.first_token:g} s"
        self._no_token_message = f"no token for {timeouts.between_tokens:g} s"
        self._is_complete = False
        self._timer: asyncio.TimerHandle | None = None
        self._awaited_content: aiohttp.StreamReader | None = None

    async def wait_for(self, awaitable: Awaitable[T]) -> T:
        """The result of the awaitable. Raises TimeoutError with the limit that was reached, like `read`."""
        try:
            async with asyncio.timeout_at(self._next_deadline) as timeout:
                return await awaitable
        except TimeoutError:
            if timeout.expired():
                raise self._timeout_error() from None
            raise

    async def read(self, content: aiohttp.StreamReader) -> bytes:
        """The next bytes; empty at the end."""
        if self._timer is None or self._next_deadline < self._timer.when():
            self._start_timer()
        self._awaited_content = content
        try:
            return await content.readany()
        finally:
            self._awaited_content = None

    def record_progress(self, *, has_token: bool, is_complete: bool) -> None:
        """Set the limit for the next piece; after the end of the answer, only GRACE_S remain."""
        if self._is_complete:
            return
        if is_complete:
            self._is_complete = True
            self._phase_deadline = self._loop.time() + GRACE_S
        elif has_token:
            self._phase_deadline = self._loop.time() + self._between_tokens_s
            self._phase_message = self._no_token_message

    def cancel(self) -> None:
        if self._timer:
            self._timer.cancel()

    @property
    def _next_deadline(self) -> float:
        return min(self._phase_deadline, self._total_deadline)

    def _start_timer(self) -> None:
        self.cancel()
        self._timer = self._loop.call_at(self._next_deadline, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        if not self._awaited_content:
            return
        if self._next_deadline > self._loop.time():
            self._start_timer()
        else:
            self._awaited_content.set_exception(self._timeout_error())

    def _timeout_error(self) -> TimeoutError:
        return TimeoutError(self._phase_message if self._phase_deadline < self._total_deadline else self._total_message)


class TextBudget:
    """The amount of text that may still arrive, in bytes of UTF-8."""

    def __init__(self, size: int = MAX_TEXT_BYTES) -> None:
        self._remaining = size

    def take(self, text: str) -> str:
        """The part of the text that fits, cut between characters."""
        if len(text) * 4 <= self._remaining:
            # No character takes more than four bytes, so the text fits and need not be encoded to cut it.
            self._remaining -= len(text) if text.isascii() else len(text.encode())
            return text
        piece = text.encode()[: self._remaining].decode(errors="ignore")
        self._remaining = 0 if len(piece) < len(text) else self._remaining - len(piece.encode())
        return piece

    @property
    def is_spent(self) -> bool:
        return self._remaining <= 0
