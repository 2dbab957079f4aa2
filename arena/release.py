"""The release clock of anonymous battles: the rhythm of a pane must not tell which model writes in it. Pure.

Nothing is released before both sides have begun or one has failed for good. Then both go in step, equally many
characters a tick, until one is at its end; the other keeps the rhythm that both had, at most.
"""

import math
from dataclasses import dataclass, field
from random import SystemRandom

TICK_S = 0.04
SMOOTHING_TICKS = 10
LONE_PACE = 8


@dataclass
class Lane:
    """One side as the clock sees it: characters waiting, and whether more may come."""

    waiting: int = 0
    began: bool = False
    ended: bool = False

    @property
    def over(self) -> bool:
        return self.ended and not self.waiting


@dataclass
class Clock:
    """Says once a tick how many characters each side may release.

    What waits is drained over `SMOOTHING_TICKS`, so that a model's own chunks do not show. When one side is over,
    the other draws its steps from those that both made together: its own speed stays hidden if it is the quicker.
    """

    steps: list[int] = field(default_factory=list)
    random: SystemRandom = field(default_factory=SystemRandom)

    def tick(self, a: Lane, b: Lane) -> tuple[int, int]:
        """Characters to release now for side a and side b."""
        if not self.steps and not all(lane.began or lane.ended for lane in (a, b)):
            return 0, 0
        if a.over or b.over:
            pace = self.random.choice(self.steps) if self.steps else LONE_PACE
            return min(a.waiting, pace), min(b.waiting, pace)
        step = min(self._due(a), self._due(b))
        if step:  # a silence of one side is no pace: drawn from it, the other would never come to its end
            self.steps.append(step)
        return step, step

    def _due(self, lane: Lane) -> int:
        drained = math.ceil(lane.waiting / SMOOTHING_TICKS)
        if not lane.ended:
            return drained
        # Its last characters shall not trickle: the other side has to keep the pace that comes out of this.
        usual = math.ceil(sum(self.steps) / len(self.steps)) if self.steps else lane.waiting
        return min(lane.waiting, max(drained, usual))


class Open:
    """The clock of a battle with nothing to hide: everything at once."""

    def tick(self, a: Lane, b: Lane) -> tuple[int, int]:
        return a.waiting, b.waiting
