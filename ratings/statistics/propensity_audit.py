"""An audit of the draw: how the ratings would change if all pairs had been drawn equally often.

If the Bradley-Terry model is correct, the fit needs no weights: given the pair, the outcome does not depend on how the
pair was drawn. This module tests that assumption. It weights each vote by the inverse of the probability of its pair,
fits the same models again, and flags a model if its rating changes by more than two standard errors of the change. The
standard error comes from a joint sandwich covariance of both fits (J. A. Hausman, Econometrica 46, 1978). It is
clustered by voter if the board's intervals are.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from ratings.statistics.cluster_sums import sum_outer_products
from ratings.statistics.comparisons import Comparisons, VoterCounts
from ratings.statistics.components import list_components
from ratings.statistics.constants import ELO_SCALE
from ratings.statistics.likelihood import (
    Flags,
    build_laplacian,
    compute_chances,
    maximize_likelihood,
    sum_squared_residuals,
)
from ratings.statistics.vote_arrays import Floats, Indices, Label

MAX_VOTE_WEIGHT = 20.0  # inverse probabilities are capped at this weight
FLAG_THRESHOLD = 2.0
# The counts of each voter's votes and the sums of their weights, with the same rows in the same order.
WeightedVoterCounts: TypeAlias = tuple[VoterCounts, VoterCounts]
# In Elo points. A smaller change is a rounding error.
_MOVE_TOLERANCE = 1e-6
_EIGENVALUE_TOLERANCE = 1e-12


@dataclass(frozen=True, eq=False)
class PropensityAudit:
    """The effect of the weights on m models' ratings.

    changes (m,): the weighted rating minus the unweighted rating, in Elo points.
    errors (m,): the standard error of that difference, in Elo points.
    flagged (m,): True if the difference is more than two standard errors.
    """

    labels: tuple[Label, ...]
    changes: Floats
    errors: Floats
    flagged: Flags


def audit_propensities(
    votes: Comparisons,
    weighted: Comparisons,
    squared: Comparisons,
    voter_counts: WeightedVoterCounts | None = None,
) -> PropensityAudit:
    """Return the audit of the main component's bounded models.

    votes, weighted, squared: the number of votes, the sum of their weights, and the sum of their squared weights.
    voter_counts: the same votes by voter. If None, the votes count as independent, and the errors use `squared`.

    Raises likelihood.NotConverged as `bradley_terry.fit` does.
    """
    components = list_components(votes)
    inside = components[0].bounded if components else np.arange(0)
    if not inside.size:
        return PropensityAudit((), np.zeros(0), np.zeros(0), np.zeros(0, dtype=bool))
    sums = [_select_counts(board, inside) for board in (votes, weighted, squared)]
    plain, reweighted = (_fit_strengths(wins + ties / 2) for wins, ties in sums[:2])
    if voter_counts:
        counted, voter_weights = (rows.select_between(inside, len(votes.labels)) for rows in voter_counts)
        voter_counts = counted, voter_weights
    changes = ELO_SCALE * (reweighted - plain)
    errors = ELO_SCALE * _compute_errors(sums, plain, reweighted, voter_counts)
    flagged = np.abs(changes) > FLAG_THRESHOLD * errors + _MOVE_TOLERANCE
    return PropensityAudit(tuple(votes.labels[position] for position in inside), changes, errors, flagged)


def _select_counts(board: Comparisons, models: Indices) -> tuple[Floats, Floats]:
    inside = np.ix_(models, models)
    return board.wins[inside], board.ties[inside]


def _fit_strengths(score: Floats) -> Floats:
    theta = maximize_likelihood(score, score.T.copy(), np.zeros(len(score)))[0]
    centered: Floats = theta - theta.mean()
    return centered


def _compute_errors(
    sums: list[tuple[Floats, Floats]], plain: Floats, reweighted: Floats, voter_counts: WeightedVoterCounts | None
) -> Floats:
    """Return the standard errors of the differences between the two fits (m,)."""
    p, q = compute_chances(plain, plain)
    if voter_counts:
        plain_meat, mixed_meat, weighted_meat = _sum_by_voter(voter_counts, p, q)
    else:
        plain_meat, mixed_meat, weighted_meat = (
            build_laplacian(sum_squared_residuals(wins, ties, p, q)) for wins, ties in sums
        )
    votes, weighted = (wins + wins.T + ties for wins, ties in sums[:2])
    bread = _invert_information(votes, plain)
    weighted_bread = _invert_information(weighted, reweighted)
    crossed = weighted_bread @ mixed_meat @ bread
    covariance: Floats = (
        weighted_bread @ weighted_meat @ weighted_bread - crossed - crossed.T + bread @ plain_meat @ bread
    )
    errors: Floats = np.sqrt(np.maximum(covariance.diagonal(), 0))
    return errors


def _sum_by_voter(voter_counts: WeightedVoterCounts, p: Floats, q: Floats) -> tuple[Floats, Floats, Floats]:
    """Return three sums over voters of outer products of their scores (m, m).

    The first has the plain scores on both sides, the second the weighted scores on the left side, and the third the
    weighted scores on both sides.
    """
    counted = voter_counts[0]
    size = len(p)
    pair = counted.first * size + counted.second
    scores, weighted_scores = (rows.compute_residuals(p.take(pair), q.take(pair)) for rows in voter_counts)
    parts = [
        (counted.first, scores),
        (counted.second, -scores),
        (size + counted.first, weighted_scores),
        (size + counted.second, -weighted_scores),
    ]
    voters = int(np.count_nonzero(np.bincount(counted.voter)))
    products = sum_outer_products(counted.voter, parts, 2 * size) * voters / max(voters - 1, 1)
    return products[:size, :size], products[size:, :size], products[size:, size:]


def _invert_information(votes: Floats, theta: Floats) -> Floats:
    p, q = compute_chances(theta, theta)
    # The eigenvalue in the direction of the mean is zero. Its rounding error must not be inverted.
    return np.linalg.pinv(build_laplacian(votes * p * q), rcond=_EIGENVALUE_TOLERANCE, hermitian=True).astype(
        np.float64
    )
