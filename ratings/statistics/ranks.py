"""Ranks, tiers and comparisons of pairs from a fit, each with the uncertainty of the joint covariance.

Ranks are valid within a component; ratings of two components cannot be compared.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ratings.statistics.bradley_terry import Fit
from ratings.statistics.comparisons import Comparisons
from ratings.statistics.constants import ELO_SCALE, MIN_RANKED_MODELS, MIN_VOTES_FOR_RANK, Z95
from ratings.statistics.likelihood import Flags, compute_chances, sum_squared_residuals
from ratings.statistics.vote_arrays import Floats, Indices

# Elo points; ratings with a smaller difference are equal, because the difference is rounding.
RATING_TOLERANCE = 1e-8
# A smaller product of chances may underflow to 0; no number of votes helps there.
_MIN_CHANCE_PRODUCT = 1e-200


class ComparableFit(Protocol):
    """The attributes of a fit that `compare_pairs` needs."""

    @property
    def ratings(self) -> Floats: ...

    @property
    def error(self) -> Floats: ...

    @property
    def component(self) -> Indices: ...


@dataclass(frozen=True, eq=False)
class Ranks:
    """Ranks of M models, as whole numbers from 1, within a component of models that votes connect.

    ranked (M,): the models among which ranks are counted. The others have 0 as `rank`, `rank_ub` and `tier`; their
    `rank_low` and `rank_high` are the ranks that they could have among the ranked models. `rank_low` and `rank_high`
    count the models that are better or worse by a two-sided 95% test of the difference. `rank_ub` counts the models
    with an interval that lies wholly above. `tier` 1 contains every model that may be the best.
    """

    ranked: Flags
    rank: Indices
    rank_low: Indices
    rank_high: Indices
    rank_ub: Indices
    tier: Indices


@dataclass(frozen=True, eq=False)
class PairComparisons:
    """Comparisons of all pairs, M x M, row against column.

    diff, diff_se: Elo points. 1.96 diff_se is half of the 95% interval of the difference (`Fit.error`). diff_se is inf
    between components, where no figure of the pair means anything.
    win_rate: the predicted score, where a tie is half a win. votes_needed: the number of additional direct votes that
    would make the difference significant if the estimate stays the same; inf where no number would.
    """

    diff: Floats
    diff_se: Floats
    win_rate: Floats
    votes_needed: Floats


def has_enough_votes(bounded: Flags, weight: Floats) -> Flags:
    """(M,): whether a model has enough votes for a rank.

    weight (M,): the weight of the votes of each model, where no voter counts for more than 20 votes. The rule does not
    use the interval, because then more votes could take a rank away.
    """
    enough: Flags = bounded & (weight >= MIN_VOTES_FOR_RANK)
    return enough


def select_ranked_models(component: Indices, candidates: Flags) -> Flags:
    """(M,): the models among which ranks are counted: the candidates, or all of a component with fewer than two."""
    candidate_counts = np.bincount(component, candidates, int(component.max(initial=0)) + 1)
    ranked: Flags = candidates | (candidate_counts < MIN_RANKED_MODELS)[component]
    return ranked


def compute_ranks(fit: Fit, candidates: Flags | None = None) -> Ranks:
    """Ranks of the models of a fit among the candidates for a rank, or among all.

    Models differ if the two-sided 95% test of their difference is significant, or if their intervals do not overlap.
    For bounded models the second implies the first.
    """
    if candidates is None:
        candidates = np.ones(len(fit.ratings), dtype=bool)
    ranked = select_ranked_models(fit.component, candidates)
    together = fit.component[:, None] == fit.component
    diff = np.where(together, fit.ratings[:, None] - fit.ratings, 0.0)
    apart = together & (fit.ci_low[:, None] > fit.ci_high)
    better = (diff > np.maximum(Z95 * fit.error, RATING_TOLERANCE)) | apart
    counted = ranked[:, None]  # a row is counted against its columns
    # The worst possible rank: an unranked model would be last of one more.
    last_rank = (together & counted).sum(axis=0) + ~ranked
    return Ranks(
        ranked=ranked,
        rank=np.where(ranked, 1 + ((diff > RATING_TOLERANCE) & counted).sum(axis=0), 0),
        rank_low=1 + (better & counted).sum(axis=0),
        rank_high=last_rank - (better & ranked).sum(axis=1),
        rank_ub=np.where(ranked, 1 + (apart & counted).sum(axis=0), 0),
        tier=_assign_tiers(fit, ranked),
    )


def compare_pairs(fit: ComparableFit, board: Comparisons) -> PairComparisons:
    """Return the comparisons of all pairs of models on a board, by its fit.

    n direct votes add n * p * q / k to the precision of a difference. p and q are the predicted scores. k, from the
    board's own residuals, is the factor by which ties reduce the variance of a vote.
    """
    together = fit.component[:, None] == fit.component
    diff = fit.ratings[:, None] - fit.ratings
    error = np.where(together, fit.error, np.inf)
    p, q = compute_chances(fit.ratings / ELO_SCALE, fit.ratings / ELO_SCALE)
    expected = float((board.votes * p * q).sum())
    noise = float(sum_squared_residuals(board.wins, board.ties, p, q).sum())
    spread = noise / expected if noise > 0 else 1.0
    open_pair = together & (np.abs(diff) > RATING_TOLERANCE)
    missing = (Z95 / np.where(open_pair, diff, 1.0)) ** 2 - 1 / np.where(open_pair, error, 1.0) ** 2
    needed = np.floor(ELO_SCALE**2 * spread * missing / np.maximum(p * q, _MIN_CHANCE_PRODUCT)) + 1
    return PairComparisons(diff, error, p, np.where(open_pair, np.maximum(needed, 0), np.inf))


def _assign_tiers(fit: Fit, ranked: Flags) -> Indices:
    """Tiers (M,) from 1, and 0 for unranked models.

    The best remaining bounded model leads the next tier. An unbounded leader would take all others into its tier.
    """
    tier = np.zeros(len(fit.ratings), dtype=np.intp)
    for number in np.unique(fit.component[ranked]):
        models = np.flatnonzero(ranked & (fit.component == number))
        rating = fit.ratings[models]
        unbounded = fit.unbounded[models]
        level = _compute_simultaneous_level(len(models))
        width = fit.spread.select_models(models).compute_difference_half_widths(level)
        remaining = np.arange(len(models))
        while remaining.size:
            bounded = remaining[~unbounded[remaining]]
            leaders = bounded if bounded.size else remaining
            leader = leaders[rating[leaders].argmax()]
            tier[models[remaining]] += 1
            distance = rating[leader] - rating[remaining]
            remaining = remaining[distance > width[leader, remaining] + RATING_TOLERANCE]
    return tier


def _compute_simultaneous_level(models: int) -> float:
    """Return the chance below the upper end of intervals that cover all differences at once with 95%.

    The data choose the leader, so the intervals cover all pairs, not only those of one model (Z. Sidak, Journal of the
    American Statistical Association 62, 1967, for normal estimates with any correlation).
    """
    comparisons = max(models * (models - 1) / 2, 1)
    return float((1 + 0.95 ** (1 / comparisons)) / 2)
