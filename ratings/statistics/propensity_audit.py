"""What becomes of the ratings if every pair counts as if it had been drawn as often as any other. Pure.

The fit needs no weights as long as the model holds: given the pair, who wins does not depend on how it was drawn. This
is the check of that. Each vote is weighted by the inverse of the chance of its pair, the same models are fitted again,
and a model that moves by more than two errors of its move is flagged. The error is a sandwich of both fits at once
(J. A. Hausman, Econometrica 46, 1978), clustered by voter where the intervals of the board are.
"""

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from ratings.statistics.cluster_sums import sum_outer_products
from ratings.statistics.comparisons import Comparisons, VoterCounts
from ratings.statistics.components import list_components
from ratings.statistics.constants import ELO_SCALE
from ratings.statistics.likelihood import Flags, build_laplacian, compute_chances, maximize, sum_squared_residuals
from ratings.statistics.vote_arrays import Floats, Indices, Label

MAX_VOTE_WEIGHT = 20.0  # a vote counts as at most so many
FLAG_THRESHOLD = 2.0
# Votes of each voter, counted and summed by weight: the same rows in the same order.
WeightedVoterCounts: TypeAlias = tuple[VoterCounts, VoterCounts]
# Elo points; less is rounding.
_MOVE_TOLERANCE = 1e-6
_EIGENVALUE_TOLERANCE = 1e-12


@dataclass(frozen=True, eq=False)
class PropensityAudit:
    """Of m models: by how much the weighted fit moves each, the error of that (Elo points), and whether it is more
    than two errors."""

    labels: tuple[Label, ...]
    moved: Floats
    errors: Floats
    flagged: Flags


def audit_propensities(
    votes: Comparisons, weighted: Comparisons, squared: Comparisons, cast: WeightedVoterCounts | None = None
) -> PropensityAudit:
    """Audit the bounded models of the main component.

    votes, weighted, squared: the same votes, counted, and summed by their weights and by the squares of these.
    cast: the same by voter; without it votes are taken as independent of each other, as `squared` has them.
    likelihood.NotConverged as for `bradley_terry.fit`.
    """
    components = list_components(votes)
    inside = components[0].bounded if components else np.arange(0)
    if not inside.size:
        return PropensityAudit((), np.zeros(0), np.zeros(0), np.zeros(0, dtype=bool))
    sums = [_select_counts(each, inside) for each in (votes, weighted, squared)]
    plain, other = (_fit_strengths(wins + ties / 2) for wins, ties in sums[:2])
    moved, errors = (
        ELO_SCALE * (other - plain),
        ELO_SCALE * _compute_errors(sums, plain, other, _select_voter_counts(cast, inside, len(votes.labels))),
    )
    flagged = np.abs(moved) > FLAG_THRESHOLD * errors + _MOVE_TOLERANCE
    return PropensityAudit(tuple(votes.labels[place] for place in inside), moved, errors, flagged)


def _select_counts(board: Comparisons, models: Indices) -> tuple[Floats, Floats]:
    place = np.ix_(models, models)
    return board.wins[place], board.ties[place]


def _fit_strengths(score: Floats) -> Floats:
    theta = maximize(score, score.T.copy(), np.zeros(len(score)))[0]
    centred: Floats = theta - theta.mean()
    return centred


def _select_voter_counts(cast: WeightedVoterCounts | None, models: Indices, size: int) -> WeightedVoterCounts | None:
    """Only votes between these models, by their places among them."""
    if cast is None:
        return None
    place = np.full(size, -1)
    place[models] = np.arange(len(models))
    once, weighted = (replace(rows, first=place[rows.first], second=place[rows.second]) for rows in cast)
    inside = (once.first >= 0) & (once.second >= 0)
    return once.restricted(inside), weighted.restricted(inside)


def _compute_errors(
    sums: list[tuple[Floats, Floats]], plain: Floats, other: Floats, cast: WeightedVoterCounts | None
) -> Floats:
    """(m,): of the difference of two fits to the same votes."""
    p, q = compute_chances(plain, plain)
    if cast:
        once, by_weight, by_square = _sum_by_voter(cast, p, q)
    else:
        once, by_weight, by_square = (build_laplacian(sum_squared_residuals(wins, ties, p, q)) for wins, ties in sums)
    bread, heavy = (
        _invert_information(_count_pair_votes(*each), at) for each, at in zip(sums, (plain, other), strict=False)
    )
    crossed = heavy @ by_weight @ bread
    covariance: Floats = heavy @ by_square @ heavy - crossed - crossed.T + bread @ once @ bread
    errors: Floats = np.sqrt(np.maximum(covariance.diagonal(), 0))
    return errors


def _sum_by_voter(cast: WeightedVoterCounts, p: Floats, q: Floats) -> tuple[Floats, Floats, Floats]:
    """Each voter's sum of scores times itself, its weighted sum times the plain one, and that times itself; summed."""
    size, (once, weighted) = len(p), cast
    pair = once.first * size + once.second
    scores, heavy = (_compute_residuals(rows, p.take(pair), q.take(pair)) for rows in (once, weighted))
    parts = [(once.first, scores), (once.second, -scores), (size + once.first, heavy), (size + once.second, -heavy)]
    voters = int(np.count_nonzero(np.bincount(once.voter)))
    found = sum_outer_products(once.voter, parts, 2 * size) * voters / max(voters - 1, 1)
    return found[:size, :size], found[size:, :size], found[size:, size:]


def _compute_residuals(rows: VoterCounts, p: Floats, q: Floats) -> Floats:
    residuals: Floats = rows.wins * q - rows.losses * p + rows.ties * (q - p) / 2
    return residuals


def _count_pair_votes(wins: Floats, ties: Floats) -> Floats:
    return wins + wins.T + ties


def _invert_information(votes: Floats, theta: Floats) -> Floats:
    p, q = compute_chances(theta, theta)
    # One eigenvalue is zero, along the mean of all strengths, and rounding must not be inverted.
    return np.linalg.pinv(build_laplacian(votes * p * q), rcond=_EIGENVALUE_TOLERANCE, hermitian=True).astype(
        np.float64
    )
