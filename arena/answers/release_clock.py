"""The release clock of anonymous battles: the rhythm of a pane must not tell which model writes in it. Pure.

Nothing is released before both sides have begun or one has failed for good. Then both go in step, equally many
characters a tick, until one is at its end; the other goes on as if that one had never ended. A side that is asked again
by itself has no other to hide behind: it is held until it has ended, and then goes at a pace of the clock's own.
"""

import math
from dataclasses import dataclass, field
from random import Random, SystemRandom

TICK_S = 0.04
SMOOTHING_TICKS = 25
SINGLE_SIDE_PACE = 8


@dataclass
class Lane:
    """One side as the clock sees it: characters waiting, and whether more may come.

    An ended lane goes on in the clock's mind: pieces drawn from those that came, each after its own silence, are
    added to `unreal`. So the pace that it set stays until the other is at its end too, and neither the pause
    before its own end nor the rhythm after it tells whether it was the slower one.
    """

    waiting: int = 0
    began: bool = False
    ended: bool = False
    unreal: int = 0
    pieces: list[tuple[int, int]] = field(default_factory=list)  # ticks since the piece before, characters
    _left: int = 0
    _silent: int = 0
    _next: tuple[int, int] | None = None

    @property
    def over(self) -> bool:
        return self.ended and not self.waiting

    def look(self, random: Random) -> None:
        """Notice what came since the last tick."""
        self._silent += self.began
        if self.waiting > self._left:
            self.pieces.append((self._silent, self.waiting - self._left))
            self._silent = 0
        elif self.ended:
            self._imagine(random)
        self._left = self.waiting

    def take(self, step: int) -> int:
        """What can be released of a step."""
        real = min(step, self.waiting)
        self.unreal -= step - real
        self._left -= real
        return real

    def _imagine(self, random: Random) -> None:
        if not self.pieces:
            self.unreal = SINGLE_SIDE_PACE * SMOOTHING_TICKS
            return
        if self._next is None:
            self.pieces = _select_pieces(self.pieces)
            self._next = random.choice(self.pieces)
        silence, size = self._next
        if self._silent >= silence:
            self.unreal += size
            self._silent, self._next = 0, random.choice(self.pieces)


def _select_pieces(pieces: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The pieces to go on with: the first one followed no other, and the other side must come to its end."""
    pieces = pieces[1:] or pieces
    ticks, characters = map(sum, zip(*pieces, strict=True))
    return pieces if characters >= ticks else [(1, 1)]


@dataclass
class ReleaseClock:
    """Says once a tick how many characters each side may release.

    What waits on the side that has less is drained over `SMOOTHING_TICKS` in steps of random size, so that neither
    a model's own pieces nor the difference between real and imagined ones show. `lone` if only one side is answered.
    """

    random: Random = field(default_factory=SystemRandom)
    lone: bool = False

    def tick(self, a: Lane, b: Lane) -> tuple[int, int]:
        """Characters to release now for side a and side b."""
        if self.lone and not (a.ended and b.ended):
            return 0, 0
        for lane in (a, b):
            lane.look(self.random)
        if not all(lane.began or lane.ended for lane in (a, b)):
            return 0, 0
        shared = min(lane.waiting + lane.unreal for lane in (a, b))
        step = math.ceil(self.random.uniform(0, 2) * shared / SMOOTHING_TICKS)
        return a.take(step), b.take(step)


class ImmediateClock:
    """The clock of a battle with nothing to hide: everything at once."""

    def tick(self, a: Lane, b: Lane) -> tuple[int, int]:
        return a.waiting, b.waiting
