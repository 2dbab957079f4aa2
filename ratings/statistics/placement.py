"""Placement of models without a finite maximum likelihood rating, such as models that have never lost or never won."""

import numpy as np
from scipy.linalg import cho_solve
from scipy.special import betainc, log_expit

from ratings.statistics.comparisons import Comparisons
from ratings.statistics.components import Component, find_reachable
from ratings.statistics.interval_widths import Spread
from ratings.statistics.likelihood import Estimate, maximize_with_ties
from ratings.statistics.vote_arrays import Flags, Floats

_TAIL_CHANCE = 0.025
# In natural units (about 10,000 Elo points). At this distance below all opponents, a win is far less likely than 2.5%.
_SEARCH_MARGIN = 60.0
_BISECTION_STEPS = 60


def place_unbounded_models(board: Comparisons, part: Component, theta: Floats) -> Estimate:
    """Return the strengths of a component's unbounded models, placed together.

    theta (M,): the strengths of the bounded models, which are fixed, and starting values for the other models.

    Each unbounded model gets one virtual tie against an opponent of strength 0 (rating 1000), which makes the maximum
    finite. The covariance is the inverse of the information, including the virtual tie.

    If a path of wins leads from the model to the bounded models, the upper end of its interval is open. If a path leads
    from the bounded models to the model, the lower end is open. If there is no path either way, the upper end is open
    for a model that only won, the lower end is open for a model that only lost, and otherwise both ends are open. A
    closed end is the strength at which a record that is at least as good (or at least as bad) has a probability of
    2.5%, given the published strengths of all opponents.
    """
    order = np.concatenate((part.unbounded, part.bounded))
    count = len(part.unbounded)
    won = board.score[np.ix_(part.unbounded, order)]
    lost = board.score[np.ix_(order, part.unbounded)].T
    strengths, factor = maximize_with_ties(won, lost, theta[order])
    low_open, high_open = find_open_ends(board.score, part, won.sum(axis=1) > 0, lost.sum(axis=1) > 0)
    low = np.full(count, -np.inf)
    high = np.full(count, np.inf)
    low[~low_open] = find_lower_bounds(won[~low_open], lost[~low_open], strengths)
    high[~high_open] = -find_lower_bounds(lost[~high_open], won[~high_open], -strengths)
    return Estimate(
        models=part.unbounded,
        theta=strengths[:count],
        spread=Spread.unclustered(cho_solve((factor, True), np.eye(count))),
        low=low,
        high=high,
        clustered=np.zeros(count, dtype=bool),
    )


def find_open_ends(score: Floats, part: Component, has_won: Flags, has_lost: Flags) -> tuple[Flags, Flags]:
    """Return whether the lower end (U,) and the upper end (U,) of the interval of each unbounded model are open."""
    is_above = np.zeros(len(part.unbounded), dtype=bool)
    is_below = is_above
    if part.bounded.size:
        is_below = find_reachable(score, int(part.bounded[0]))[part.unbounded]
        is_above = find_reachable(score.T, int(part.bounded[0]))[part.unbounded]
    only_won = has_won & ~has_lost
    only_lost = has_lost & ~has_won
    has_path = is_above | is_below
    return np.where(has_path, is_below, ~only_won), np.where(has_path, is_above, ~only_lost)


def find_lower_bounds(won: Floats, lost: Floats, opponents: Floats) -> Floats:
    """Return the strengths (U,) at which a record at least this good has a probability of 2.5%.

    won, lost (U, K): the record of each model against each opponent.
    """
    low = np.full(len(won), opponents.min() - _SEARCH_MARGIN)
    high = np.full(len(won), opponents.max() + _SEARCH_MARGIN)
    for _ in range(_BISECTION_STEPS):
        middle = (low + high) / 2
        is_likely = _compute_tail_chance(won, lost, middle[:, None] - opponents) > _TAIL_CHANCE
        low = np.where(is_likely, low, middle)
        high = np.where(is_likely, middle, high)
    return high


def _compute_tail_chance(won: Floats, lost: Floats, lead: Floats) -> Floats:
    """Return the probability (U,) of at least this score. It is exact for a record with no losses.

    Otherwise it is a binomial probability with the mean of the win probabilities, which is never too low in this tail
    (W. Hoeffding, Annals of Mathematical Statistics 27, 1956). For half wins, the incomplete beta function extends the
    binomial to non-integers.
    """
    votes = won + lost
    total = votes.sum(axis=1)
    score = won.sum(axis=1)
    all_won = np.exp((votes * log_expit(lead)).sum(axis=1))
    mean = (votes * np.exp(log_expit(lead))).sum(axis=1) / total
    binomial = betainc(score, total - score + 1, np.minimum(mean, 1.0))
    chance: Floats = np.where(score == total, all_won, binomial)
    return chance
