"""Where to show models whose rating has no finite maximum likelihood value: those that never lost, or never won."""

import numpy as np
from scipy.linalg import cho_solve
from scipy.special import betainc, log_expit

from ratings.statistics.comparisons import Comparisons
from ratings.statistics.components import Component, find_reachable
from ratings.statistics.interval_widths import Spread
from ratings.statistics.likelihood import Estimate, Flags, maximize
from ratings.statistics.vote_arrays import Floats

_TAIL_CHANCE = 0.025
# So many natural units (10,000 Elo points) below the weakest opponent no record has a chance of 2.5 %.
_SEARCH_MARGIN = 60.0
_BISECTION_STEPS = 60


def place_loose_models(board: Comparisons, part: Component, theta: Floats) -> Estimate:
    """Place the loose models of a component together, the bounded ones held fixed at theta (M,).

    Each has one virtual tie against an opponent of strength 0 (rating 1000), which makes the maximum finite;
    the covariance is the inverse information, the virtual tie included. The end of an interval away from the
    bounded models is open; the other is where so good (or so bad) a record, all opponents being where they are
    shown, has a chance of 2.5 %. If no chain of wins leads from or to the bounded models, a model that only won
    is open above, one that only lost open below, any other on both ends.
    """
    order = np.concatenate((part.loose, part.bounded))
    count = len(part.loose)
    won = board.score[np.ix_(part.loose, order)]
    lost = board.score[np.ix_(order, part.loose)].T
    half = np.full((count, 1), 0.5)
    found, factor, iterations = maximize(np.hstack((won, half)), np.hstack((lost, half)), np.append(theta[order], 0.0))
    low_open, high_open = find_open_ends(board.score, part, won.sum(axis=1) > 0, lost.sum(axis=1) > 0)
    low, high = np.full(count, -np.inf), np.full(count, np.inf)
    opponents = found[:-1]
    low[~low_open] = find_lower_bounds(won[~low_open], lost[~low_open], opponents)
    high[~high_open] = -find_lower_bounds(lost[~high_open], won[~high_open], -opponents)
    covariance = cho_solve(factor, np.eye(count))
    spread = Spread(covariance, covariance, np.full(count, np.inf))
    return Estimate(part.loose, found[:count], spread, low, high, np.zeros(count, dtype=bool), iterations)


def find_open_ends(score: Floats, part: Component, has_won: Flags, has_lost: Flags) -> tuple[Flags, Flags]:
    """(U,) each: whose low and whose high end no record closes."""
    above = below = np.zeros(len(part.loose), dtype=bool)
    if part.bounded.size:
        below = find_reachable(score, int(part.bounded[0]))[part.loose]
        above = find_reachable(score.T, int(part.bounded[0]))[part.loose]
    only_won, only_lost = has_won & ~has_lost, has_lost & ~has_won
    related = above | below
    return np.where(related, below, ~only_won), np.where(related, above, ~only_lost)


def find_lower_bounds(won: Floats, lost: Floats, opponents: Floats) -> Floats:
    """The strengths (U,) at which so good a record, won and lost (U, K), has a chance of 2.5 %."""
    low = np.full(len(won), opponents.min() - _SEARCH_MARGIN)
    high = np.full(len(won), opponents.max() + _SEARCH_MARGIN)
    for _ in range(_BISECTION_STEPS):
        middle = (low + high) / 2
        above = _compute_tail_chance(won, lost, middle[:, None] - opponents) > _TAIL_CHANCE
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return high


def _compute_tail_chance(won: Floats, lost: Floats, lead: Floats) -> Floats:
    """The chance of at least this score; of a spotless record exactly.

    Otherwise it is the binomial one at the mean chance, which is never too low in this tail (W. Hoeffding,
    Annals of Mathematical Statistics 27, 1956); half wins by the continuous form, the incomplete beta function.
    """
    votes = won + lost
    total, score = votes.sum(axis=1), won.sum(axis=1)
    spotless = np.exp((votes * log_expit(lead)).sum(axis=1))
    mean = (votes * np.exp(log_expit(lead))).sum(axis=1) / total
    likely: Floats = np.where(score == total, spotless, betainc(score, total - score + 1, np.minimum(mean, 1.0)))
    return likely
