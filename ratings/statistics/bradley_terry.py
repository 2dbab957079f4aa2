"""Bradley-Terry ratings by exact maximum likelihood, with sandwich intervals.

The probability that model i beats model j is 1 / (1 + 10 ** ((r_j - r_i) / 400)). A tie is half a win for each model.

Sources: R. A. Bradley and M. E. Terry, Biometrika 39 (1952); H. White, Econometrica 50 (1982) for the sandwich
estimator; K.-Y. Liang and S. L. Zeger, Biometrika 73 (1986) for its clustered form.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg.blas import dsymm
from scipy.linalg.lapack import dpotri

from core.text.proportions import Z95
from ratings.statistics.cluster_sums import sum_outer_products, sum_over_voters
from ratings.statistics.comparisons import Comparisons, VoterCounts
from ratings.statistics.components import label_components, list_components
from ratings.statistics.constants import ELO_SCALE, MEAN_RATING, MIN_VOTERS
from ratings.statistics.interval_widths import Spread, compute_degrees_of_freedom
from ratings.statistics.likelihood import (
    RESIDUAL_TOLERANCE,
    Estimate,
    build_laplacian,
    compute_chances,
    maximize_likelihood,
    sum_squared_residuals,
)
from ratings.statistics.placement import place_unbounded_models
from ratings.statistics.vote_arrays import Flags, Floats, Indices, sum_by_pair

_COUNT_TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False)
class Fit:
    """The ratings for M models, in Elo points and in the order of the board's labels. No value is NaN.

    ratings (M,): the ratings. The bounded models of each component have a mean of 1000.
    half_width (M,): for bounded models, half the width of the 95% interval, which is larger if there are few voters.
        For unbounded models, whose intervals have an open end, 1.96 times the standard error that comparisons use.
    ci_low, ci_high (M,): the ends of the 95% intervals. An open end is -inf or inf (null in the API).
    spread: the joint covariances, clustered by voter where `interval_kind` is "clustered". They are zero between
        bounded and unbounded models, and between components.
    component (M,): the component of each model. 0 is the main one. Ratings from different components are not
        comparable.
    unbounded (M,): True if the model has no finite maximum-likelihood estimate, so that a rule places it.
    interval_kind (M,): "plain" or "clustered".
    """

    ratings: Floats
    half_width: Floats
    ci_low: Floats
    ci_high: Floats
    spread: Spread
    component: Indices
    unbounded: Flags
    interval_kind: NDArray[np.str_]

    @property
    def se(self) -> Floats:
        """The published errors (M,): the half-widths divided by 1.96. With few voters, they exceed standard errors."""
        return self.half_width / Z95

    @cached_property
    def difference_se(self) -> Floats:
        """The standard errors of all differences (M, M). 1.96 times an error is half the width of the 95% interval."""
        errors: Floats = self.spread.compute_difference_half_widths() / Z95
        return errors


def fit(board: Comparisons, *, cluster: VoterCounts | None = None, start: ArrayLike | None = None) -> Fit:
    """Return the ratings for all models on the board.

    A model is bounded if its rating has a finite maximum-likelihood estimate.

    cluster: the votes of each voter. If at least five voters judged the bounded models of a component, the intervals of
        that component are clustered by voter. They use the factor G / (G - 1) for G voters and Student's t with the
        effective number of voters, and they are never narrower than the plain intervals (see `interval_widths`). Votes
        that are missing from `cluster` count as independent. If a model's summed scores are zero for every voter, for
        example because it had only one voter, all votes on it count as independent too.
    start (M,): starting values, such as the previous ratings. They affect the speed, but not the result.

    `likelihood.Estimate.from_bounded` sets the ends of the intervals, with half-widths from `interval_widths.Spread`.
    Models without a finite maximum are placed by `placement.place_unbounded_models`.

    Raises ValueError if `cluster` has votes that the board does not have. Raises likelihood.NotConverged if Newton's
    method does not reach a relative precision of 1e-10.
    """
    theta = _compute_start(board, start)
    parts = list_components(board)
    estimates = []
    for part in parts:
        if part.bounded.size:
            estimate = _fit_bounded(board, part.bounded, cluster, theta)
            theta[part.bounded] = estimate.theta
            estimates.append(estimate)
        if part.unbounded.size:
            # The placement reads the fitted strengths from theta.
            estimate = place_unbounded_models(board, part, theta)
            theta[part.unbounded] = estimate.theta
            estimates.append(estimate)
    return join_estimates(estimates, label_components(parts, len(board.labels))[0])


def join_estimates(estimates: Sequence[Estimate], component: Indices) -> Fit:
    """Combine estimates into one fit of M models. Each model must be in exactly one estimate.

    Covariances between two estimates are zero.

    component (M,): the component of each model.
    """
    size = len(component)
    theta, low, high = np.full((3, size), np.nan)
    bounded, clustered = np.zeros((2, size), dtype=bool)
    covariance, plain = np.zeros((2, size, size))
    degrees = np.full(size, np.inf)
    for estimate in estimates:
        models = estimate.models
        theta[models] = estimate.theta
        low[models] = estimate.low
        high[models] = estimate.high
        bounded[models] = estimate.bounded
        clustered[models] = estimate.clustered
        inside = np.ix_(models, models)
        covariance[inside] = ELO_SCALE**2 * estimate.spread.covariance
        plain[inside] = ELO_SCALE**2 * estimate.spread.plain
        degrees[models] = estimate.spread.degrees
    spread = Spread(covariance, plain, degrees)
    return Fit(
        ratings=MEAN_RATING + ELO_SCALE * theta,
        half_width=spread.compute_half_widths(),
        ci_low=MEAN_RATING + ELO_SCALE * low,
        ci_high=MEAN_RATING + ELO_SCALE * high,
        spread=spread,
        component=component,
        unbounded=~bounded,
        interval_kind=np.where(clustered, "clustered", "plain"),
    )


def _compute_start(board: Comparisons, start: ArrayLike | None) -> Floats:
    size = len(board.labels)
    won = board.wins.sum(axis=1)
    lost = board.wins.sum(axis=0)
    if start is None:
        half = (board.ties.sum(axis=1) + 1) / 2
        ratings = MEAN_RATING + ELO_SCALE * np.log((won + half) / (lost + half))
    else:
        ratings = np.array(start, dtype=np.float64)
    # If every model won as often as it lost, all ratings are 1000. This start makes the result exact to the last bit.
    if np.array_equal(won, lost):
        ratings = np.full(size, MEAN_RATING)
    theta: Floats = (ratings - MEAN_RATING) / ELO_SCALE
    return theta


def _fit_bounded(board: Comparisons, models: Indices, cluster: VoterCounts | None, theta: Floats) -> Estimate:
    matrices = [board.wins, board.ties, *board.squared]
    if len(models) < len(board.labels):
        inside = np.ix_(models, models)
        matrices = [matrix[inside] for matrix in matrices]
    wins, ties, squared_wins, squared_ties = matrices
    score = wins + ties / 2
    strengths, cholesky_factor = maximize_likelihood(score, score.T.copy(), theta[models] - theta[models].mean())
    strengths -= strengths.mean()
    votes = _FittedVotes(wins, ties, squared_wins, squared_ties, *compute_chances(strengths, strengths))
    rows = cluster and cluster.select_between(models, len(board.labels))
    spread, clustered = _compute_spread(votes, rows, cholesky_factor)
    return Estimate.from_bounded(models, strengths, spread, clustered)


@dataclass(frozen=True, eq=False)
class _FittedVotes:
    """The votes between m bounded models, as (m, m) matrices.

    squared_wins, squared_ties (m, m): the wins and ties, with squared filter weights.
    p, q (m, m): the fitted probabilities that the row's model wins and loses.
    """

    wins: Floats
    ties: Floats
    squared_wins: Floats
    squared_ties: Floats
    p: Floats
    q: Floats

    @cached_property
    def information(self) -> Floats:
        """The Fisher information of the votes on each pair (m, m)."""
        return (self.wins + self.wins.T + self.ties) * self.p * self.q

    @cached_property
    def squared_residuals(self) -> Floats:
        """The sum of the squared weighted residuals of the votes on each pair (m, m)."""
        return sum_squared_residuals(self.squared_wins, self.squared_ties, self.p, self.q)


def _compute_spread(votes: _FittedVotes, rows: VoterCounts | None, cholesky_factor: Floats) -> tuple[Spread, Flags]:
    """Return the spread of the strengths, and whether the error of each model is clustered by voter (m,)."""
    size = len(votes.wins)
    # This fails only for a factor with a zero on its diagonal, and the fit has refused such matrices.
    inverse, _ = dpotri(cholesky_factor, lower=True)
    plain = _compute_sandwich(votes, build_laplacian(votes.squared_residuals), inverse)
    voters = 0 if rows is None else np.count_nonzero(np.bincount(rows.voter))
    if rows is None or voters < MIN_VOTERS:
        return Spread.unclustered(plain), np.zeros(size, dtype=bool)
    by_voter = _sum_score_products(votes, rows)
    # If a model's summed scores are zero for every voter, its votes count as independent.
    lacks_scores = by_voter.diagonal() <= RESIDUAL_TOLERANCE * votes.squared_residuals.sum(axis=1)
    if lacks_scores.any():
        rows = rows.select_rows(~(lacks_scores[rows.first] | lacks_scores[rows.second]))
        by_voter = _sum_score_products(votes, rows)
    unattributed = _subtract_voter_counts(votes, rows)
    meat = voters / (voters - 1) * by_voter + build_laplacian(unattributed.squared_residuals)
    covariance = _compute_sandwich(votes, meat, inverse)
    clustered = np.bincount(rows.first, minlength=size) + np.bincount(rows.second, minlength=size) > 0
    # Each vote without a voter counts as a vote from a separate voter.
    squared_weights = unattributed.squared_wins + unattributed.squared_wins.T + unattributed.squared_ties
    information = rows.votes * (votes.p * votes.q)[rows.first, rows.second]
    (squares,) = sum_over_voters(rows.voter, (rows.first, rows.second), information, size, [np.square])
    squares += (squared_weights * (votes.p * votes.q) ** 2).sum(axis=1)
    degrees = compute_degrees_of_freedom(votes.information.sum(axis=1), squares)
    return Spread(covariance, plain, np.where(clustered, degrees, np.inf)), clustered


def _compute_sandwich(votes: _FittedVotes, meat: Floats, inverse: Floats) -> Floats:
    """Return the sandwich covariance H+ B H+, where H is the Hessian and B is the sum of the squared scores.

    votes: the fitted votes.
    meat: B.
    inverse: a matrix that equals the pseudo-inverse H+ for vectors with the sum 0, which include all columns of B.
    """
    # If all votes on a model are ties between equal ratings, it has no residuals, so its error comes from the Hessian.
    information = votes.information
    lacks_residuals = votes.squared_residuals.sum(axis=1) <= RESIDUAL_TOLERANCE * information.sum(axis=1)
    if lacks_residuals.any():
        meat = meat + build_laplacian(np.where(lacks_residuals[:, None] | lacks_residuals, information, 0))
    covariance: Floats = dsymm(1.0, inverse, dsymm(1.0, inverse, meat.T, lower=True), side=True, lower=True)
    covariance = (covariance + covariance.T) / 2
    np.fill_diagonal(covariance, np.maximum(covariance.diagonal(), 0))  # rounding can push a variance of 0 below 0
    if lacks_residuals.any():
        hessian_variances = inverse.diagonal() - 1 / np.trace(build_laplacian(information))
        scale = np.where(lacks_residuals, np.sqrt(hessian_variances / covariance.diagonal()), 1.0)
        covariance *= scale[:, None] * scale
    return covariance


def _sum_score_products(votes: _FittedVotes, rows: VoterCounts) -> Floats:
    """Return the sum over voters of the outer products of their scores (m, m).

    The score of the first model of a row is the sum of outcome minus probability. The second model has the negative
    score.
    """
    pair = rows.first * len(votes.wins) + rows.second
    residuals = rows.compute_residuals(votes.p.take(pair), votes.q.take(pair))
    return sum_outer_products(rows.voter, [(rows.first, residuals), (rows.second, -residuals)], len(votes.wins))


def _subtract_voter_counts(votes: _FittedVotes, rows: VoterCounts) -> _FittedVotes:
    """Return the votes without a known voter. Raises ValueError if `rows` has votes that `votes` does not have."""
    size = len(votes.wins)
    if rows.wins.sum() + rows.losses.sum() + rows.ties.sum() == votes.wins.sum() + votes.ties.sum() / 2:
        no_votes = np.zeros((size, size))
        return _FittedVotes(no_votes, no_votes, no_votes, no_votes, votes.p, votes.q)
    counts = _subtract_rows(votes.wins, votes.ties, rows)
    squared = _subtract_rows(votes.squared_wins, votes.squared_ties, rows.square_weights())
    return _FittedVotes(*counts, *squared, votes.p, votes.q)


def _subtract_rows(wins: Floats, ties: Floats, rows: VoterCounts) -> tuple[Floats, Floats]:
    """Return the wins and ties (m, m) that are not in `rows`. Raises ValueError if a result is negative."""
    size = len(wins)
    voter_ties = sum_by_pair(size, rows.first, rows.second, rows.ties)
    voter_wins = sum_by_pair(size, rows.first, rows.second, rows.wins)
    voter_wins += sum_by_pair(size, rows.second, rows.first, rows.losses)
    other_wins = wins - voter_wins
    other_ties = ties - voter_ties - voter_ties.T
    if min(other_wins.min(), other_ties.min()) < -_COUNT_TOLERANCE:
        raise ValueError("cluster contains votes that the board does not contain")
    return np.maximum(other_wins, 0), np.maximum(other_ties, 0)
