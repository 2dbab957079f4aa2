"""The release clock of anonymous battles: the rhythm of a pane must not reveal its model. Pure.

Nothing is released before both sides have begun or one has failed for good. Then both advance in step, by the same
number of characters per tick, until one reaches its end; the other continues as if that one had never ended. A side
that is answered alone has no other side to hide behind: it is held back until it has ended, and then released at a
pace of the clock's own.
"""

import math
from dataclasses import dataclass, field
from random import Random, SystemRandom

TICK_S = 0.04
SMOOTHING_TICKS = 25
SINGLE_SIDE_PACE = 8  # characters per tick
Piece = tuple[int, int]  # ticks since the piece before, characters


@dataclass
class Lane:
    """One side as the clock sees it: the number of characters that wait, and whether more may come.

    After its end, a lane continues in the clock's model: pieces drawn at random from the real ones, each after its own
    silence, are added to `imagined`. The pace that it set therefore lasts until the other side ends too. Neither the
    pause before its own end nor the rhythm after it reveals whether it was the slower one.
    """

    waiting: int = 0
    began: bool = False
    ended: bool = False
    imagined: int = 0
    pieces: list[Piece] = field(default_factory=list)
    _last_waiting: int = 0
    _silent_ticks: int = 0
    _next_piece: Piece | None = None

    @property
    def is_over(self) -> bool:
        return self.ended and not self.waiting

    def observe(self, random: Random) -> None:
        """Note the characters that arrived since the last tick."""
        self._silent_ticks += self.began
        if self.waiting > self._last_waiting:
            self.pieces.append((self._silent_ticks, self.waiting - self._last_waiting))
            self._silent_ticks = 0
        elif self.ended:
            self._imagine_pieces(random)
        self._last_waiting = self.waiting

    def take(self, step: int) -> int:
        """The number of characters to release for a step; the rest of the step comes from `imagined`."""
        real = min(step, self.waiting)
        self.imagined -= step - real
        self._last_waiting -= real
        return real

    def _imagine_pieces(self, random: Random) -> None:
        if not self.pieces:
            self.imagined = SINGLE_SIDE_PACE * SMOOTHING_TICKS
            return
        if self._next_piece is None:
            self.pieces = _select_pieces(self.pieces)
            self._next_piece = random.choice(self.pieces)
        silence, characters = self._next_piece
        if self._silent_ticks >= silence:
            self.imagined += characters
            self._silent_ticks = 0
            self._next_piece = random.choice(self.pieces)


def _select_pieces(pieces: list[Piece]) -> list[Piece]:
    """The pieces to draw from, without the first, which followed no other; fast enough for the other side to end."""
    pieces = pieces[1:] or pieces
    ticks, characters = map(sum, zip(*pieces, strict=True))
    return pieces if characters >= ticks else [(1, 1)]


@dataclass
class ReleaseClock:
    """Decides once per tick how many characters each side may release.

    The text that waits on the side with less is released over `SMOOTHING_TICKS`, in steps of random size. This hides
    both the pieces of the models and the difference between real and imagined ones. `lone` if only one side is
    answered.
    """

    random: Random = field(default_factory=SystemRandom)
    lone: bool = False

    def tick(self, a: Lane, b: Lane) -> tuple[int, int]:
        """The number of characters to release now for side a and side b."""
        if self.lone and not (a.ended and b.ended):
            return 0, 0
        for lane in (a, b):
            lane.observe(self.random)
        if not all(lane.began or lane.ended for lane in (a, b)):
            return 0, 0
        shared = min(lane.waiting + lane.imagined for lane in (a, b))
        step = math.ceil(self.random.uniform(0, 2) * shared / SMOOTHING_TICKS)
        return a.take(step), b.take(step)


class ImmediateClock:
    """The clock of a battle with nothing to hide: it releases everything at once."""

    def tick(self, a: Lane, b: Lane) -> tuple[int, int]:
        return a.waiting, b.waiting
