"""Bradley-Terry ratings by exact maximum likelihood, with sandwich intervals.

The chance that i beats j is 1 / (1 + 10 ** ((r_j - r_i) / 400)); a tie is half a win for each side.

Sources: R. A. Bradley and M. E. Terry, Biometrika 39 (1952); H. White, Econometrica 50 (1982) for the sandwich;
K.-Y. Liang and S. L. Zeger, Biometrika 73 (1986) for its clustered form.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg.blas import dsymm
from scipy.linalg.lapack import dpotri

from ratings.statistics.cluster_sums import sum_pair_products
from ratings.statistics.comparisons import Comparisons, VoterCounts
from ratings.statistics.components import Component, list_components
from ratings.statistics.constants import ELO_SCALE, MEAN_RATING, MIN_VOTERS, Z95
from ratings.statistics.interval_widths import Spread, compute_degrees_of_freedom
from ratings.statistics.likelihood import (
    CholeskyFactor,
    Estimate,
    Flags,
    build_laplacian,
    compute_chances,
    maximize,
    sum_squared_residuals,
)
from ratings.statistics.placement import place_loose_models
from ratings.statistics.vote_arrays import Floats, Indices

# Sums of squares below this part of what is expected are rounding.
_RESIDUAL_TOLERANCE = 1e-12
_COUNT_TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False)
class Fit:
    """Ratings of M models in the order of the board's labels, in Elo points; never NaN.

    ratings, se, ci_low, ci_high (M,): the bounded models of a component average 1000; 95 % intervals, of which
    an open end is -inf or inf (null for the public). se: 1.96 of it are half of a closed interval of a fitted model,
    so it holds how few voters there are. spread: the joint covariances, zero between fitted and placed models and
    across components. component (M,): 0 is the main one; ratings of two components cannot be compared. unbounded
    (M,): placed, not fitted. interval (M,): 'plain' or 'clustered'. iterations: Newton steps in all.
    """

    ratings: Floats
    se: Floats
    ci_low: Floats
    ci_high: Floats
    spread: Spread
    component: Indices
    unbounded: Flags
    interval: NDArray[np.str_]
    iterations: int

    @property
    def covariance(self) -> Floats:
        """(M, M): the joint sandwich, clustered by voter where `interval` says so."""
        return self.spread.covariance

    @cached_property
    def error(self) -> Floats:
        """(M, M): 1.96 of it are half of the 95 % interval of each difference."""
        error: Floats = self.spread.of_differences() / Z95
        return error


def fit(board: Comparisons, *, cluster: VoterCounts | None = None, start: ArrayLike | None = None) -> Fit:
    """Rate every model of the board.

    cluster: who cast the votes. Where five voters or more judged the bounded models of a component, its
    intervals are clustered by voter with factor G / (G - 1) and Student's t for the voters in effect, and never
    narrower than the plain ones (see `intervals`). Votes that it does not name count one by one, and so do those of a
    model for which the sums of all its voters vanish (it had a single voter, say).
    start (M,): ratings to start from, the last ones for instance; they change the time, not the result.

    Models without a finite maximum are placed instead: see `placement.place`.

    ValueError: start is not M finite numbers, or cluster has votes that the board has not.
    likelihood.NotConverged: the maximum was not found to a relative 1e-10.
    """
    theta, component = _compute_start(board, start), np.zeros(len(board.labels), dtype=np.intp)
    estimates = []
    for number, part in enumerate(list_components(board)):
        component[part.bounded] = component[part.loose] = number
        for found in _iter_estimates(board, part, cluster, theta):
            theta[found.models] = found.theta
            estimates.append(found)
    return join_estimates(estimates, component)


def join_estimates(estimates: Sequence[Estimate], component: Indices) -> Fit:
    """One fit of estimates that hold each of M models once; component (M,) says which may be compared."""
    size = len(component)
    theta, low, high = np.zeros((3, size))
    bounded, clustered = np.zeros((2, size), dtype=bool)
    for found in estimates:
        theta[found.models], low[found.models], high[found.models] = found.theta, found.low, found.high
        bounded[found.models], clustered[found.models] = found.bounded, found.clustered
    spread = _join_spreads([(found.models, found.spread) for found in estimates], size)
    return Fit(
        ratings=MEAN_RATING + ELO_SCALE * theta,
        se=spread.of_models() / Z95,
        ci_low=MEAN_RATING + ELO_SCALE * low,
        ci_high=MEAN_RATING + ELO_SCALE * high,
        spread=spread,
        component=component,
        unbounded=~bounded,
        interval=np.where(clustered, "clustered", "plain"),
        iterations=sum(found.iterations for found in estimates),
    )


def _join_spreads(spreads: Sequence[tuple[Indices, Spread]], size: int) -> Spread:
    """Those of all models, in Elo points; zero between different ones."""
    covariance, degrees = np.zeros((size, size)), np.full(size, np.inf)
    for models, spread in spreads:
        covariance[np.ix_(models, models)] = ELO_SCALE**2 * spread.covariance
        degrees[models] = spread.degrees
    if np.isinf(degrees).all():
        return Spread(covariance, covariance, degrees)
    plain = np.zeros((size, size))
    for models, spread in spreads:
        plain[np.ix_(models, models)] = ELO_SCALE**2 * spread.plain
    return Spread(covariance, plain, degrees)


def _compute_start(board: Comparisons, start: ArrayLike | None) -> Floats:
    size = len(board.labels)
    won, lost = board.wins.sum(axis=1), board.wins.sum(axis=0)
    if start is None:
        half = (board.ties.sum(axis=1) + 1) / 2
        ratings = MEAN_RATING + ELO_SCALE * np.log((won + half) / (lost + half))
    else:
        ratings = np.array(start, dtype=np.float64)
    if ratings.shape != (size,) or not np.isfinite(ratings).all():
        raise ValueError(f"start must be {size} finite ratings, one for each model")
    # Where everyone took half of the points the maximum is 1000 for all, and to the last bit only from there.
    if np.array_equal(won, lost):
        ratings = np.full(size, MEAN_RATING)
    theta: Floats = (ratings - MEAN_RATING) / ELO_SCALE
    return theta


def _iter_estimates(
    board: Comparisons, part: Component, cluster: VoterCounts | None, theta: Floats
) -> Iterator[Estimate]:
    # The caller writes the first estimate into theta before it takes the second, which starts from it.
    if part.bounded.size:
        yield _fit_bounded(board, part.bounded, cluster, theta)
    if part.loose.size:
        yield place_loose_models(board, part, theta)


def _fit_bounded(board: Comparisons, models: Indices, cluster: VoterCounts | None, theta: Floats) -> Estimate:
    wins, ties = board.wins, board.ties
    if len(models) < len(board.labels):
        wins, ties = wins[np.ix_(models, models)], ties[np.ix_(models, models)]
    score = wins + ties / 2
    found, factor, iterations = maximize(score, score.T.copy(), theta[models] - theta[models].mean())
    found -= found.mean()
    votes = _FittedVotes(wins, ties, *compute_chances(found, found))
    spread, clustered = _compute_spread(votes, _select_rows_between(cluster, models, len(board.labels)), factor)
    margin = spread.of_models()
    return Estimate(models, found, spread, found - margin, found + margin, clustered, iterations, bounded=True)


@dataclass(frozen=True, eq=False)
class _FittedVotes:
    """Votes between bounded models (m, m) with the fitted chances p to win and q to lose."""

    wins: Floats
    ties: Floats
    p: Floats
    q: Floats

    @cached_property
    def information(self) -> Floats:
        """Per pair the information of its votes."""
        return (self.wins + self.wins.T + self.ties) * self.p * self.q

    @cached_property
    def noise(self) -> Floats:
        """Per pair the squared residuals of its votes."""
        return sum_squared_residuals(self.wins, self.ties, self.p, self.q)


def _compute_spread(votes: _FittedVotes, rows: VoterCounts | None, factor: CholeskyFactor) -> tuple[Spread, Flags]:
    """How certain the strengths are, and whose errors are clustered by voter (m,)."""
    size = len(votes.wins)
    inverse, _ = dpotri(factor[0], lower=factor[1])
    plain = _compute_sandwich(votes, build_laplacian(votes.noise), inverse)
    nobody = Spread(plain, plain, np.full(size, np.inf)), np.zeros(size, dtype=bool)
    if rows is None:
        return nobody
    voters = np.count_nonzero(np.bincount(rows.voter))
    if voters < MIN_VOTERS:
        return nobody
    rows, by_voter, squares = _sum_informative_voters(votes, rows)
    unnamed = _subtract_named_votes(votes, rows)
    covariance = _compute_sandwich(votes, voters / (voters - 1) * by_voter + build_laplacian(unnamed.noise), inverse)
    named = np.bincount(rows.first, minlength=size) + np.bincount(rows.second, minlength=size) > 0
    return Spread(covariance, plain, np.where(named, _compute_degrees(votes, unnamed, squares), np.inf)), named


def _compute_sandwich(votes: _FittedVotes, meat: Floats, inverse: Floats) -> Floats:
    """H+ B H+ on the sum-zero space: there the inverse is H+, and B leads nowhere else."""
    # A model whose votes are all ties at equal ratings has no residual: its error is the Hessian's.
    information = votes.information
    flat = votes.noise.sum(axis=1) <= _RESIDUAL_TOLERANCE * information.sum(axis=1)
    if flat.any():
        meat = meat + build_laplacian(np.where(flat[:, None] | flat, information, 0))
    covariance: Floats = dsymm(1.0, inverse, dsymm(1.0, inverse, meat.T, lower=True), side=True, lower=True)
    covariance = (covariance + covariance.T) / 2
    np.fill_diagonal(covariance, np.maximum(covariance.diagonal(), 0))  # a variance of 0 may round to less
    if flat.any():
        expected = inverse.diagonal() - 1 / np.trace(build_laplacian(information))
        widen = np.where(flat, np.sqrt(expected / covariance.diagonal()), 1.0)
        covariance *= widen[:, None] * widen
    return covariance


def _sum_informative_voters(votes: _FittedVotes, rows: VoterCounts) -> tuple[VoterCounts, Floats, Floats]:
    """Sums over voters of the squares of their scores (m, m) and of their information on each model (m,).

    Without the rows of models for which all scores vanish; the rows that are left come first.
    """
    by_voter, squares = _sum_voter_squares(votes, rows)
    silent = by_voter.diagonal() <= _RESIDUAL_TOLERANCE * votes.noise.sum(axis=1)
    if silent.any():
        rows = rows.restricted(~(silent[rows.first] | silent[rows.second]))
        by_voter, squares = _sum_voter_squares(votes, rows)
    return rows, by_voter, squares


def _sum_voter_squares(votes: _FittedVotes, rows: VoterCounts) -> tuple[Floats, Floats]:
    """A score is outcome minus chance for the first model, the negative for the second."""
    size = len(votes.wins)
    pair = rows.first * size + rows.second
    p, q = votes.p.take(pair), votes.q.take(pair)
    residual = rows.wins * q - rows.losses * p + rows.ties * (q - p) / 2
    information = (rows.wins + rows.losses + rows.ties) * p * q
    return sum_pair_products(rows.voter, (rows.first, rows.second), residual, information, size)


def _compute_degrees(votes: _FittedVotes, unnamed: _FittedVotes, squares: Floats) -> Floats:
    """(m,): the degrees of freedom of errors that are clustered by voter; an unnamed vote is of a voter of its own."""
    alone = (unnamed.information * votes.p * votes.q).sum(axis=1)
    return compute_degrees_of_freedom(votes.information.sum(axis=1), squares + alone)


def _subtract_named_votes(votes: _FittedVotes, rows: VoterCounts) -> _FittedVotes:
    size = len(votes.wins)
    if rows.wins.sum() + rows.losses.sum() + rows.ties.sum() == votes.wins.sum() + votes.ties.sum() / 2:
        return replace(votes, wins=np.zeros((size, size)), ties=np.zeros((size, size)))

    def counted(row: Indices, column: Indices, counts: Floats) -> Floats:
        table = np.bincount(row * size + column, counts, size * size).astype(np.float64)
        return table.reshape(size, size)

    ties = counted(rows.first, rows.second, rows.ties)
    wins = counted(rows.first, rows.second, rows.wins) + counted(rows.second, rows.first, rows.losses)
    wins, ties = votes.wins - wins, votes.ties - ties - ties.T
    if min(wins.min(), ties.min()) < -_COUNT_TOLERANCE:
        raise ValueError("cluster has votes that the board has not")
    return replace(votes, wins=np.maximum(wins, 0), ties=np.maximum(ties, 0))


def _select_rows_between(cluster: VoterCounts | None, models: Indices, size: int) -> VoterCounts | None:
    if cluster is None:
        return None
    if max(cluster.first.max(initial=-1), cluster.second.max(initial=-1)) >= size:
        raise ValueError("cluster has models that the board has not")
    if len(models) == size:
        return cluster
    place_of = np.full(size, -1)
    place_of[models] = np.arange(len(models))
    rows = replace(cluster, first=place_of[cluster.first], second=place_of[cluster.second])
    return rows.restricted((rows.first >= 0) & (rows.second >= 0))
