"""The input for all rating methods: counts of votes per pair of models, and per voter and pair."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from ratings.statistics.vote_arrays import Flags, Floats, Indices, Label, count_outcomes


@dataclass(frozen=True, eq=False)
class Comparisons:
    """The outcomes of all votes between M models.

    labels: M distinct names or ids.
    wins (M, M): wins[i, j] is the number of votes in which i beat j.
    ties (M, M): ties[i, j] is the number of ties between i and j. The matrix is symmetric.
    squared_wins, squared_ties (M, M): None, unless the votes have filter weights. In that case, `wins` and `ties` are
        sums of these weights, and these matrices are sums of their squares.

    The matrices are read-only. Their diagonals must be zero.
    """

    labels: tuple[Label, ...]
    wins: Floats
    ties: Floats
    squared_wins: Floats | None = None
    squared_ties: Floats | None = None

    def __post_init__(self) -> None:
        for matrix in (self.wins, self.ties, self.squared_wins, self.squared_ties):
            if matrix is not None:
                matrix.flags.writeable = False

    @classmethod
    def from_counts(cls, labels: Sequence[Label], wins: ArrayLike, ties: ArrayLike) -> Self:
        """Return a board from M labels and two (M, M) matrices of counts."""
        size = len(labels)
        return cls(tuple(labels), *(np.array(counts, dtype=np.float64).reshape(size, size) for counts in (wins, ties)))

    @classmethod
    def from_votes(
        cls,
        model_a: ArrayLike,
        model_b: ArrayLike,
        outcome: ArrayLike,
        weight: ArrayLike | None = None,
        filter_weight: Floats | None = None,
    ) -> Self:
        """Return a board from single votes. Its labels are the ids of the models that have votes, in ascending order.

        model_a, model_b (N,): the ids of the models, counting from 0.
        outcome (N,): 1 if a won, 0 if b won, 0.5 for a tie.
        weight (N,): positive integers. A vote with weight n counts as n identical votes.
        filter_weight (N,): from 0 to 1, or None if it is 1 for all votes. Models whose votes all have weight 0 are
            excluded.
        """
        first, second = (np.asarray(side, dtype=np.intp) for side in (model_a, model_b))
        score = np.asarray(outcome, dtype=np.float64)
        amounts = [np.ones(len(score)) if weight is None else np.asarray(weight, dtype=np.float64)]
        if filter_weight is not None:
            amounts = [amounts[0] * filter_weight, amounts[0] * filter_weight**2]
        size = int(max(first.max(initial=-1), second.max(initial=-1))) + 1
        matrices = [matrix for amount in amounts for matrix in count_outcomes(size, first, second, score, amount)]
        labels = np.flatnonzero((matrices[0] + matrices[0].T + matrices[1]).any(axis=1))
        return cls(tuple(labels.tolist()), *(matrix[np.ix_(labels, labels)] for matrix in matrices))

    @property
    def squared(self) -> tuple[Floats, Floats]:
        """The wins and ties, with squared filter weights."""
        if self.squared_wins is None or self.squared_ties is None:
            return self.wins, self.ties
        return self.squared_wins, self.squared_ties

    @property
    def votes(self) -> Floats:
        """The number of votes on each pair (M, M). The matrix is symmetric."""
        return self.wins + self.wins.T + self.ties

    @property
    def score(self) -> Floats:
        """The number of wins of each row over each column (M, M). A tie is half a win for each model."""
        return self.wins + self.ties / 2


@dataclass(frozen=True, eq=False)
class VoterCounts:
    """The votes on a board, counted per voter and pair: the input for intervals clustered by voter.

    There are E rows. Rows with the same voter and pair are added up, so one row per vote is also valid.

    voter (E,): the index of each row's voter, counting from 0.
    first, second (E,): positions of the models in the board's labels.
    wins, losses, ties (E,): the outcomes from the perspective of the first model.
    filter_weight (E,): the filter weight by which the counts of a row are already multiplied, or None if it is 1
        everywhere. All votes in a row have the same filter weight.

    Store these counts in a database, not sums of scores. A sum of scores is valid only for the ratings from which it
    was computed. The counts give the exact sum for any ratings, and a new vote changes only one row.
    """

    voter: Indices
    first: Indices
    second: Indices
    wins: Floats
    losses: Floats
    ties: Floats
    filter_weight: Floats | None = None

    @property
    def votes(self) -> Floats:
        """The number of votes in each row (E,)."""
        return self.wins + self.losses + self.ties

    def compute_residuals(self, p: Floats, q: Floats) -> Floats:
        """Return the sum of outcome minus probability over the votes in each row (E,).

        p, q (E,): the probabilities that the first model wins and loses.
        """
        return self.wins * q - self.losses * p + self.ties * (q - p) / 2

    def select_rows(self, rows: Flags) -> "VoterCounts":
        """Return the selected rows only. `rows` is a mask of length E."""
        return replace(self, **{name: column[rows] for name, column in vars(self).items() if column is not None})

    def square_weights(self) -> "VoterCounts":
        """Return the rows with their counts multiplied by the square of the filter weight."""
        if self.filter_weight is None:
            return self
        counts = {name: getattr(self, name) * self.filter_weight for name in ("wins", "losses", "ties")}
        return replace(self, **counts)

    def select_between(self, models: Indices, size: int) -> "VoterCounts":
        """Return only the votes between the given models. `first` and `second` become positions in `models`.

        models: positions in the board's labels.
        size: the number of models on the board.
        """
        if len(models) == size:
            return self
        positions = np.full(size, -1)
        positions[models] = np.arange(len(models))
        moved = replace(self, first=positions[self.first], second=positions[self.second])
        return moved.select_rows((moved.first >= 0) & (moved.second >= 0))
