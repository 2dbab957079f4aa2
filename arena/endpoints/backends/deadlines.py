"""The time limits and size limits of one answer."""

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING, TypeVar

from arena.endpoints.backends.protocol import Timeouts

if TYPE_CHECKING:
    import aiohttp

MAX_TEXT_BYTES = 256 * 1024  # answer and reasoning together, in UTF-8
MAX_BODY_BYTES = 32 * 1024 * 1024  # a whole stream, including its framing
# A stream is mostly framing: some 450 bytes for each token, which may be a single character. A stream with even more
# bytes for its text keeps the worker busy for nothing.
MAX_BYTES_BEFORE_TEXT = 1024 * 1024
MAX_BYTES_PER_TEXT_BYTE = 600
MAX_DOCUMENT_BYTES = 2 * 1024 * 1024  # an answer or an error that arrives as one JSON document
GRACE_S = 0.5  # time, after the answer ends, for the token counts to arrive and the connection to close

T = TypeVar("T")


class Deadline:
    """The deadline for the next piece of an answer, on the running event loop's clock.

    An answer has two deadlines: one for the whole answer, and one for the current phase (up to the first token, between
    two tokens, or after the end). The earlier one applies.

    A deadline is enforced only while Arena waits for the model, so a slow consumer of the stream does not cause a
    timeout. Each answer has one timer, which checks the deadline when it fires. A new timer for each token would take a
    quarter of the CPU time per token.
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
        self._timer: asyncio.Handle | None = None
        self._timer_due = 0.0  # stored here, because uvloop's handle for a time in the past has no `when`
        self._reading_task: asyncio.Task[object] | None = None
        self._has_expired = False

    async def wait_for(self, awaitable: Awaitable[T]) -> T:
        """Return the result of the awaitable. Raises TimeoutError with a message that names the limit."""
        try:
            async with asyncio.timeout_at(self._next_deadline) as timeout:
                return await awaitable
        except TimeoutError:
            if timeout.expired():
                raise self._timeout_error() from None
            raise

    async def read(self, content: "aiohttp.StreamReader") -> bytes:
        """Return the next bytes, or b"" at the end. Raises TimeoutError like `wait_for`."""
        if self._timer is None or self._next_deadline < self._timer_due:
            self._start_timer()
        task = self._reading_task = asyncio.current_task()
        try:
            return await content.readany()
        except asyncio.CancelledError:
            if self._has_expired and task and not task.uncancel():  # nobody else has canceled the task
                raise self._timeout_error() from None
            raise
        finally:
            self._reading_task = None

    def record_progress(self, *, has_token: bool, is_complete: bool) -> None:
        """Set the deadline for the next piece. If the answer is complete, the deadline is GRACE_S from now."""
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
        self._timer_due = self._next_deadline
        self._timer = self._loop.call_at(self._timer_due, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        if not self._reading_task:
            return
        if self._next_deadline > self._loop.time():
            self._start_timer()
        else:
            self._has_expired = True
            self._reading_task.cancel()

    def _timeout_error(self) -> TimeoutError:
        return TimeoutError(self._phase_message if self._phase_deadline < self._total_deadline else self._total_message)


class TextBudget:
    """The budget for the text of an answer, in UTF-8 bytes. `taken` is what the text has used so far."""

    def __init__(self, size: int = MAX_TEXT_BYTES) -> None:
        self._size = size
        self.taken = 0

    def take(self, text: str) -> str:
        """Return the part of the text that fits, without splitting a character, and deduct it from the budget."""
        remaining = self._size - self.taken
        if len(text) * 4 <= remaining:
            # No character has more than four bytes, so the text fits and does not have to be cut.
            self.taken += len(text) if text.isascii() else len(text.encode())
            return text
        piece = text.encode()[:remaining].decode(errors="ignore")
        self.taken = self._size if len(piece) < len(text) else self.taken + len(piece.encode())
        return piece

    @property
    def is_spent(self) -> bool:
        return self.taken >= self._size
