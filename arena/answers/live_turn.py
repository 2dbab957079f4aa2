"""A turn while it is being answered: text comes in as the models send it, and goes out as the clock allows."""

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
    """One answer in the making. `waiting` text has come in, `released` text may be seen."""

    job: SideJob
    lane: Lane = field(default_factory=Lane)
    waiting: list[str] = field(default_factory=list)
    released: list[str] = field(default_factory=list)
    released_length: int = 0
    kept_length: int = 0
    reasoning: list[str] = field(default_factory=list)
    failure: str = ""
    first_at: float | None = None
    last_at: float = 0.0
    ended_at: float = 0.0
    tokens: Usage | None = None
    stopped: bool = False
    cut: bool = False
    closed: bool = False
    told: bool = False  # its end has been sent to those who read

    @property
    def tag(self) -> str:
        return self.job.tag

    def begin(self) -> None:
        """A model is asked: nothing of one that failed before its first word stays."""
        self.reasoning.clear()
        self.tokens, self.first_at, self.cut = None, None, False

    def feed(self, text: str) -> None:
        self._came()
        self.lane.began = True
        self.waiting.append(text)
        self.lane.waiting += len(text)

    def think(self, text: str) -> None:
        self._came()
        self.reasoning.append(text)

    def _came(self) -> None:
        """Thoughts are tokens too, for the limit of the first one as well as for the speed."""
        self.last_at = time.monotonic()
        if self.first_at is None:
            self.first_at = self.last_at

    def end(self, failure: str = "") -> None:
        self.ended_at = time.monotonic()
        self.failure = failure
        self.lane.ended = True

    def stop(self) -> None:
        """End where the reader is: what has not been released is dropped. Where nothing was seen, the answer failed."""
        self.drop()
        self.stopped = True
        self.end("" if self.released_length else "stopped")

    def drop(self) -> None:
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

    def held(self) -> AnswerLease:
        """For the heartbeat: what has been released since the last one, if anything."""
        if self.released_length == self.kept_length:
            return AnswerLease(self.job.answer_id, self.job.attempt)
        self.kept_length = self.released_length
        return AnswerLease(self.job.answer_id, self.job.attempt, self.text())

    def result(self) -> AnswerResult:
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
    """Both sides of a turn under one clock. `whole` asks for everything released so far to be said again;
    `held_until`, on the clock of this process, is when the leases of its open sides run out; after `paced_until`,
    what both sides have said is not held back any longer, however much it is."""

    def __init__(self, job: TurnJob, held_until: float = math.inf, paced_until: float = math.inf) -> None:
        self.job = job
        self.held_until = held_until
        self.paced_until = paced_until
        self.sides = {side.side: LiveSide(side) for side in job.sides}
        self.clock: ReleaseClock | ImmediateClock = ReleaseClock(lone=job.lone) if job.paced else ImmediateClock()
        self.unsent: list[list[Any]] = []
        self.whole = False
        self.begun = False
        self._absent = Lane(ended=True)

    def lane(self, side: str) -> Lane:
        return self.sides[side].lane if side in self.sides else self._absent

    def may_speak(self, now: float) -> bool:
        """Whether no other worker can have taken over by now: two at once would talk over each other."""
        return now < self.held_until or not any(self.open())

    def tick(self) -> None:
        """Release what is due now into `unsent`."""
        if time.monotonic() > self.paced_until and all(side.lane.ended for side in self.sides.values()):
            self.clock = ImmediateClock()
        steps = self.clock.tick(self.lane("a"), self.lane("b"))
        for (name, side), step in zip((("a", self.sides.get("a")), ("b", self.sides.get("b"))), steps, strict=True):
            if side and step:
                at = side.released_length
                self.unsent.append(["delta", self.job.number, name, side.tag, at, side.release(step)])

    def over(self) -> list[LiveSide]:
        """Sides to be saved now: each by itself where nothing is hidden, else both together."""
        sides = [side for side in self.sides.values() if side.lane.over and not side.closed]
        if self.job.paced and len(sides) < len(self.sides):
            return []
        return sides

    def open(self) -> Iterable[LiveSide]:
        return (side for side in self.sides.values() if not side.closed)

    def held(self) -> tuple[AnswerLease, ...]:
        return tuple(side.held() for side in self.open())

    def fail(self) -> list[LiveSide]:
        """End all that is open as it stands: the turn cannot go on. Gives the sides to be saved."""
        sides = list(self.open())
        for side in sides:
            side.drop()
            side.end(side.failure or "unavailable")
        return sides

    def stop(self) -> None:
        """The voter wants no more. What both sides finished by themselves is shown whole, and counts."""
        open_sides = list(self.open())
        if all(side.lane.ended for side in open_sides):
            self.clock = ImmediateClock()
            return
        for side in open_sides:
            if not side.lane.over:
                side.stop()

    def repeat(self) -> list[list[Any]]:
        """Everything released so far, for readers whose stream was lost."""
        number = self.job.number
        return [["delta", number, name, s.tag, 0, s.text()] for name, s in self.sides.items() if s.released_length]
