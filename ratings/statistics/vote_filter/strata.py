"""Tests whether a model appears, wins, or loses more often in a stratum than honest votes can explain.

A stratum is a set of votes from a range of epochs, by voters with similar numbers of votes in an epoch. Appearances are
tested against the chances under which the pairs were drawn. Wins are tested against all votes outside the stratum, pair
by pair.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri, pdtrc

from ratings.statistics.vote_arrays import Flags, Floats, Indices, sum_by_pair
from ratings.statistics.vote_filter.aims import Aims

# The tested ratios of appearances to expected appearances.
RATIOS = (1.1, 1.25, 1.5, 2.0, 4.0, 16.0)
# The tolerated relative error of expected appearances: this share, or this many standard errors of the completion,
# whichever is larger.
_MIN_SLACK = 0.03
_SLACK_ERRORS = 2.0
# The chance of a false hit, over all strata together.
FALSE_HIT_CHANCE = 1e-3
# Wins are tested only if the effective number of the model's voters is at least this, both inside and outside the
# stratum.
MIN_VOTERS = 50
PRIOR_VOTES = 20.0  # the weight of the fitted ratings in the expected score of a pair
# The direction of an excess is used only if the excess is at least this many standard errors from zero.
MIN_Z = 2.0
_ANSCOMBE = 3 / 8
_JOINT_LIMITS = (3.0, 3.5, 4.0)
_MIN_JOINT = 3
_MIN_MODELS_FOR_SPREAD = 8
_MEDIAN_OF_HALF_NORMAL = 0.6745


@dataclass(frozen=True, eq=False)
class Reference:
    """The votes of all closed epochs and the strengths fitted to them. A stratum is compared with them.

    score (M, M): the weighted wins of each model over each other model. A tie is half a win.
    p (M, M): the fitted chances.
    variance (M,): the variance of each fitted strength.
    votes, squares (M,): the sums over voters of their numbers of votes with each model, and of the squared numbers.
    """

    score: Floats
    p: Floats
    variance: Floats
    votes: Floats
    squares: Floats


@dataclass(frozen=True, eq=False)
class Stratum:
    """The n votes of a stratum that have a weight above 0. They are between M models.

    votes (n,): positions in the records. The other arrays are in the same order.
    a, b, voter, row (n,): models, voters, and rows of `chances`.
    won (n,): 1 if a won, 0 if b won, 0.5 for a tie.
    chances (R, M): the chance that each model is in a vote, for each row.
    weight (n,): the current weights. Only the values in this array change: removals set them in place.
    """

    votes: Indices
    a: Indices
    b: Indices
    voter: Indices
    row: Indices
    won: Floats
    chances: Floats
    weight: Floats

    def sum_by_model(self, first: Floats, second: Floats) -> Floats:
        """Return the sum of each model's values (M,): of `first` if it is a in a vote, and of `second` if it is b."""
        size = self.chances.shape[1]
        sums = np.bincount(self.a, first, size) + np.bincount(self.b, second, size)
        return sums.astype(np.float64)

    def sum_scores(self) -> Floats:
        """Return the weighted wins of each model over each other model (M, M)."""
        size = self.chances.shape[1]
        won = sum_by_pair(size, self.a, self.b, self.weight * self.won)
        return won + sum_by_pair(size, self.b, self.a, self.weight * (1 - self.won))


@dataclass(frozen=True, eq=False)
class Appearances:
    """The appearances of each model in a stratum, compared with their expected number.

    seen, expected (M,): the weighted appearances, and their expected number.
    log_e (M,): the log e-value of the hypothesis that the model appears too often.
    error (M,): the standard error of `expected`.
    """

    seen: Floats
    expected: Floats
    log_e: Floats
    error: Floats

    @property
    def z(self) -> Floats:
        """The excess in standard errors.

        A square-root transform makes small counts almost normal (F. Anscombe, 1948).
        """
        counted = 2 * (np.sqrt(self.seen + _ANSCOMBE) - np.sqrt(self.expected + _ANSCOMBE))
        return counted * np.sqrt(self.expected + 1e-9) / self.error


def count_appearances(stratum: Stratum, growth: Floats, completion_error: Floats) -> Appearances:
    """Return the test of appearances.

    completion_error (M,): the relative error of the expected number.
    growth (L, R, M): from `compute_growth`.

    Under any draw that depends only on the past, the exponential of each entry of `logs` has a mean of at most 1, so
    the mean of the exponentials over the L ratios is an e-value. By Jensen's inequality, this also holds for weights
    below 1.
    """
    rows = np.bincount(stratum.row, stratum.weight, growth.shape[1])
    seen = stratum.sum_by_model(stratum.weight, stratum.weight)
    logs = np.outer(np.log(RATIOS), seen) - rows @ growth
    expected = rows @ stratum.chances
    error = np.sqrt(expected + (completion_error * expected) ** 2 + 1e-9)
    return Appearances(seen, expected, np.logaddexp.reduce(logs, axis=0) - np.log(len(RATIOS)), error)


def compute_growth(chances: Floats, completion_error: Floats) -> Floats:
    """Return log(1 + (ratio - 1) * chance) for each ratio (L, R, M), with a tolerance for errors in the chances."""
    slack = np.maximum(_MIN_SLACK, _SLACK_ERRORS * completion_error)
    tolerated = np.minimum((1 + slack) * chances, 1.0)
    growth: Floats = np.log1p((np.array(RATIOS)[:, None, None] - 1) * tolerated)
    return growth


def compute_log_e_limit(tests: int) -> float:
    return float(np.log(tests / FALSE_HIT_CHANCE))


def compute_z_limit(tests: int) -> float:
    """Return the number of standard errors that a two-sided test must exceed."""
    return float(-ndtri(FALSE_HIT_CHANCE / (2 * tests)))


@dataclass(frozen=True, eq=False)
class Wins:
    """The wins of each model compared with their expected number.

    excess (M,): wins minus expected wins. A tie is half a win.
    error (M,): the standard error of the excess.
    expected (M, M): the expected score of each model against each other model.
    tested (M,): whether there are enough votes and voters to test the excess.
    """

    excess: Floats
    error: Floats
    expected: Floats
    tested: Flags

    @property
    def z(self) -> Floats:
        """The excess in standard errors, 0 if the model is not tested (M,)."""
        return np.where(self.tested, self.excess / self.error, 0.0)


def compare_wins(stratum: Stratum, reference: Reference) -> Wins:
    """Return the test of wins against the votes outside the stratum.

    Groups of voters differ in taste, so the errors are widened by the spread of the excess over models.
    """
    score = stratum.sum_scores()
    outside_score = np.maximum(reference.score - score, 0)
    votes = outside_score + outside_score.T
    expected = (outside_score + PRIOR_VOTES * reference.p) / (votes + PRIOR_VOTES)
    residual = stratum.weight * (stratum.won - expected[stratum.a, stratum.b])
    excess = stratum.sum_by_model(residual, -residual)
    inside = score + score.T
    spread = expected * (1 - expected)
    expected_variance = (inside**2 * spread * votes / (votes + PRIOR_VOTES) ** 2).sum(axis=1)
    prior_effect = (inside * spread * PRIOR_VOTES / (votes + PRIOR_VOTES)).sum(axis=1)
    expected_variance += prior_effect**2 * reference.variance
    count, squares, by_voter = _sum_by_voter(stratum, residual)
    variance = np.maximum((inside * spread).sum(axis=1), by_voter) + expected_variance
    outside = reference.votes - count
    tested = _has_enough_voters(count, squares)
    tested &= _has_enough_voters(outside, np.maximum(reference.squares - squares, outside))
    # The reference must have at least as many votes as the stratum. Otherwise, a few votes outside would determine the
    # expected scores of all votes inside.
    tested &= votes.sum(axis=1) >= inside.sum(axis=1)
    error = np.sqrt(variance + 1e-9)
    return Wins(excess, error * _measure_spread(excess[tested] / error[tested]), expected, tested)


def has_testable_wins(stratum: Stratum) -> bool:
    """Return whether any model can have enough voters. The effective number is at most the number of votes."""
    ones = np.ones(len(stratum.votes))
    return bool(stratum.sum_by_model(ones, ones).max(initial=0) >= MIN_VOTERS)


def _has_enough_voters(votes: Floats, squares: Floats) -> Flags:
    enough: Flags = votes**2 >= MIN_VOTERS * np.maximum(squares, 1e-9)
    return enough & (votes > 0)


def _measure_spread(z: Floats) -> float:
    if len(z) < _MIN_MODELS_FOR_SPREAD:
        return 1.0
    return max(1.0, float(np.median(np.abs(z))) / _MEDIAN_OF_HALF_NORMAL)


def find_joint_hits(z: Floats, tests: int) -> Flags:
    """Return a mask (M,) of the models that, as a group, win or lose too often.

    If more models exceed a limit than chance allows over all tests, all of them are hits, because an attack on a model
    can also affect its rivals. The tail of the number of independent models beyond a limit is at most that of a Poisson
    distribution (W. Hoeffding, 1956).
    """
    distance = np.abs(z)
    hits = np.zeros(len(z), dtype=bool)
    for limit in _JOINT_LIMITS:
        beyond = distance >= limit
        chance = 2 * len(z) * ndtr(-limit)
        if (
            beyond.sum() >= _MIN_JOINT
            and pdtrc(beyond.sum() - 1, chance) * len(_JOINT_LIMITS) * tests <= FALSE_HIT_CHANCE
        ):
            hits |= beyond
    return hits


def find_hits(appearances: Floats, wins: Floats, tests: int) -> Aims:
    """Return the models that appear too often and win too often or too rarely, either alone or as a group.

    appearances, wins (M,): the excesses in standard errors. An attack makes its model appear more often and win more or
    less often. In honest votes, the two are independent, so their sum is a stronger test than either of them.
    """
    frequency = np.maximum(appearances / _measure_spread(appearances), 0)
    combined = (frequency + np.abs(wins)) / np.sqrt(2)
    hits = (combined >= compute_z_limit(tests)) | find_joint_hits(combined, tests)
    frequent = find_joint_hits(frequency, tests)
    lifted = (hits | frequent) & (wins >= MIN_Z)
    lowered = (hits | frequent) & (wins <= -MIN_Z)
    return Aims(lifted, lowered, frequent & ~lifted & ~lowered)


def _sum_by_voter(stratum: Stratum, residual: Floats) -> tuple[Floats, Floats, Floats]:
    """Return sums over voters (M,): of their votes with each model, of the squared number, and of the squared residual.

    The stratum must not be empty. Votes are not counted after their weight has been removed.
    """
    size = stratum.chances.shape[1]
    keys = np.concatenate((stratum.voter * size + stratum.a, stratum.voter * size + stratum.b))
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    starts = np.flatnonzero(np.diff(keys, prepend=-1))
    model = keys[starts] % size
    counted = np.tile(stratum.weight > 0, 2)[order].astype(np.float64)
    counts = np.add.reduceat(counted, starts)
    sums = np.add.reduceat(np.concatenate((residual, -residual))[order], starts)
    columns = (counts, counts**2, sums**2)
    votes, squares, residuals = (np.bincount(model, column, size).astype(np.float64) for column in columns)
    return votes, squares, residuals
