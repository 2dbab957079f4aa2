"""The input for all rating methods: counts of votes per pair of models, and per voter and pair.

Invalid input raises a ValueError that identifies the vote or the pair.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ratings.statistics.vote_arrays import (
    Floats,
    Indices,
    Label,
    as_floats,
    as_list,
    check_filter_weight,
    check_votes,
    count_outcomes,
    encode_models,
    look_up_positions,
    raise_if_any,
)


@dataclass(frozen=True, eq=False)
class Comparisons:
    """The outcomes of all votes between M models.

    labels: M distinct names or ids.
    wins (M, M): wins[i, j] is the number of votes in which i beat j.
    ties (M, M): ties[i, j] is the number of ties between i and j. The matrix is symmetric.
    squared_wins, squared_ties (M, M): None, unless the votes have filter weights. In that case, `wins` and `ties` are
        sums of these weights, and these matrices are sums of their squares.

    The matrices are stored as read-only copies. Values must not be negative, and the diagonals must be zero; other
    input raises ValueError.
    """

    labels: tuple[Label, ...]
    wins: Floats
    ties: Floats
    squared_wins: Floats | None = None
    squared_ties: Floats | None = None

    def __post_init__(self) -> None:
        labels = tuple(self.labels)
        for name in ("wins", "ties", "squared_wins", "squared_ties"):
            if (matrix := getattr(self, name)) is not None:
                object.__setattr__(self, name, _check_counts(name, matrix, len(labels)))
        if len(set(labels)) < len(labels):
            raise ValueError("labels must be distinct")
        if not (all(isinstance(x, str) for x in labels) or all(isinstance(x, int) for x in labels)):
            raise ValueError("labels must be either all names or all whole-number ids")
        if not np.array_equal(self.ties, self.ties.T):
            raise ValueError("ties must be symmetric: a tie between i and j is also a tie between j and i")
        object.__setattr__(self, "labels", labels)

    @classmethod
    def from_counts(cls, labels: Sequence[Label], wins: ArrayLike, ties: ArrayLike) -> Self:
        """Return a board from M labels and two (M, M) matrices of counts."""
        return cls(tuple(labels), as_floats("wins", wins), as_floats("ties", ties))

    @classmethod
    def from_votes(
        cls,
        model_a: ArrayLike,
        model_b: ArrayLike,
        outcome: ArrayLike,
        weight: ArrayLike | None = None,
        filter_weight: ArrayLike | None = None,
    ) -> Self:
        """Return a board from single votes. Its labels are sorted.

        model_a, model_b (N,): names, or integer ids.
        outcome (N,): 1 if a won, 0 if b won, 0.5 for a tie.
        weight (N,): positive integers. A vote with weight n counts as n identical votes.
        filter_weight (N,): from 0 to 1, or None if it is 1 for all votes. Models whose votes all have weight 0 are
            excluded.
        """
        labels, first, second = encode_models(model_a, model_b)
        size = len(labels)
        if filter_weight is None:
            matrices = _to_matrices(count_outcomes(size, first, second, outcome, weight))
        else:
            double_score, times = check_votes(first, second, outcome, weight)
            factor = check_filter_weight(filter_weight, len(double_score))
            cells = (first.astype(np.intp) * size + second) * 3 + double_score
            amounts = factor if times is None else times * factor
            matrices = []
            for amount in (amounts, amounts * factor):
                counts = np.bincount(cells, amount, 3 * size * size).astype(np.float64)
                matrices += _to_matrices(counts.reshape(size, size, 3))
        positions = np.flatnonzero((matrices[0] + matrices[0].T + matrices[1]).any(axis=1))
        if len(positions) < size:  # the ids have gaps
            labels = [labels[position] for position in positions.tolist()]
            inside = np.ix_(positions, positions)
            matrices = [matrix[inside] for matrix in matrices]
        return cls(tuple(labels), *matrices)

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

    @classmethod
    def from_rows(
        cls,
        board: Comparisons,
        voter: ArrayLike,
        models: tuple[ArrayLike, ArrayLike],
        counts: tuple[ArrayLike, ArrayLike, ArrayLike],
    ) -> Self:
        """Return the counts from rows of a table.

        voter (E,): names or ids.
        models: two arrays (E,), the labels of each row's first and second model.
        counts: three arrays (E,), the first model's wins, losses, and ties.
        """
        _, codes = np.unique(np.asarray(voter), return_inverse=True)
        first, second = (_look_up_models(board.labels, side) for side in models)
        wins, losses, ties = (as_floats("counts of a voter", count) for count in counts)
        if any(column.shape != codes.shape for column in (first, second, wins, losses, ties)):
            raise ValueError("voter, both models, and all counts must be lists of the same length")
        raise_if_any(~((wins >= 0) & (losses >= 0) & (ties >= 0)), "row {} has a negative count")
        raise_if_any(first == second, "row {} compares a model with itself")
        return cls(codes.astype(np.intp), first, second, wins, losses, ties)

    @classmethod
    def from_votes(
        cls,
        board: Comparisons,
        voter: ArrayLike,
        models: tuple[ArrayLike, ArrayLike],
        outcome: ArrayLike,
        weight: ArrayLike | None = None,
    ) -> Self:
        """Return the counts from single votes.

        voter (N,): names or ids.
        models: two arrays (N,), the labels of each vote's first and second model.
        outcome, weight (N,): as in `Comparisons.from_votes`.
        """
        first, second = (_look_up_models(board.labels, side) for side in models)
        double_score, times = check_votes(first, second, outcome, weight)
        amount = np.ones(len(double_score)) if times is None else times
        counts = (amount * (double_score == 2), amount * (double_score == 0), amount * (double_score == 1))
        return cls.from_rows(board, voter, models, counts)

    @property
    def votes(self) -> Floats:
        """The number of votes in each row (E,)."""
        return self.wins + self.losses + self.ties

    def compute_residuals(self, p: Floats, q: Floats) -> Floats:
        """Return the sum of outcome minus probability over the votes in each row (E,).

        p, q (E,): the probabilities that the first model wins and loses.
        """
        return self.wins * q - self.losses * p + self.ties * (q - p) / 2

    def select_rows(self, rows: NDArray[np.bool_]) -> "VoterCounts":
        """Return the selected rows only. `rows` is a mask of length E."""
        return VoterCounts(
            self.voter[rows],
            self.first[rows],
            self.second[rows],
            self.wins[rows],
            self.losses[rows],
            self.ties[rows],
            None if self.filter_weight is None else self.filter_weight[rows],
        )

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


def _to_matrices(counts: Floats) -> list[Floats]:
    """Return the wins and ties (M, M) from losses, ties, and wins (M, M, 3)."""
    lost, tied, won = np.moveaxis(counts, 2, 0)
    return [won + lost.T, tied + tied.T]


def _check_counts(name: str, matrix: ArrayLike, size: int) -> Floats:
    counts = as_floats(name, matrix)
    if size == 0 and counts.size == 0:
        counts = np.zeros((0, 0))
    if counts.shape != (size, size):
        raise ValueError(f"{name} must be {size} x {size} because there are {size} labels, but it is {counts.shape}")
    if not np.all(counts >= 0) or np.isinf(counts).any():
        raise ValueError(f"{name} must be finite and not negative")
    if counts.diagonal().any():
        raise ValueError(f"{name} must have a zero diagonal: a model is not compared with itself")
    counts.flags.writeable = False
    return counts


def _look_up_models(labels: tuple[Label, ...], models: ArrayLike) -> Indices:
    return look_up_positions(labels, as_list(models))
