"""A turn in progress. It buffers text from the models and releases it at the release clock's pace."""

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from arena.answers.jobs import SideJob, TurnJob
from arena.answers.leases import AnswerLease, AnswerResult
from arena.answers.release_clock import ImmediateClock, Lane, ReleaseClock
from arena.endpoints.backends.protocol import Usage
from arena.endpoints.call_stats import CallRecord
from arena.models import SIDES

JOINT_SAVE_S = 0.1


@dataclass(frozen=True)
class Retry:
    """A single answer's return to the queue: after how many seconds, and whether the failed call counts as a try."""

    after_s: float
    is_try: bool


@dataclass
class LiveSide:
    """An answer in progress. Readers can see the text in `released`, but not yet the text in `waiting`.

    `first_at`, `last_at`, and `ended_at` are seconds on the monotonic clock: when the first and the latest part of the
    answer or its reasoning arrived, and when the answer ended.
    """

    job: SideJob
    holder: UUID | None = None  # of the slot that was taken for the first call, until that begins
    lane: Lane = field(default_factory=Lane)
    waiting: list[str] = field(default_factory=list)
    released: list[str] = field(default_factory=list)
    released_length: int = 0
    stored_length: int = 0
    reasoning: list[str] = field(default_factory=list)
    failure: str = ""
    retry: Retry | None = None  # after a failure of a single answer
    first_at: float | None = None
    last_at: float = 0.0
    ended_at: float = 0.0
    tokens: Usage | None = None
    call: CallRecord | None = None  # the successful call, until it is recorded
    stopped: bool = False
    cut: bool = False
    closed: bool = False  # whether the answer has ended and is being saved
    end_sent: bool = False  # whether the `done` or `failed` event has been published

    @property
    def tag(self) -> str:
        return self.job.tag

    def begin(self) -> None:
        """Reset the side before a call. An earlier call might have sent reasoning before it failed."""
        self.reasoning.clear()
        self.tokens = None
        self.first_at = None
        self.cut = False

    def feed(self, text: str) -> None:
        self._record_arrival()
        self.lane.has_begun = True
        self.waiting.append(text)
        self.lane.waiting += len(text)

    def feed_reasoning(self, text: str) -> None:
        self._record_arrival()
        self.reasoning.append(text)

    def _record_arrival(self) -> None:
        self.last_at = time.monotonic()
        if self.first_at is None:
            self.first_at = self.last_at

    def end(self, failure: str = "") -> None:
        self.ended_at = time.monotonic()
        self.failure = failure
        self.lane.has_ended = True

    def stop(self) -> None:
        """End the answer at its visible text. If no text is visible, the answer fails."""
        self.drop_waiting()
        self.stopped = True
        self.end("" if self.released_length else "stopped")

    def drop_waiting(self) -> None:
        self.waiting.clear()
        self.lane.waiting = 0

    def release(self, characters: int) -> str:
        """Release this number of waiting characters, and return them."""
        text = "".join(self.waiting)
        self.waiting = [text[characters:]] if characters < len(text) else []
        self.lane.waiting -= characters
        self.released.append(text[:characters])
        self.released_length += characters
        return text[:characters]

    def text(self) -> str:
        """Return the released text."""
        self.released = ["".join(self.released)]
        return self.released[0]

    def build_lease(self) -> AnswerLease:
        """Return the lease to extend, with the released text if it is longer than the stored text."""
        text = None if self.released_length == self.stored_length else self.text()
        return AnswerLease(self.job.answer_id, self.job.attempt, text)

    def build_result(self) -> AnswerResult:
        now = time.monotonic()
        return AnswerResult(
            answer_id=self.job.answer_id,
            attempt=self.job.attempt,
            text=self.text(),
            reasoning="".join(self.reasoning),
            failure=self.failure,
            first_token_age=None if self.first_at is None else now - self.first_at,
            finished_age=now - self.ended_at,
            input_tokens=self.tokens.input_tokens if self.tokens else None,
            output_tokens=self.tokens.output_tokens if self.tokens else None,
            stopped=self.stopped,
            cut=self.cut,
            queue_again_s=self.retry.after_s if self.retry else None,
            is_try=self.retry is None or self.retry.is_try,
        )


class LiveTurn:
    """The sides of a turn that this worker answers, and the clock that releases their text.

    lease_deadline: when the leases on the open sides expire, in seconds on the monotonic clock
    pacing_deadline: when pacing stops, in seconds on the monotonic clock; after it, all waiting text is released as
        soon as both sides have ended
    resend_all: whether all released text must be published again
    """

    def __init__(self, job: TurnJob, lease_deadline: float = math.inf, pacing_deadline: float = math.inf) -> None:
        self.job = job
        self.lease_deadline = lease_deadline
        self.pacing_deadline = pacing_deadline
        self.sides = {side.side: LiveSide(side, side.holder) for side in job.sides}
        self.clock: ReleaseClock | ImmediateClock = (
            ReleaseClock(is_single_sided=len(job.sides) == 1) if job.paced else ImmediateClock()
        )
        self.unsent: list[list[Any]] = []
        self.resend_all = False

    def may_publish(self, now: float) -> bool:
        """Return whether no other worker can have claimed the turn. Two workers must not publish at the same time."""
        return now < self.lease_deadline or not self.list_open_sides()

    def tick(self) -> None:
        """Release the text that is due now, and add its events to `unsent`."""
        if time.monotonic() > self.pacing_deadline and all(side.lane.has_ended for side in self.sides.values()):
            self.clock = ImmediateClock()
        # To the clock, a side that this worker does not answer has ended.
        lane_a, lane_b = (self.sides[name].lane if name in self.sides else Lane(has_ended=True) for name in SIDES)
        steps = self.clock.tick(lane_a, lane_b)
        for name, step in zip(SIDES, steps, strict=True):
            if step:  # the step is 0 for a side that this worker does not answer
                side = self.sides[name]
                offset, text = side.released_length, side.release(step)
                if not self.job.is_single:
                    self.unsent.append(["delta", self.job.number, name, side.tag, offset, text])

    def list_ended_sides(self) -> list[LiveSide]:
        """Return the sides to save now.

        Paced turns save both sides together. Other turns do so if the second side ends within `JOINT_SAVE_S` seconds of
        the first, which saves a transaction.
        """
        open_sides = self.list_open_sides()
        sides = [side for side in open_sides if side.lane.is_over]
        if sides and len(sides) < len(open_sides):
            first_end = min(side.ended_at for side in sides)
            if self.job.paced or time.monotonic() - first_end < JOINT_SAVE_S:
                return []
        return sides

    def has_ended_side(self) -> bool:
        """Return whether an answer has ended but is not being saved yet."""
        return any(side.lane.has_ended for side in self.list_open_sides())

    def list_open_sides(self) -> list[LiveSide]:
        return [side for side in self.sides.values() if not side.closed]

    def build_leases(self) -> tuple[AnswerLease, ...]:
        return tuple(side.build_lease() for side in self.list_open_sides())

    def record_stored_text(self, leases: Iterable[AnswerLease]) -> None:
        """Record that the text in these leases has been stored."""
        lengths = {lease.answer_id: len(lease.text) for lease in leases if lease.text is not None}
        for side in self.sides.values():
            side.stored_length = lengths.get(side.job.answer_id, side.stored_length)

    def fail(self) -> list[LiveSide]:
        """End the unfinished sides of a broken turn at their visible text. Return all sides to save."""
        sides = self.list_open_sides()
        for side in sides:
            has_finished = side.lane.is_over and side.released_length > 0
            if not has_finished:
                side.drop_waiting()
                side.end(side.failure or "unavailable")
        return sides

    def stop(self) -> None:
        """Stop each side at its visible text, at the voter's request.

        Whether the models have finished makes no difference. Otherwise, an early stop would identify fast models.
        """
        for side in self.list_open_sides():
            if not side.lane.is_over:
                side.stop()

    def build_full_events(self) -> list[list[Any]]:
        """Return one delta per side with all released text, for readers whose stream was lost."""
        return [
            ["delta", self.job.number, name, side.tag, 0, side.text()]
            for name, side in self.sides.items()
            if side.released_length
        ]
