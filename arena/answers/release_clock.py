"""The release clock of anonymous battles. It prevents a pane's rhythm from revealing the model.

No text is released until each side has either begun or failed. Then both sides advance by the same number of characters
per tick. When one side ends, the other continues at a pace that simulates the ended side. If only one side is
answering, its text is held until the answer is complete, and is then released at a fixed pace.

This module does no I/O and does not import Django.
"""

import math
from dataclasses import dataclass, field
from random import Random, SystemRandom

TICK_S = 0.04
SMOOTHING_TICKS = 25
SINGLE_SIDE_PACE = 8  # characters per tick
Piece = tuple[int, int]  # (ticks since the previous piece, number of characters)


@dataclass
class Lane:
    """The clock's state for one side: the number of waiting characters, and whether more can arrive.

    When a lane ends before the other one, the clock simulates its continuation. It draws pieces at random from those
    that arrived, with their pauses, and adds their characters to `simulated`. The pace therefore does not change, and
    readers cannot see which side was slower.
    """

    waiting: int = 0
    has_begun: bool = False
    has_ended: bool = False
    simulated: int = 0
    pieces: list[Piece] = field(default_factory=list)
    _last_waiting: int = 0
    _silent_ticks: int = 0
    _next_piece: Piece | None = None

    @property
    def is_over(self) -> bool:
        return self.has_ended and not self.waiting

    def observe(self, random: Random) -> None:
        """Record the characters that arrived since the last tick. After the end of the answer, simulate arrivals."""
        if self.has_begun:
            self._silent_ticks += 1
        if self.waiting > self._last_waiting:
            self.pieces.append((self._silent_ticks, self.waiting - self._last_waiting))
            self._silent_ticks = 0
        elif self.has_ended:
            self._simulate_pieces(random)
        self._last_waiting = self.waiting

    def take(self, step: int) -> int:
        """Return how many waiting characters to release in a step. Simulated characters cover the shortfall."""
        real_characters = min(step, self.waiting)
        self.simulated -= step - real_characters
        self._last_waiting -= real_characters
        return real_characters

    def _simulate_pieces(self, random: Random) -> None:
        if not self.pieces:
            self.simulated = SINGLE_SIDE_PACE * SMOOTHING_TICKS
            return
        if self._next_piece is None:
            self.pieces = _select_pieces(self.pieces)
            self._next_piece = random.choice(self.pieces)
        silence, characters = self._next_piece
        if self._silent_ticks >= silence:
            self.simulated += characters
            self._silent_ticks = 0
            self._next_piece = random.choice(self.pieces)


def _select_pieces(pieces: list[Piece]) -> list[Piece]:
    """Return the pieces to draw from.

    The first of several pieces is excluded, because no pause precedes it. If the others are slower than one character
    per tick, they are replaced by a piece with that pace, so that the other side can finish.
    """
    later_pieces = pieces[1:] or pieces
    ticks = sum(silence for silence, _ in later_pieces)
    characters = sum(length for _, length in later_pieces)
    return later_pieces if characters >= ticks else [(1, 1)]


@dataclass
class ReleaseClock:
    """Decides on each tick how many characters both sides release.

    The clock releases the shorter waiting text over `SMOOTHING_TICKS`, in steps of random size. This hides the sizes of
    the models' pieces, and whether they are real or simulated.

    is_single_sided: whether only one side is answering
    """

    random: Random = field(default_factory=SystemRandom)
    is_single_sided: bool = False

    def tick(self, a: Lane, b: Lane) -> tuple[int, int]:
        """Return the number of characters to release now for side a and side b."""
        if self.is_single_sided and not (a.has_ended and b.has_ended):
            return 0, 0
        for lane in (a, b):
            lane.observe(self.random)
        if not all(lane.has_begun or lane.has_ended for lane in (a, b)):
            return 0, 0
        shorter_length = min(lane.waiting + lane.simulated for lane in (a, b))
        step = math.ceil(self.random.uniform(0, 2) * shorter_length / SMOOTHING_TICKS)
        return a.take(step), b.take(step)


class ImmediateClock:
    """A clock with no pacing. It releases all waiting text immediately."""

    def tick(self, a: Lane, b: Lane) -> tuple[int, int]:
        return a.waiting, b.waiting
