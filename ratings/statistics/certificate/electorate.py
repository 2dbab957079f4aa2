"""The voters of one component, and the search for sets of voters whose removal changes an order."""

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from math import comb
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from ratings.statistics.certificate.influence import (
    Influence,
    VoterRows,
    compute_scores,
    count_needed,
    rank_largest,
    select_largest,
)
from ratings.statistics.comparisons import VoterCounts
from ratings.statistics.likelihood import build_laplacian, compute_chances, maximize_with_ties
from ratings.statistics.vote_arrays import Floats, Indices

# Each model has a virtual tie of this weight with an average model. Without it, the removal of a voter could leave a
# model without a finite strength.
_PRIOR = 1e-6
_TIE_TOLERANCE = 1e-6  # a smaller lead, in natural units, is a tie
_STEP_TOLERANCE = 1e-10
_MAX_STEPS = 40
_MAX_STRENGTH = 300.0  # keeps exp() finite
_GREEDY_STEPS = 12  # at most this many voters at the end of a set are chosen one by one
_GREEDY_CANDIDATES = 40
_MAX_SEARCH_CELLS = 400_000  # all sets of one size are tried if their score matrices have at most this many cells
_MODELS_PER_BLOCK = 16

Pair = tuple[int, int]


class Removal(NamedTuple):
    """The number of voters who would have to be removed to change an order.

    at_least, at_most: a range that contains the number. None if no removal changes the order.
    voter_count: the number of voters who can be removed. All three fields are None if a removal is not defined.
    """

    at_least: int | None
    at_most: int | None
    voter_count: int | None


class Electorate:
    """All votes between m bounded models of one component, and the G voters who can be removed."""

    def __init__(self, score: Floats, counts: VoterCounts) -> None:
        """Fit the strengths.

        score (m, m): the wins of each row over each column. A tie is half a win.
        counts: the votes of each voter.
        """
        self.score = score
        self.rows = VoterRows.from_counts(counts, len(score))
        self.size = len(self.rows.start)
        self.theta, _ = maximize_with_ties(score, score.T, np.zeros(len(score)), _PRIOR)
        self.inverse = _invert_information(score, self.theta)
        self.scores = compute_scores(self.rows, self.theta, self.inverse)
        count = len(self.rows.first)
        parts = (self.scores.information, np.arange(count), np.append(self.rows.start, count))
        self.information = csr_array(parts, shape=(self.size, count))

    def certify(self, order: Sequence[int]) -> tuple[list[Removal], Removal]:
        """Return the removals for all pairs of neighbors in an order of models, and the removal for the first place."""
        removals: list[Removal] = []
        leader = order[0]
        effects = self._iter_effects(order)
        leader_effect = next(effects)
        previous = leader_effect
        fewest = self.size + 1
        leader_removals: list[Removal] = []
        for (above, below), effect in zip(pairwise(order), effects, strict=True):
            removals.append(self._certify_pair((above, below), Influence(*(previous - effect))))
            previous = effect
            if above == leader:
                leader_removals.append(removals[-1])
            else:
                influence = Influence(*(leader_effect - effect))
                if self._find_lower_bound((leader, below), influence, fewest) < fewest:
                    leader_removals.append(self._certify_pair((leader, below), influence))
            fewest = min(
                (removal.at_most for removal in leader_removals if removal.at_most is not None), default=fewest
            )
        return removals, self._find_smallest_removal(leader_removals)

    def _find_smallest_removal(self, removals: Sequence[Removal]) -> Removal:
        """Return a range that contains the number of voters for the smallest of these removals."""
        ranges = [(low, high) for low, high, _ in removals if low is not None and high is not None]
        if not ranges:
            return Removal(None, None, self.size)
        return Removal(min(low for low, _ in ranges), min(high for _, high in ranges), self.size)

    def _iter_effects(self, models: Sequence[int]) -> Iterator[Floats]:
        """Yield the effects of the voters on each model (2, G), by both approximations of `Influence`.

        They are computed in blocks of models, because the effects on all models might not fit into memory.
        """
        size = len(self.score)
        linear, left_out = (self.rows.build_table(values, size) for values in self.scores[:2])
        for start in range(0, len(models), _MODELS_PER_BLOCK):
            block = list(models[start : start + _MODELS_PER_BLOCK])
            effects = np.empty((len(block), 2, self.size))
            effects[:, 0] = (linear @ self.inverse[:, block]).T
            effects[:, 1] = (left_out @ self.inverse[:, block]).T
            yield from effects

    def _certify_pair(self, pair: Pair, influence: Influence) -> Removal:
        if _compute_lead(self.theta, pair) <= _TIE_TOLERANCE:
            return Removal(0, 0, self.size)
        at_most = self._count_most_influential(pair, influence)
        at_least = self._find_lower_bound(pair, influence, at_most or self.size)
        if at_most != at_least:
            at_most = self._remove_one_by_one(pair, influence, at_most)
        if at_most != at_least:
            at_least, at_most = self._search_sets(pair, at_least, at_most)
        if at_most is None:
            return Removal(None, None, self.size)
        return Removal(at_least, at_most, self.size)

    def _find_lower_bound(self, pair: Pair, influence: Influence, limit: int) -> int:
        """Return a lower bound for the number of voters whose removal eliminates the lead, but at most `limit`."""
        if limit == 1:
            return limit
        lead = _compute_lead(self.theta, pair)
        direction = self.inverse[pair[0]] - self.inverse[pair[1]]
        spread = direction[pair[0]] - direction[pair[1]]
        largest = select_largest(influence.pull, min(limit, self.size) - 1)
        change = direction.take(self.rows.first) - direction.take(self.rows.second)
        leverage = select_largest(self.information @ (change * change) / spread, len(largest))
        return count_needed(largest, leverage, lead) or limit

    def _count_most_influential(self, pair: Pair, influence: Influence) -> int | None:
        """Return how many of the most influential voters must be removed to change the order.

        The candidates are the voters with the largest influences, whose sum is at least twice the lead if possible.
        Return None if the order stays the same even if all candidates are removed.
        """
        lead = _compute_lead(self.theta, pair)
        order = rank_largest(influence.left_out, 2 * lead)
        pulls = np.cumsum(influence.left_out[order])
        low, high = 0, len(order) + 1
        guess = int(np.searchsorted(pulls, lead)) + 1
        while high - low > 1:
            guess = min(max(guess, low + 1), high - 1)
            remaining_lead = _compute_lead(self._refit(order[:guess], pair), pair)
            if remaining_lead <= _TIE_TOLERANCE:
                high = guess
            else:
                low = guess
            # The next guess assumes that the error of the sum of influences stays the same.
            reduction = max(lead - remaining_lead, _TIE_TOLERANCE)
            guess = int(np.searchsorted(pulls, lead * pulls[guess - 1] / reduction)) + 1
        return high if high <= len(order) else None

    def _remove_one_by_one(self, pair: Pair, influence: Influence, limit: int | None) -> int | None:
        """Return the size of a smaller set whose removal changes the order, or else `limit`.

        The set starts with the most influential voters. Each of the last members is the most influential voter in a fit
        without the earlier members.
        """
        start = max(0, (limit or 0) - _GREEDY_STEPS)
        order = rank_largest(influence.left_out, np.inf)[: start + _GREEDY_CANDIDATES]
        removed, candidates = order[:start], order[start:]
        end = limit or self.size + 1
        while len(removed) < end:
            theta = self._refit(removed)
            if _compute_lead(theta, pair) <= _TIE_TOLERANCE:
                return len(removed)
            if not len(candidates):
                break
            influence, leverage = self._compute_influence(candidates, self._remove(removed)[0], theta, pair)
            needed = count_needed(influence.pull, leverage, _compute_lead(theta, pair))
            if needed is None or len(removed) + needed >= end:
                break
            best = int(influence.left_out.argmax())
            removed = np.append(removed, candidates[best])
            candidates = np.delete(candidates, best)
        return limit

    def _compute_influence(self, voters: Indices, score: Floats, theta: Floats, pair: Pair) -> tuple[Influence, Floats]:
        """Return the influence and the leverage (K,) of K voters after other voters have been removed.

        score (m, m), theta (m,): the remaining votes, and the strengths fitted to them.
        """
        inverse = _invert_information(score, theta)
        rows = self.rows.select(voters)
        scores = compute_scores(rows, theta, inverse)
        direction = inverse[pair[0]] - inverse[pair[1]]
        change = direction[rows.first] - direction[rows.second]
        values = np.stack((change * scores.residual, change * scores.left_out, change**2 * scores.information))
        linear, left_out, information = np.add.reduceat(values, rows.start, axis=1)
        return Influence(linear, left_out), information / (direction[pair[0]] - direction[pair[1]])

    def _search_sets(self, pair: Pair, at_least: int, at_most: int | None) -> tuple[int, int | None]:
        """Return tighter bounds by trying all sets of each size from `at_least`.

        The search ends at the first size that has too many sets.
        """
        for size in range(at_least, at_most or self.size + 1):
            if comb(self.size, size) * self.score.size > _MAX_SEARCH_CELLS:
                break
            sets = np.array(list(combinations(range(self.size), size)))
            theta = self._refit_all(self._remove(sets))
            if (theta[:, pair[0]] - theta[:, pair[1]] <= _TIE_TOLERANCE).any():
                return size, size
            at_least = size + 1
        return at_least, at_most

    def _remove(self, sets: Indices) -> Floats:
        """Return the scores (B, m, m) without each of B sets of K voters (B, K), or without one set (K,)."""
        sets = np.atleast_2d(sets)
        rows = self.rows.select(sets.ravel())
        lengths = np.add.reduce(self.rows.lengths[sets], axis=1)
        number = np.repeat(np.arange(len(sets)), lengths)
        scores = np.tile(self.score, (len(sets), 1, 1))
        np.subtract.at(scores, (number, rows.first, rows.second), rows.won)
        np.subtract.at(scores, (number, rows.second, rows.first), rows.lost)
        return np.maximum(scores, 0, out=scores)

    def _refit(self, removed: Indices, pair: Pair | None = None) -> Floats:
        """Return the strengths (m,) without these voters.

        pair: if given, the strengths are only precise enough for the sign of this pair's lead.

        All steps use the inverse information of all votes, because a factorization takes ten times as long as a step.
        """
        scores = self._remove(removed)
        theta: Floats = self.theta[None].copy()
        previous = np.inf
        for _ in range(_MAX_STEPS):
            step = _compute_gradients(scores, theta)[0] @ self.inverse
            length = float(np.abs(step).max())
            if length > previous / 2:
                return maximize_with_ties(scores[0], scores[0].T, self.theta, _PRIOR)[0]
            theta += step
            is_sign_known = pair is not None and abs(_compute_lead(theta[0], pair)) > 4 * length
            if length <= _STEP_TOLERANCE or (is_sign_known and length < previous / 4):
                break
            previous = length
        return np.ravel(theta)

    def _refit_all(self, scores: Floats) -> Floats:
        """Return the strengths (B, m) for B scores (B, m, m), by Newton's method."""
        theta = np.tile(self.theta, (len(scores), 1))
        diagonal = np.arange(len(self.theta))
        for _ in range(_MAX_STEPS):
            gradient, chances = _compute_gradients(scores, theta)
            information = (scores + scores.transpose(0, 2, 1)) * chances * (1 - chances)
            hessian = -information
            hessian[:, diagonal, diagonal] += information.sum(axis=2) + _PRIOR / 4 / np.cosh(theta / 2) ** 2
            hessian += (information.sum(axis=(1, 2)) + _PRIOR)[:, None, None] / hessian[0].size
            step = np.linalg.solve(hessian, gradient[:, :, None])[:, :, 0]
            length = np.abs(step).max(axis=1)
            theta += step * np.minimum(1, 1 / np.maximum(length, 1))[:, None]
            if (length <= _TIE_TOLERANCE / 10).all():
                break
        return theta


def _compute_gradients(scores: Floats, theta: Floats) -> tuple[Floats, Floats]:
    """Return the gradients (B, m) of B likelihoods, and the chance that each row beats each column (B, m, m)."""
    odds = np.exp(np.clip(theta, -_MAX_STRENGTH, _MAX_STRENGTH))
    chances = odds[:, :, None] / (odds[:, :, None] + odds[:, None, :])
    expected = np.einsum("bij,bij->bi", scores + scores.transpose(0, 2, 1), chances)
    return scores.sum(axis=2) - expected - _PRIOR / 2 * np.tanh(theta / 2), chances


def _compute_lead(theta: Floats, pair: Pair) -> float:
    return float(theta[pair[0]] - theta[pair[1]])


def _invert_information(score: Floats, theta: Floats) -> Floats:
    """Return a matrix that equals the inverse of the information for differences (m, m)."""
    p, q = compute_chances(theta, np.append(theta, 0.0))
    votes = np.hstack((score + score.T, np.full((len(score), 1), _PRIOR)))
    hessian = build_laplacian(votes * p * q)
    hessian += np.trace(hessian) / hessian.size  # as in `likelihood`, this does not change differences
    return np.linalg.inv(hessian).astype(np.float64)
