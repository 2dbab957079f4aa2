"""The models that proven attacks aim at, and the votes that serve these aims."""

from dataclasses import dataclass

import numpy as np

from ratings.statistics.vote_arrays import Flags, Floats, Indices


@dataclass(frozen=True, eq=False)
class Aims:
    """The models that proven attacks aim at, as masks (M,).

    lifted, lowered: the models whose ratings the attacks raise or lower.
    frequent: the models that appear too often for an unknown reason.
    """

    lifted: Flags
    lowered: Flags
    frequent: Flags

    @property
    def directions(self) -> Floats:
        """1 for models that are lifted, -1 for those that are lowered, and 0 for all others (M,)."""
        return self.lifted.astype(np.float64) - self.lowered

    @property
    def models(self) -> Flags:
        """The models with any aim (M,)."""
        return self.lifted | self.lowered | self.frequent

    def find_gains(self, a: Indices, b: Indices, won: Floats) -> tuple[Flags, Floats]:
        """Return whether each vote has a model with an aim (N,), and the gain of its outcome for the aims (N,).

        won: 1 if a won, 0 if b won, 0.5 for a tie.

        The gain is positive if the outcome serves the aims, negative if it does not, and NaN if the aims do not favor
        one of the two models.
        """
        directions, aimed = self.directions, self.models
        gain_if_a_wins = directions[a] - directions[b]
        gain = np.where(gain_if_a_wins == 0, np.nan, np.where(won == 1 / 2, -1.0, gain_if_a_wins * (2 * won - 1)))
        return aimed[a] | aimed[b], gain
