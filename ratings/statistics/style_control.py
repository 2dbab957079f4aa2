"""Bradley-Terry ratings under style control: strengths and the pull of style, fitted together.

The chance that a wins is 1 / (1 + exp(-(theta_a - theta_b + x beta))), where x are the differences of style
(a - b) / (a + b + 1) of the vote, each divided by its population standard deviation over the board's votes: not
centred, no intercept, no penalty. A tie is half a win for each side.

Sources: T. Li, A. Angelopoulos and W.-L. Chiang, Does style matter? (LMSYS, 2024) for the model; for the rest see
`ratings.statistics.bradley_terry`, whose rules hold here too.
"""

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import cho_factor, cho_solve

from ratings.statistics import bradley_terry
from ratings.statistics.bradley_terry import Fit, join_estimates
from ratings.statistics.comparisons import Comparisons
from ratings.statistics.components import Component, list_components
from ratings.statistics.constants import ELO_SCALE, MEAN_RATING
from ratings.statistics.interval_widths import Spread
from ratings.statistics.likelihood import Estimate, Flags
from ratings.statistics.placement import find_lower_bounds, find_open_ends
from ratings.statistics.style_covariance import compute_sandwich
from ratings.statistics.style_likelihood import maximize
from ratings.statistics.style_pair_sums import PairedVotes
from ratings.statistics.style_votes import StyledVotes
from ratings.statistics.vote_arrays import Floats, Indices

StartValues: TypeAlias = tuple[ArrayLike, ArrayLike]


@dataclass(frozen=True, eq=False)
class StyleFit:
    """Ratings under style control, and what style was worth.

    fit: as of `bradley_terry.fit`. board: the votes that have features, the only ones used. coefficients, errors (K
    each): natural log-odds per standard deviation of the style difference, and their standard errors; None for a
    feature that is constant, on the board or between its bounded models. scale (K,): those standard deviations.
    """

    fit: Fit
    board: Comparisons
    coefficients: tuple[float | None, ...]
    errors: tuple[float | None, ...]
    scale: Floats

    @property
    def votes(self) -> int:
        """How many votes were used, one of weight n being n."""
        return int(self.board.votes.sum() / 2)


def fit(votes: StyledVotes, *, start: StartValues | None = None) -> StyleFit:
    """Rate every model, the style of the answers taken into account.

    The bounded models of all components are fitted with common coefficients; unbounded ones are placed as by
    `placement.place`, those and the coefficients held fixed. Intervals are clustered as by `bradley_terry.fit` if
    votes name voters. start: ratings (M,) and coefficients (K,) to start from, the last ones for instance.

    ValueError: start is not M finite numbers and K others. style_likelihood.Separable: no finite maximum, or not a
    single one. likelihood.NotConverged: the maximum was not found to a relative 1e-10.
    """
    paired = votes.paired()
    board, scale = paired.board(votes.labels), paired.scale
    parts = list_components(board)
    component, bounded = np.zeros(paired.models, dtype=np.intp), np.zeros(paired.models, dtype=bool)
    for number, part in enumerate(parts):
        component[part.bounded] = component[part.loose] = number
        bounded[part.bounded] = True
    inside = paired.restricted(bounded[paired.first] & bounded[paired.second])
    varying = (scale > 0) & (inside.x != inside.x[:, :1]).any(axis=1)
    joint = _fit_bounded(board, inside.of_styles(varying), parts, _compute_start(board, start, varying))
    paired = paired.of_styles(varying)
    placed = [_place_loose_models(board, paired, part, joint.parameters) for part in parts if part.loose.size]
    fitted = [joint.strengths(part.bounded) for part in parts if part.bounded.size]
    found = join_estimates([*fitted, *placed], component)
    errors = np.sqrt(joint.spread.covariance.diagonal())
    return StyleFit(
        fit=replace(found, iterations=found.iterations + joint.iterations),
        board=board,
        coefficients=_fill_constant_styles(varying, joint.parameters[paired.models :]),
        errors=_fill_constant_styles(varying, errors[paired.models :]),
        scale=scale,
    )


def _fill_constant_styles(varying: Flags, values: Floats) -> tuple[float | None, ...]:
    found = iter(values.tolist())
    return tuple(next(found) if there else None for there in varying)


def _compute_start(board: Comparisons, start: StartValues | None, varying: Flags) -> Floats:
    """Where to start (M + K',), the K' coefficients being those of the varying features."""
    size = len(board.labels)
    # Where all votes are ties the maximum is 1000 for all, and to the last bit only from there.
    if start is None or not board.wins.any():
        start = bradley_terry.fit(board).ratings, np.zeros(len(varying))
    ratings, coefficients = (np.array(values, dtype=np.float64) for values in start)
    if ratings.shape != (size,) or not np.isfinite(ratings).all() or coefficients.shape != varying.shape:
        raise ValueError(f"start must be {size} finite ratings and {len(varying)} coefficients")
    return np.append((ratings - MEAN_RATING) / ELO_SCALE, np.nan_to_num(coefficients[varying]))


@dataclass(frozen=True, eq=False)
class _JointFit:
    """Strengths and coefficients (M + K,) with their errors, and whose interval is clustered (M,)."""

    parameters: Floats
    spread: Spread
    clustered: Flags
    iterations: int

    def strengths(self, models: Indices) -> Estimate:
        spread = self.spread.restricted(models)
        theta, margin = self.parameters[models], spread.of_models()
        clustered = self.clustered[models]
        return Estimate(models, theta, spread, theta - margin, theta + margin, clustered, 0, bounded=True)


def _fit_bounded(board: Comparisons, votes: PairedVotes, parts: list[Component], parameters: Floats) -> _JointFit:
    size, width = votes.models, len(parameters)
    free, component = np.zeros(width, dtype=bool), np.full(size, -1)
    for number, models in enumerate(part.bounded for part in parts if part.bounded.size):
        component[models] = number
        # The model with most votes is the steadiest gauge, and held fixed.
        gauge = board.votes[np.ix_(models, models)].sum(axis=1).argmax()
        free[np.delete(models, gauge)] = free[size:] = True
    if not free.any():
        nothing = np.zeros((width, width))
        return _JointFit(parameters, Spread(nothing, nothing, np.full(width, np.inf)), np.zeros(size, dtype=bool), 0)
    found, information, iterations = maximize(votes, parameters, np.flatnonzero(free))
    spread, clustered = compute_sandwich(votes, found, information, free, component)
    for part in parts:
        found[part.bounded] -= found[part.bounded].mean() if part.bounded.size else 0
    return _JointFit(found, spread, clustered, iterations)


def _place_loose_models(board: Comparisons, votes: PairedVotes, part: Component, parameters: Floats) -> Estimate:
    """As `placement.place`; with style every vote has an opponent of its own strength."""
    loose = np.zeros(len(parameters), dtype=bool)
    loose[part.loose] = True
    votes = votes.restricted(loose[votes.first] | loose[votes.second])
    found, information, iterations = maximize(votes, parameters, part.loose, loose.astype(np.float64))
    has_won, has_lost = (np.any(taken > 0, axis=1) for taken in (board.score[part.loose], board.score.T[part.loose]))
    low_open, high_open = find_open_ends(board.score, part, has_won, has_lost)
    low, high = np.full(len(part.loose), -np.inf), np.full(len(part.loose), np.inf)
    for row, model in enumerate(part.loose):
        won, lost, opponents = _collect_record(votes, found, model)
        if not low_open[row]:
            low[row] = find_lower_bounds(won, lost, opponents)[0]
        if not high_open[row]:
            high[row] = -find_lower_bounds(lost, won, -opponents)[0]
    covariance = cho_solve(cho_factor(information[np.ix_(part.loose, part.loose)]), np.eye(len(part.loose)))
    spread = Spread(covariance, covariance, np.full(len(part.loose), np.inf))
    clustered = np.zeros(len(part.loose), dtype=bool)
    return Estimate(part.loose, found[part.loose], spread, low, high, clustered, iterations)


def _collect_record(votes: PairedVotes, parameters: Floats, model: int) -> tuple[Floats, Floats, Floats]:
    """What a model won and lost (1, n) in each of its votes, and its opponents' strengths (n,) with the style."""
    own = votes.restricted((votes.first == model) | (votes.second == model))
    is_first = own.first == model
    score = np.where(is_first, own.score, 1 - own.score)
    opponents = parameters[model] - np.where(is_first, 1, -1) * own.leads(parameters)
    return (own.weight * score)[None], (own.weight * (1 - score))[None], opponents
