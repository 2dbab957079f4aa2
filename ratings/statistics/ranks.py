"""Ranks, tiers and comparisons of pairs from a fit, each with the uncertainty of the joint covariance.

Ranks hold within a component; ratings of two components cannot be compared.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ratings.statistics.bradley_terry import Fit
from ratings.statistics.comparisons import Comparisons
from ratings.statistics.constants import ELO_SCALE, MIN_RANKED_MODELS, MIN_VOTES_FOR_RANK, Z95
from ratings.statistics.likelihood import Flags, compute_chances, sum_squared_residuals
from ratings.statistics.vote_arrays import Floats, Indices

# Elo points; what is nearer is equal, the difference being that of rounding.
_RATING_TOLERANCE = 1e-8
# A product of chances below this may be 0 by underflow; no number of votes helps there.
_MIN_CHANCE_PRODUCT = 1e-200


class ComparableFit(Protocol):
    """Of a fit, what comparing pairs takes."""

    @property
    def ratings(self) -> Floats: ...

    @property
    def error(self) -> Floats: ...

    @property
    def component(self) -> Indices: ...


@dataclass(frozen=True, eq=False)
class Ranks:
    """Whole numbers from 1 for each of M models; ranks are within a component of models that votes connect.

    ranked (M,): the models among which ranks are counted; the others have 0 as `rank`, `rank_ub` and `tier`, and as
    `rank_low` and `rank_high` where they could stand among these. `rank_low` and `rank_high` count the models that are
    better or worse by a two-sided 95 % test of the difference, `rank_ub` those whose interval lies wholly above;
    `tier` 1 holds every model that may be the best.
    """

    ranked: Flags
    rank: Indices
    rank_low: Indices
    rank_high: Indices
    rank_ub: Indices
    tier: Indices


@dataclass(frozen=True, eq=False)
class PairComparisons:
    """M x M, row against column.

    diff, diff_se: Elo points; 1.96 diff_se are half of the 95 % interval of the difference (`Fit.error`), and it is inf
    between components, where no figure of this pair means anything.
    win_rate: the predicted score, a tie being half. votes_needed: how many more direct votes would make the
    difference significant at today's estimate; inf where none would.
    """

    diff: Floats
    diff_se: Floats
    win_rate: Floats
    votes_needed: Floats


def has_enough_votes(bounded: Flags, weight: Floats) -> Flags:
    """(M,): the models whose votes suffice for a rank.

    weight (M,): what the votes of each weigh, no voter counting for more than 20 of them. Never by an interval: of
    that, more votes might take a rank away.
    """
    enough: Flags = bounded & (weight >= MIN_VOTES_FOR_RANK)
    return enough


def select_ranked_models(component: Indices, candidates: Flags) -> Flags:
    """(M,): the models among which ranks are counted: the candidates, or all of a component with fewer than two."""
    there = np.bincount(component, candidates, int(component.max(initial=0)) + 1)
    ranked: Flags = candidates | (there < MIN_RANKED_MODELS)[component]
    return ranked


def compute_ranks(fit: Fit, candidates: Flags | None = None) -> Ranks:
    """Rank the models of a fit among the candidates for a rank, or among all.

    Models differ if the two-sided 95 % test of their difference says so, or if their intervals do not overlap,
    which for bounded models implies the first.
    """
    ranked = select_ranked_models(
        fit.component, np.ones(len(fit.ratings), dtype=bool) if candidates is None else candidates
    )
    together = fit.component[:, None] == fit.component
    diff = np.where(together, fit.ratings[:, None] - fit.ratings, 0.0)
    apart = together & (fit.ci_low[:, None] > fit.ci_high)
    better = (diff > np.maximum(Z95 * fit.error, _RATING_TOLERANCE)) | apart
    counted = ranked[:, None]  # a row is counted against its columns
    stood_in = (together & counted).sum(axis=0) + ~ranked  # where another model would stand last of one more
    return Ranks(
        ranked=ranked,
        rank=np.where(ranked, 1 + ((diff > _RATING_TOLERANCE) & counted).sum(axis=0), 0),
        rank_low=1 + (better & counted).sum(axis=0),
        rank_high=stood_in - (better & ranked).sum(axis=1),
        rank_ub=np.where(ranked, 1 + (apart & counted).sum(axis=0), 0),
        tier=_assign_tiers(fit, ranked),
    )


def compare_pairs(fit: ComparableFit, board: Comparisons) -> PairComparisons:
    """Compare all pairs of a fit of this board.

    n direct votes add n * p * q / k to the precision of a difference, where p and q are the predicted scores and
    k, from the board's own residuals, how much less a vote varies because of ties.
    """
    together = fit.component[:, None] == fit.component
    diff = fit.ratings[:, None] - fit.ratings
    error = np.where(together, fit.error, np.inf)
    p, q = compute_chances(fit.ratings / ELO_SCALE, fit.ratings / ELO_SCALE)
    expected = float((board.votes * p * q).sum())
    noise = float(sum_squared_residuals(board.wins, board.ties, p, q).sum())
    spread = noise / expected if noise > 0 else 1.0
    open_pair = together & (np.abs(diff) > _RATING_TOLERANCE)
    missing = (Z95 / np.where(open_pair, diff, 1.0)) ** 2 - 1 / np.where(open_pair, error, 1.0) ** 2
    needed = np.floor(ELO_SCALE**2 * spread * missing / np.maximum(p * q, _MIN_CHANCE_PRODUCT)) + 1
    return PairComparisons(diff, error, p, np.where(open_pair, np.maximum(needed, 0), np.inf))


def _assign_tiers(fit: Fit, ranked: Flags) -> Indices:
    """The best bounded model that is left leads the next tier: one without a bound would have all others in its own."""
    tier = np.zeros(len(fit.ratings), dtype=np.intp)
    for number in np.unique(fit.component[ranked]):
        models = np.flatnonzero(ranked & (fit.component == number))
        rating, unbounded = fit.ratings[models], fit.unbounded[models]
        width = fit.spread.restricted(models).of_differences(_compute_simultaneous_level(len(models)))
        left = np.arange(len(models))
        while left.size:
            leaders = left[~unbounded[left]] if not unbounded[left].all() else left
            leader = leaders[rating[leaders].argmax()]
            tier[models[left]] += 1
            left = left[rating[leader] - rating[left] > width[leader, left] + _RATING_TOLERANCE]
    return tier


def _compute_simultaneous_level(models: int) -> float:
    """The chance below the upper end of intervals for all differences that hold at once with 95 %.

    The leader is chosen by the data, so all pairs are covered, not only those of one model (Z. Sidak, Journal
    of the American Statistical Association 62, 1967, for normal estimates with any correlation).
    """
    comparisons = max(models * (models - 1) / 2, 1)
    return float((1 + 0.95 ** (1 / comparisons)) / 2)
