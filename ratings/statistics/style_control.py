"""Bradley-Terry ratings under style control: strengths and the effects of style, fitted together.

The probability that a wins is 1 / (1 + exp(-(theta_a - theta_b + x beta))), where x are the style differences (a - b) /
(a + b + 1) of the vote. Each style difference is divided by its population standard deviation over the board's votes.
The differences are not centered. There is no intercept and no penalty. A tie is half a win for each model.

Sources: T. Li, A. Angelopoulos and W.-L. Chiang, Does style matter? (LMSYS, 2024) for the model. Everything else
follows `ratings.statistics.bradley_terry`.
"""

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import cho_factor, cho_solve

from ratings.statistics import bradley_terry
from ratings.statistics.bradley_terry import Fit, join_estimates
from ratings.statistics.comparisons import Comparisons
from ratings.statistics.components import Component, label_components, list_components
from ratings.statistics.constants import ELO_SCALE, MEAN_RATING
from ratings.statistics.interval_widths import Spread
from ratings.statistics.likelihood import Estimate, Flags
from ratings.statistics.placement import find_lower_bounds, find_open_ends
from ratings.statistics.style_covariance import compute_sandwich
from ratings.statistics.style_likelihood import maximize_style_likelihood
from ratings.statistics.style_pair_sums import PairedVotes
from ratings.statistics.style_votes import StyledVotes
from ratings.statistics.vote_arrays import Floats, Indices

StartingValues: TypeAlias = tuple[ArrayLike, ArrayLike]


@dataclass(frozen=True, eq=False)
class StyleFit:
    """Ratings under style control, and the effects of style.

    fit: the same kind of result as from `bradley_terry.fit`.
    board: the votes with known features. The fit uses no other votes.
    coefficients, errors (K each): natural log-odds per standard deviation of the style difference, and their standard
        errors. They are None for a feature that is constant on the board or among the votes between bounded models.
    scale (K,): the standard deviations of the style differences.
    """

    fit: Fit
    board: Comparisons
    coefficients: tuple[float | None, ...]
    errors: tuple[float | None, ...]
    scale: Floats

    @property
    def votes(self) -> int:
        """The number of votes used. A vote with weight n counts as n votes."""
        return int(self.board.votes.sum() / 2)


def fit(votes: StyledVotes, *, start: StartingValues | None = None) -> StyleFit:
    """Return the ratings for all models, with the effect of style removed.

    The bounded models in all components are fitted together, with the same coefficients. Unbounded models are placed as
    in `placement.place_unbounded_models`, while the fitted strengths and the coefficients stay fixed. If the votes have
    voters, intervals are clustered as in `bradley_terry.fit`.

    start: starting values for the ratings (M,) and the coefficients (K,), such as the previous ones.

    Raises ValueError if `start` does not have M finite ratings and K coefficients. Raises style_likelihood.Separable if
    the likelihood has no finite maximum or more than one. Raises likelihood.NotConverged if Newton's method does not
    reach a relative precision of 1e-10.
    """
    paired = votes.group_by_pair()
    board = paired.to_comparisons(votes.labels)
    parts = list_components(board)
    component, bounded = label_components(parts, paired.model_count)
    inside = paired.select_votes(bounded[paired.first] & bounded[paired.second])
    varying = (paired.scale > 0) & (inside.x != inside.x[:, :1]).any(axis=1)
    joint = _fit_bounded(board, inside.select_styles(varying), parts, _compute_start(board, start, varying))
    with_style = paired.select_styles(varying)
    fitted = [joint.build_estimate(part.bounded) for part in parts if part.bounded.size]
    placed = [
        _place_unbounded_models(board, with_style, part, joint.parameters) for part in parts if part.unbounded.size
    ]
    ratings = join_estimates([*fitted, *placed], component)
    errors = np.sqrt(joint.spread.covariance.diagonal())
    return StyleFit(
        fit=replace(ratings, iterations=ratings.iterations + joint.iterations),
        board=board,
        coefficients=_fill_constant_styles(varying, joint.parameters[paired.model_count :]),
        errors=_fill_constant_styles(varying, errors[paired.model_count :]),
        scale=paired.scale,
    )


def _fill_constant_styles(varying: Flags, values: Floats) -> tuple[float | None, ...]:
    """Return one value per style (K). The value of a constant style is None."""
    remaining = iter(values.tolist())
    return tuple(next(remaining) if varies else None for varies in varying)


def _compute_start(board: Comparisons, start: StartingValues | None, varying: Flags) -> Floats:
    """Return starting values (M + K',): strengths in natural units, and coefficients of the K' features that vary."""
    size = len(board.labels)
    # If all votes are ties, all ratings are 1000. This start makes the result exact to the last bit.
    if start is None or not board.wins.any():
        start = bradley_terry.fit(board).ratings, np.zeros(len(varying))
    ratings, coefficients = (np.array(values, dtype=np.float64) for values in start)
    if ratings.shape != (size,) or not np.isfinite(ratings).all() or coefficients.shape != varying.shape:
        raise ValueError(f"start must be {size} finite ratings and {len(varying)} coefficients")
    return np.append((ratings - MEAN_RATING) / ELO_SCALE, np.nan_to_num(coefficients[varying]))


@dataclass(frozen=True, eq=False)
class _JointFit:
    """Strengths and coefficients (M + K,) with their covariances, and whether each interval is clustered (M,)."""

    parameters: Floats
    spread: Spread
    clustered: Flags
    iterations: int

    def build_estimate(self, models: Indices) -> Estimate:
        """Return the estimate for some models.

        Its number of iterations is 0, because they are counted once for all models.
        """
        spread = self.spread.select_models(models)
        return Estimate.from_bounded(models, self.parameters[models], spread, self.clustered[models], iterations=0)


def _fit_bounded(board: Comparisons, votes: PairedVotes, parts: list[Component], parameters: Floats) -> _JointFit:
    size = votes.model_count
    width = len(parameters)
    free = np.zeros(width, dtype=bool)
    component = np.full(size, -1)
    for number, models in enumerate(part.bounded for part in parts if part.bounded.size):
        component[models] = number
        # One strength must be fixed. The model with the most votes is the most precise reference.
        reference = board.votes[np.ix_(models, models)].sum(axis=1).argmax()
        free[np.delete(models, reference)] = True
        free[size:] = True
    if not free.any():
        return _JointFit(parameters, Spread.unclustered(np.zeros((width, width))), np.zeros(size, dtype=bool), 0)
    maximum, information, iterations = maximize_style_likelihood(votes, parameters, np.flatnonzero(free))
    spread, clustered = compute_sandwich(votes, maximum, information, free, component)
    for part in parts:
        if part.bounded.size:
            maximum[part.bounded] -= maximum[part.bounded].mean()
    return _JointFit(maximum, spread, clustered, iterations)


def _place_unbounded_models(board: Comparisons, votes: PairedVotes, part: Component, parameters: Floats) -> Estimate:
    """Place models as `placement.place_unbounded_models` does, but adjusted for the effect of style on each vote."""
    unbounded = np.zeros(len(parameters), dtype=bool)
    unbounded[part.unbounded] = True
    votes = votes.select_votes(unbounded[votes.first] | unbounded[votes.second])
    placed, information, iterations = maximize_style_likelihood(
        votes, parameters, part.unbounded, unbounded.astype(np.float64)
    )
    score = board.score
    has_won = np.any(score[part.unbounded] > 0, axis=1)
    has_lost = np.any(score.T[part.unbounded] > 0, axis=1)
    low_open, high_open = find_open_ends(score, part, has_won, has_lost)
    low = np.full(len(part.unbounded), -np.inf)
    high = np.full(len(part.unbounded), np.inf)
    for row, model in enumerate(part.unbounded):
        won, lost, opponents = _collect_record(votes, placed, model)
        if not low_open[row]:
            low[row] = find_lower_bounds(won, lost, opponents)[0]
        if not high_open[row]:
            high[row] = -find_lower_bounds(lost, won, -opponents)[0]
    covariance = cho_solve(cho_factor(information[np.ix_(part.unbounded, part.unbounded)]), np.eye(len(part.unbounded)))
    return Estimate(
        models=part.unbounded,
        theta=placed[part.unbounded],
        spread=Spread.unclustered(covariance),
        low=low,
        high=high,
        clustered=np.zeros(len(part.unbounded), dtype=bool),
        iterations=iterations,
    )


def _collect_record(votes: PairedVotes, parameters: Floats, model: int) -> tuple[Floats, Floats, Floats]:
    """Return a model's wins and losses (1, n) in its n votes, and the opponents' strengths adjusted for style (n,)."""
    record = votes.select_votes((votes.first == model) | (votes.second == model))
    is_first = record.first == model
    score = np.where(is_first, record.score, 1 - record.score)
    opponents = parameters[model] - np.where(is_first, 1, -1) * record.compute_leads(parameters)
    return (record.weight * score)[None], (record.weight * (1 - score))[None], opponents
