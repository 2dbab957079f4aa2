"""Ranks, tiers, and comparisons of pairs, with errors from the joint covariance of a fit.

Ranks are valid only within a component, because ratings from different components are not comparable.
"""

from dataclasses import dataclass

import numpy as np

from core.text.proportions import Z95
from ratings.statistics.bradley_terry import Fit
from ratings.statistics.comparisons import Comparisons
from ratings.statistics.constants import ELO_SCALE, MIN_RANKED_MODELS, MIN_VOTES_FOR_RANK
from ratings.statistics.likelihood import compute_chances, sum_squared_residuals
from ratings.statistics.vote_arrays import Flags, Floats, Indices

# In Elo points. A smaller difference between ratings is a rounding error, so such ratings count as equal.
RATING_TOLERANCE = 1e-8
# A smaller product of probabilities could underflow to 0. With this bound, the number of votes needed is huge, or inf
# if it overflows.
_MIN_CHANCE_PRODUCT = 1e-200


@dataclass(frozen=True, eq=False)
class Ranks:
    """Ranks of M models as integers from 1, counted separately in each component.

    ranked (M,): the models among which ranks are counted. The other models have 0 as `rank`, `rank_ub`, and `tier`.
    rank (M,): 1 plus the number of ranked models with a higher rating.
    rank_low, rank_high (M,): the range of ranks, based on two-sided 95% tests of the differences. For an unranked
        model, the range that it could have among the ranked models.
    rank_ub (M,): 1 plus the number of ranked models whose interval is entirely above the model's own.
    tier (M,): tier 1 has all models that could be the best, tier 2 all models that could be the best of the others,
        and so on.
    """

    ranked: Flags
    rank: Indices
    rank_low: Indices
    rank_high: Indices
    rank_ub: Indices
    tier: Indices


@dataclass(frozen=True, eq=False)
class PairComparisons:
    """Comparisons of all pairs of models (M, M), row against column.

    diff, diff_se: the difference and its standard error in Elo points. 1.96 times diff_se is half the width of the 95%
        interval (see `Fit.difference_se`). diff_se is inf between components, where the other values have no meaning.
    win_rate: the predicted score of the row. A tie is half a win.
    votes_needed: how many more direct votes would make the difference significant if the estimate did not change; inf
        if no number of votes would.
    """

    diff: Floats
    diff_se: Floats
    win_rate: Floats
    votes_needed: Floats


def has_enough_votes(bounded: Flags, weight: Floats) -> Flags:
    """Return whether each model has enough votes for a rank (M,).

    weight (M,): how many of each model's votes count toward a rank: at most `MAX_VOTES_PER_VOTER` per voter.

    The rule does not depend on the interval. Otherwise, additional votes could take a rank away.
    """
    enough: Flags = bounded & (weight >= MIN_VOTES_FOR_RANK)
    return enough


def select_ranked_models(component: Indices, candidates: Flags) -> Flags:
    """Return a mask (M,) of the models that get ranks.

    They are the candidates, or all models in a component with fewer than `MIN_RANKED_MODELS` candidates.
    """
    candidate_counts = np.bincount(component, candidates, int(component.max(initial=0)) + 1)
    ranked: Flags = candidates | (candidate_counts < MIN_RANKED_MODELS)[component]
    return ranked


def compute_ranks(fit: Fit, candidates: Flags | None = None) -> Ranks:
    """Return the ranks of the models in a fit.

    candidates (M,): the models that can get a rank (see `select_ranked_models`). None means all models.

    Two models differ if the two-sided 95% test of their difference is significant, or if their intervals do not
    overlap. For bounded models, the second condition implies the first.
    """
    if candidates is None:
        candidates = np.ones(len(fit.ratings), dtype=bool)
    ranked = select_ranked_models(fit.component, candidates)
    is_comparable = fit.component[:, None] == fit.component
    diff = np.where(is_comparable, fit.ratings[:, None] - fit.ratings, 0.0)
    is_above = is_comparable & (fit.ci_low[:, None] > fit.ci_high)
    better = (diff > np.maximum(Z95 * fit.difference_se, RATING_TOLERANCE)) | is_above
    is_counted = ranked[:, None]  # only ranked models (rows) count toward the ranks of other models (columns)
    # The worst possible rank. If an unranked model were ranked, there would be one more model, and it could be the
    # last.
    last_rank = (is_comparable & is_counted).sum(axis=0) + ~ranked
    return Ranks(
        ranked=ranked,
        rank=np.where(ranked, 1 + ((diff > RATING_TOLERANCE) & is_counted).sum(axis=0), 0),
        rank_low=1 + (better & is_counted).sum(axis=0),
        rank_high=last_rank - (better & ranked).sum(axis=1),
        rank_ub=np.where(ranked, 1 + (is_above & is_counted).sum(axis=0), 0),
        tier=_assign_tiers(fit, ranked),
    )


def compare_pairs(board: Comparisons, ratings: Floats, difference_se: Floats, component: Indices) -> PairComparisons:
    """Return the comparisons of all pairs of models on a board. The arrays are as in `bradley_terry.Fit`.

    n direct votes add n * p * q / k to the precision of a difference. p and q are the predicted scores. k is the factor
    by which ties reduce the variance of a vote, estimated from the residuals of all votes on the board.
    """
    is_comparable = component[:, None] == component
    diff = ratings[:, None] - ratings
    error = np.where(is_comparable, difference_se, np.inf)
    p, q = compute_chances(ratings / ELO_SCALE, ratings / ELO_SCALE)
    expected = float((board.votes * p * q).sum())
    noise = float(sum_squared_residuals(board.wins, board.ties, p, q).sum())
    variance_factor = noise / expected if noise > 0 else 1.0
    is_tested = is_comparable & (np.abs(diff) > RATING_TOLERANCE)
    missing = (Z95 / np.where(is_tested, diff, 1.0)) ** 2 - 1 / np.where(is_tested, error, 1.0) ** 2
    needed = np.floor(ELO_SCALE**2 * variance_factor * missing / np.maximum(p * q, _MIN_CHANCE_PRODUCT)) + 1
    return PairComparisons(diff, error, p, np.where(is_tested, np.maximum(needed, 0), np.inf))


def _assign_tiers(fit: Fit, ranked: Flags) -> Indices:
    """Return tiers (M,), counting from 1, and 0 for unranked models.

    The best remaining bounded model leads the next tier. If an unbounded model led a tier, its error would be so large
    that all other models would be in the tier too.
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


def _compute_simultaneous_level(model_count: int) -> float:
    """Return the quantile level for the upper ends of simultaneous intervals of all differences.

    With this level, all intervals cover their differences at the same time in 95% of cases. The leader is chosen from
    the data, so the intervals must cover all pairs and not only those of one model (Z. Sidak, Journal of the American
    Statistical Association 62, 1967, for normal estimates with any correlation).
    """
    comparisons = max(model_count * (model_count - 1) / 2, 1)
    return float((1 + 0.95 ** (1 / comparisons)) / 2)
