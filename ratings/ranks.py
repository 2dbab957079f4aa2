"""Ranks, tiers and comparisons of pairs from a fit, each with the uncertainty of the joint covariance.

Ranks hold within a component; ratings of two components cannot be compared.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.special import ndtri

from ratings.bradley_terry import Fit
from ratings.comparisons import Comparisons
from ratings.likelihood import chances, squared_residuals
from ratings.scale import SCALE, Z95
from ratings.vote_arrays import Floats, Indices

# Elo points; what is nearer is equal, the difference being that of rounding.
_EQUAL = 1e-8
# A product of chances below this may be 0 by underflow; no number of votes helps there.
_HOPELESS = 1e-200


class Rated(Protocol):
    """Of a fit, what comparing pairs takes."""

    @property
    def ratings(self) -> Floats: ...

    @property
    def covariance(self) -> Floats: ...

    @property
    def component(self) -> Indices: ...


@dataclass(frozen=True, eq=False)
class Ranks:
    """Whole numbers from 1 for each of M models; ranks are within a component of models that votes connect.

    `rank_low` and `rank_high` count the models that are better or worse by a two-sided 95 % test of the difference,
    `rank_ub` those whose interval lies wholly above; `tier` 1 holds every model that may be the best.
    """

    rank: Indices
    rank_low: Indices
    rank_high: Indices
    rank_ub: Indices
    tier: Indices


@dataclass(frozen=True, eq=False)
class Pairs:
    """M x M, row against column.

    diff, diff_se: Elo points; diff_se is inf between components, where no figure of this pair means anything.
    win_rate: the predicted score, a tie being half. votes_needed: how many more direct votes would make the
    difference significant at today's estimate; inf where none would.
    """

    diff: Floats
    diff_se: Floats
    win_rate: Floats
    votes_needed: Floats


def ranks(fit: Fit) -> Ranks:
    """Rank all models of a fit.

    Models differ if the two-sided 95 % test of their difference says so, or if their intervals do not overlap,
    which for bounded models implies the first.
    """
    together = fit.component[:, None] == fit.component
    diff = np.where(together, fit.ratings[:, None] - fit.ratings, 0.0)
    apart = together & (fit.ci_low[:, None] > fit.ci_high)
    better = (diff > np.maximum(Z95 * _standard_error(fit), _EQUAL)) | apart
    return Ranks(
        rank=1 + (diff > _EQUAL).sum(axis=0),
        rank_low=1 + better.sum(axis=0),
        rank_high=together.sum(axis=0) - better.sum(axis=1),
        rank_ub=1 + apart.sum(axis=0),
        tier=_tiers(fit),
    )


def pairs(fit: Rated, board: Comparisons) -> Pairs:
    """Compare all pairs of a fit of this board.

    n direct votes add n * p * q / k to the precision of a difference, where p and q are the predicted scores and
    k, from the board's own residuals, how much less a vote varies because of ties.
    """
    together = fit.component[:, None] == fit.component
    diff = fit.ratings[:, None] - fit.ratings
    error = np.where(together, _standard_error(fit), np.inf)
    p, q = chances(fit.ratings / SCALE, fit.ratings / SCALE)
    expected = float((board.votes * p * q).sum())
    noise = float(squared_residuals(board.wins, board.ties, p, q).sum())
    spread = noise / expected if noise > 0 else 1.0
    open_pair = together & (np.abs(diff) > _EQUAL)
    missing = (Z95 / np.where(open_pair, diff, 1.0)) ** 2 - 1 / np.where(open_pair, error, 1.0) ** 2
    needed = np.floor(SCALE**2 * spread * missing / np.maximum(p * q, _HOPELESS)) + 1
    return Pairs(diff, error, p, np.where(open_pair, np.maximum(needed, 0), np.inf))


def _standard_error(fit: Rated) -> Floats:
    variance = fit.covariance.diagonal()
    error: Floats = np.sqrt(np.maximum(variance[:, None] + variance - 2 * fit.covariance, 0))
    return error


def _tiers(fit: Fit) -> Indices:
    error = _standard_error(fit)
    tier = np.zeros(len(fit.ratings), dtype=np.intp)
    for number in np.unique(fit.component):
        models = np.flatnonzero(fit.component == number)
        width = _simultaneous(len(models))
        while models.size:
            leader = models[fit.ratings[models].argmax()]
            behind = fit.ratings[leader] - fit.ratings[models] > width * error[leader, models] + _EQUAL
            tier[models] += 1
            models = models[behind]
    return tier


def _simultaneous(models: int) -> float:
    """Half-width, in standard errors, of intervals for all differences that hold at once with 95 %.

    The leader is chosen by the data, so all pairs are covered, not only those of one model (Z. Sidak, Journal
    of the American Statistical Association 62, 1967, for normal estimates with any correlation).
    """
    comparisons = max(models * (models - 1) / 2, 1)
    return float(ndtri((1 + 0.95 ** (1 / comparisons)) / 2))
