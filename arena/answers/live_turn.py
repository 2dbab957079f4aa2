"""A turn while it is being answered: it buffers the text of the models and releases it at the pace of the clock."""

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from arena.answers.jobs import SideJob, TurnJob
from arena.answers.leases import AnswerLease, AnswerResult
from arena.answers.release_clock import ImmediateClock, Lane, ReleaseClock
from arena.endpoints.backends.protocol import Usage


@dataclass
class LiveSide:
    """An answer in progress: `waiting` text has arrived, `released` text is visible to readers."""

    job: SideJob
    lane: Lane = field(default_factory=Lane)
    waiting: list[str] = field(default_factory=list)
    released: list[str] = field(default_factory=list)
    released_length: int = 0
    stored_length: int = 0
    reasoning: list[str] = field(default_factory=list)
    failure: str = ""
    first_at: float | None = None
    last_at: float = 0.0
    ended_at: float = 0.0
    tokens: Usage | None = None
    stopped: bool = False
    cut: bool = False
    closed: bool = False
    end_sent: bool = False  # readers have received its end

    @property
    def tag(self) -> str:
        return self.job.tag

    def begin(self) -> None:
        """Prepare for a request: forget everything from a model that failed before its first word."""
        self.reasoning.clear()
        self.tokens = None
        self.first_at = None
        self.cut = False

    def feed(self, text: str) -> None:
        self._note_arrival()
        self.lane.began = True
        self.waiting.append(text)
        self.lane.waiting += len(text)

    def think(self, text: str) -> None:
        self._note_arrival()
        self.reasoning.append(text)

    def _note_arrival(self) -> None:
        """Note the time of a part. Reasoning counts for the first-token limit and for the speed as well."""
        self.last_at = time.monotonic()
        if self.first_at is None:
            self.first_at = self.last_at

    def end(self, failure: str = "") -> None:
        self.ended_at = time.monotonic()
        self.failure = failure
        self.lane.ended = True

    def stop(self) -> None:
        """End at the text that is visible and drop the rest. If no text is visible, the answer has failed."""
        self.drop_waiting()
        self.stopped = True
        self.end("" if self.released_length else "stopped")

    def drop_waiting(self) -> None:
        self.waiting.clear()
        self.lane.waiting = 0

    def release(self, characters: int) -> str:
        text = "".join(self.waiting)
        self.waiting = [text[characters:]] if characters < len(text) else []
        self.lane.waiting -= characters
        self.released.append(text[:characters])
        self.released_length += characters
        return text[:characters]

    def text(self) -> str:
        self.released = ["".join(self.released)]
        return self.released[0]

    def build_lease(self) -> AnswerLease:
        """The lease for the next heartbeat, with the released text if it has grown since the last one."""
        if self.released_length == self.stored_length:
            return AnswerLease(self.job.answer_id, self.job.attempt)
        self.stored_length = self.released_length
        return AnswerLease(self.job.answer_id, self.job.attempt, self.text())

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
        )


class LiveTurn:
    """Both sides of a turn under one clock.

    lease_deadline: when the leases of its open sides run out, on the clock of this process
    pacing_deadline: when text that waits on both ended sides is released at once, however much it is
    resend_all: whether everything released so far must be sent again
    has_stream: whether its battle has an event stream in Redis
    """

    def __init__(self, job: TurnJob, lease_deadline: float = math.inf, pacing_deadline: float = math.inf) -> None:
        self.job = job
        self.lease_deadline = lease_deadline
        self.pacing_deadline = pacing_deadline
        self.sides = {side.side: LiveSide(side) for side in job.sides}
        self.clock: ReleaseClock | ImmediateClock = ReleaseClock(lone=job.lone) if job.paced else ImmediateClock()
        self.unsent: list[list[Any]] = []
        self.resend_all = False
        self.has_stream = False
        self._absent = Lane(ended=True)

    def lane(self, side: str) -> Lane:
        return self.sides[side].lane if side in self.sides else self._absent

    def may_publish(self, now: float) -> bool:
        """Whether no other worker can have claimed the turn yet: two at once would mix their texts."""
        return now < self.lease_deadline or not any(self.iter_open_sides())

    def tick(self) -> None:
        """Move the text that is due now into `unsent`."""
        if time.monotonic() > self.pacing_deadline and all(side.lane.ended for side in self.sides.values()):
            self.clock = ImmediateClock()
        steps = self.clock.tick(self.lane("a"), self.lane("b"))
        for (name, side), step in zip((("a", self.sides.get("a")), ("b", self.sides.get("b"))), steps, strict=True):
            if side and step:
                offset = side.released_length
                self.unsent.append(["delta", self.job.number, name, side.tag, offset, side.release(step)])

    def list_ended_sides(self) -> list[LiveSide]:
        """The sides to save now. A paced turn saves both together; otherwise each is saved as it ends."""
        sides = [side for side in self.sides.values() if side.lane.is_over and not side.closed]
        if self.job.paced and len(sides) < len(self.sides):
            return []
        return sides

    def iter_open_sides(self) -> Iterable[LiveSide]:
        return (side for side in self.sides.values() if not side.closed)

    def build_leases(self) -> tuple[AnswerLease, ...]:
        return tuple(side.build_lease() for side in self.iter_open_sides())

    def fail(self) -> list[LiveSide]:
        """End all open sides at their visible text, because the turn is broken. Returns the sides to save."""
        sides = list(self.iter_open_sides())
        for side in sides:
            side.drop_waiting()
            side.end(side.failure or "unavailable")
        return sides

    def stop(self) -> None:
        """Stop the turn for its voter. If both models have finished already, both answers are released and count."""
        open_sides = list(self.iter_open_sides())
        if all(side.lane.ended for side in open_sides):
            self.clock = ImmediateClock()
            return
        for side in open_sides:
            if not side.lane.is_over:
                side.stop()

    def build_full_events(self) -> list[list[Any]]:
        """One delta per side with everything released so far, for readers whose stream was lost."""
        return [
            ["delta", self.job.number, name, side.tag, 0, side.text()]
            for name, side in self.sides.items()
            if side.released_length
        ]
