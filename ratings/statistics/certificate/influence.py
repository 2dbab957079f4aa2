"""The influence of voters on the difference between two models."""

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from ratings.statistics.comparisons import VoterCounts
from ratings.statistics.likelihood import compute_lead_chances
from ratings.statistics.vote_arrays import Floats, Indices

_FIRST_SELECTION = 64  # the number of most influential voters that are sorted first
_BLOCK_CELLS = 1 << 19
# Keeps the leave-one-out influence finite if no other voter connects two models.
_LEVERAGE_CAP = 1 - 1e-9
_ROUNDING = 1e-10


class VoterRows(NamedTuple):
    """The votes of G voters on pairs of models: E rows sorted by voter, with one row for each voter and pair.

    start, lengths (G,): each voter's first row and number of rows.
    first, second (E,): positions of the models.
    won, lost (E,): the first model's wins and losses. A tie is half of both.
    """

    start: Indices
    lengths: Indices
    first: Indices
    second: Indices
    won: Floats
    lost: Floats

    @classmethod
    def from_counts(cls, counts: VoterCounts, size: int) -> "VoterRows":
        votes = counts.select_rows(counts.votes > 0)
        is_swapped = votes.first > votes.second
        first = np.where(is_swapped, votes.second, votes.first)
        second = np.where(is_swapped, votes.first, votes.second)
        won: Floats = np.where(is_swapped, votes.losses, votes.wins) + votes.ties / 2
        keys, row = np.unique((votes.voter * size + first) * size + second, return_inverse=True)
        start = np.flatnonzero(np.diff(keys // size**2, prepend=-1))
        total_won, total_lost = (
            np.bincount(row, column, len(keys)).astype(np.float64) for column in (won, votes.votes - won)
        )
        lengths = np.diff(start, append=len(keys))
        return cls(start, lengths, keys // size % size, keys % size, total_won, total_lost)

    def select(self, voters: Indices) -> "VoterRows":
        """Return the rows of these voters, in this order."""
        lengths = self.lengths[voters]
        ends = np.cumsum(lengths)
        start = ends - lengths
        rows = np.arange(lengths.sum()) + np.repeat(self.start[voters] - start, lengths)
        return VoterRows(start, lengths, *(column[rows] for column in self[2:]))

    def build_table(self, values: Floats, size: int) -> csr_array:
        """Return each voter's sums (G, size) of values (E,), which are subtracted for the second model."""
        voter = np.repeat(np.arange(len(self.start)), self.lengths)
        cells = np.tile(voter, 2), np.concatenate((self.first, self.second))
        return csr_array((np.concatenate((values, -values)), cells), shape=(len(self.start), size))


class Scores(NamedTuple):
    """The derivatives of the likelihood for E rows at given strengths, each (E,).

    residual: outcome minus probability.
    left_out: the leave-one-out residual, which accounts for the change in the strengths without the row's voter.
    information: the Fisher information.
    """

    residual: Floats
    left_out: Floats
    information: Floats


class Influence(NamedTuple):
    """The influence of G voters on a lead, each (G,).

    linear, left_out: two approximations of how much the lead shrinks without the voter. They are based on the residuals
        and on the leave-one-out residuals.
    """

    linear: Floats
    left_out: Floats

    @property
    def pull(self) -> Floats:
        """The larger of the two approximations, or 0 if both are negative (G,)."""
        pull: Floats = np.maximum(np.maximum(self.linear, self.left_out), 0)
        return pull


def compute_scores(rows: VoterRows, theta: Floats, inverse: Floats) -> Scores:
    """Return the scores of these rows at the strengths `theta` (m,).

    inverse (m, m): a matrix that equals the inverse of the information for differences.
    """
    p, q = compute_lead_chances(theta[rows.first] - theta[rows.second])
    residual = rows.won * q - rows.lost * p
    information = (rows.won + rows.lost) * p * q
    return Scores(residual, _leave_out(rows, residual, information, inverse), information)


def _leave_out(rows: VoterRows, residual: Floats, information: Floats, inverse: Floats) -> Floats:
    """Return the leave-one-out residuals (E,).

    With a voter's residuals r, the information W of the rows (diagonal), and the covariances L of the differences
    between the rows' models, the leave-one-out residuals are (I - W L)^-1 r.
    """
    left_out = np.empty_like(residual)
    size = len(inverse)
    for length in np.unique(rows.lengths).tolist():
        starts = rows.start[rows.lengths == length]
        step = max(1, _BLOCK_CELLS // length**2)
        for block in range(0, len(starts), step):
            cells = starts[block : block + step, None] + np.arange(length)
            first, second = rows.first[cells], rows.second[cells]
            first_row, second_row = size * first[:, :, None], size * second[:, :, None]
            system = inverse.take(first_row + second[:, None]) - inverse.take(first_row + first[:, None])
            system += inverse.take(second_row + first[:, None])
            system -= inverse.take(second_row + second[:, None])
            system *= (_LEVERAGE_CAP * information[cells])[:, :, None]
            system[:, range(length), range(length)] += 1
            left_out[cells] = np.linalg.solve(system, residual[cells][:, :, None])[:, :, 0]
    return left_out


def count_needed(pull: Floats, leverage: Floats, lead: float) -> int | None:
    """Return the least number of voters whose removal could eliminate a lead, or None if even all K are too few.

    Without k voters, the lead shrinks by at most the sum of the k largest pulls, divided by one minus the sum of the k
    largest leverages. A leverage is a voter's part of the information about the lead.

    pull, leverage (K,): the largest values of each, in any order.
    """
    pulls, parts = (np.cumsum(np.sort(values)[::-1]) for values in (pull, leverage))
    reached = np.flatnonzero(pulls >= lead * (1 - _ROUNDING) * (1 - parts))
    return int(reached[0]) + 1 if reached.size else None


def select_largest(values: Floats, count: int) -> Floats:
    """Return the `count` largest values, not sorted. `count` can be 0."""
    return np.partition(values, len(values) - max(count, 1))[len(values) - count :]


def rank_largest(values: Floats, total: float) -> Indices:
    """Return the positions of the largest values, in descending order, until their sum reaches a total."""
    count = min(_FIRST_SELECTION, len(values))
    while True:
        chosen = np.argpartition(values, len(values) - count)[len(values) - count :]
        if count == len(values) or values[chosen].sum() >= total:
            order: Indices = chosen[np.argsort(-values[chosen], kind="stable")]
            return order
        count = min(8 * count, len(values))
