"""Bradley-Terry ratings under style control: strengths and the effects of style, fitted together.

The probability that a wins is 1 / (1 + exp(-(theta_a - theta_b + x beta))), where x are the style differences (a - b) /
(a + b + 1) of the vote. Each style difference is divided by its population standard deviation over the board's votes.
The differences are not centered. There is no intercept and no penalty. A tie is half a win for each model.

Sources: T. Li, A. Angelopoulos and W.-L. Chiang, Does style matter? (LMSYS, 2024) for the model. Everything else
follows `ratings.statistics.bradley_terry`.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.special import expit

from ratings.statistics import bradley_terry
from ratings.statistics.bradley_terry import Fit, join_estimates
from ratings.statistics.cluster_sums import ColumnEntries, sum_outer_products, sum_over_voters
from ratings.statistics.comparisons import Comparisons
from ratings.statistics.components import Component, label_components, list_components
from ratings.statistics.constants import ELO_SCALE, MEAN_RATING, MIN_VOTERS
from ratings.statistics.interval_widths import Spread, compute_degrees_of_freedom
from ratings.statistics.likelihood import (
    MAX_ITERATIONS,
    RESIDUAL_TOLERANCE,
    STEP_TOLERANCE,
    Estimate,
    NotConverged,
    compute_damping,
)
from ratings.statistics.placement import find_lower_bounds, find_open_ends
from ratings.statistics.style_votes import StyledVotes
from ratings.statistics.vote_arrays import Flags, Floats, Indices

StartingValues: TypeAlias = tuple[ArrayLike, ArrayLike]
# If less than this fraction of a parameter's information is left after the other parameters are accounted for, the
# remainder might be a rounding error.
_MIN_INFORMATION_SHARE = 1e-9
# If style separates the outcomes, leads grow by one unit per step without end. No real votes have a maximum at such a
# lead, which stands for one loss in 70 billion votes, and finding a maximum takes fewer steps.
_MAX_LEAD = 25.0
_MIN_STEPS = 20


class Separable(ArithmeticError):
    """The likelihood has no finite maximum, or more than one."""


@dataclass(frozen=True, eq=False)
class StyleFit:
    """Ratings under style control, and the effects of style.

    fit: the same kind of result as from `bradley_terry.fit`.
    coefficients, errors (K each): natural log-odds per standard deviation of the style difference, and their standard
        errors. They are None for a feature that is constant on the board or among the votes between bounded models.
    scale (K,): the standard deviations of the style differences.
    """

    fit: Fit
    coefficients: tuple[float | None, ...]
    errors: tuple[float | None, ...]
    scale: Floats


def fit(votes: StyledVotes, *, start: StartingValues | None = None) -> StyleFit:
    """Return the ratings for all models, with the effect of style removed.

    The bounded models in all components are fitted together, with the same coefficients. Unbounded models are placed as
    in `placement.place_unbounded_models`, while the fitted strengths and the coefficients stay fixed. If the votes have
    voters, intervals are clustered as in `bradley_terry.fit`.

    start: starting values for the ratings (M,) and the coefficients (K,), such as the previous ones.

    Raises Separable if the likelihood has no finite maximum or more than one, and likelihood.NotConverged if Newton's
    method does not reach a relative precision of 1e-10.
    """
    board = votes.to_comparisons()
    size = len(board.labels)
    parts = list_components(board)
    component, bounded = label_components(parts, size)
    inside = votes.select_votes(bounded[votes.first] & bounded[votes.second])
    varying = (votes.scale > 0) & (inside.x != inside.x[:, :1]).any(axis=1)
    joint = _fit_bounded(board, inside.select_styles(varying), parts, _compute_start(board, start, varying))
    with_style = votes.select_styles(varying)
    fitted = [joint.build_estimate(part.bounded) for part in parts if part.bounded.size]
    placed = [
        _place_unbounded_models(board, with_style, part, joint.parameters) for part in parts if part.unbounded.size
    ]
    errors = np.sqrt(joint.spread.covariance.diagonal())
    return StyleFit(
        fit=join_estimates([*fitted, *placed], component),
        coefficients=_fill_constant_styles(varying, joint.parameters[size:]),
        errors=_fill_constant_styles(varying, errors[size:]),
        scale=votes.scale,
    )


def _fill_constant_styles(varying: Flags, values: Floats) -> tuple[float | None, ...]:
    """Return one value per style (K). The value of a constant style is None."""
    remaining = iter(values.tolist())
    return tuple(next(remaining) if varies else None for varies in varying)


def _compute_start(board: Comparisons, start: StartingValues | None, varying: Flags) -> Floats:
    """Return starting values (M + K',): strengths in natural units, and coefficients of the K' features that vary."""
    # If all votes are ties, all ratings are 1000. This start makes the result exact to the last bit.
    if start is None or not board.wins.any():
        start = bradley_terry.fit(board).ratings, np.zeros(len(varying))
    ratings, coefficients = (np.array(values, dtype=np.float64) for values in start)
    return np.append((ratings - MEAN_RATING) / ELO_SCALE, np.nan_to_num(coefficients[varying]))


@dataclass(frozen=True, eq=False)
class _JointFit:
    """Strengths and coefficients (M + K,) with their covariances, and whether each interval is clustered (M,)."""

    parameters: Floats
    spread: Spread
    clustered: Flags

    def build_estimate(self, models: Indices) -> Estimate:
        """Return the estimate for some models."""
        spread = self.spread.select_models(models)
        return Estimate.from_bounded(models, self.parameters[models], spread, self.clustered[models])


def _fit_bounded(board: Comparisons, votes: StyledVotes, parts: list[Component], parameters: Floats) -> _JointFit:
    size, width = len(votes.labels), len(parameters)
    free = np.zeros(width, dtype=bool)
    component = np.full(size, -1)
    for number, models in enumerate(part.bounded for part in parts if part.bounded.size):
        component[models] = number
        # One strength must be fixed. The model with the most votes is the most precise reference.
        reference = board.votes[np.ix_(models, models)].sum(axis=1).argmax()
        free[np.delete(models, reference)] = True
        free[size:] = True
    if not free.any():
        return _JointFit(parameters, Spread.unclustered(np.zeros((width, width))), np.zeros(size, dtype=bool))
    maximum, information = maximize_likelihood(votes, parameters, free)
    spread, clustered = _compute_sandwich(votes, maximum, information, free, component)
    for part in parts:
        if part.bounded.size:
            maximum[part.bounded] -= maximum[part.bounded].mean()
    return _JointFit(maximum, spread, clustered)


def maximize_likelihood(
    votes: StyledVotes, parameters: Floats, free: Flags, ties: Floats | None = None
) -> tuple[Floats, Floats]:
    """Maximize the likelihood over the free parameters. The other parameters are fixed.

    parameters (M + K,): the starting values and the fixed values.
    free (M + K,): a mask of the free parameters.
    ties (M + K,): for each strength, the number of virtual ties with an opponent of strength 0.

    Returns the parameters, and their information matrix (M + K, M + K). Steps and precision are the same as in
    `likelihood.maximize_likelihood`.

    Raises Separable and NotConverged as `fit` does.
    """
    virtual = np.zeros_like(parameters) if ties is None else ties
    inside = np.ix_(free, free)
    parameters = parameters.copy()
    step = np.zeros_like(parameters)
    for iteration in range(1, MAX_ITERATIONS + 1):
        leads = votes.compute_leads(parameters)
        if ties is None and iteration > _MIN_STEPS and np.abs(leads).max(initial=0) > _MAX_LEAD:
            raise Separable("style separates the outcomes of the votes, so their likelihood has no finite maximum")
        residual, variance = votes.compute_residuals(leads)
        p, q = expit(parameters), expit(-parameters)
        gradient = votes.sum_derivatives(votes.weight * residual) + virtual * (q - p) / 2
        information = votes.sum_outer_products(votes.weight * variance) + np.diag(virtual * p * q)
        try:
            factor = cho_factor(information[inside])
            is_flat = bool((factor[0].diagonal() ** 2 <= _MIN_INFORMATION_SHARE * information.diagonal()[free]).any())
        except LinAlgError:
            is_flat = True
        if is_flat:
            raise Separable("a style is a combination of other styles and strengths, so the likelihood has many maxima")
        step[free] = cho_solve(factor, gradient[free])
        moves = np.abs(votes.compute_leads(step))
        step *= compute_damping(max(float(moves.max(initial=0)), float(np.abs(step[virtual > 0]).max(initial=0))))
        parameters += step
        if np.abs(step).max(initial=0) <= STEP_TOLERANCE * max(1.0, np.abs(parameters).max(initial=0)):
            return parameters, information
    raise NotConverged(f"no maximum of the likelihood was found in {MAX_ITERATIONS} steps")


def _compute_sandwich(
    votes: StyledVotes, parameters: Floats, information: Floats, free: Flags, component: Indices
) -> tuple[Spread, Flags]:
    """Return the covariances of the M + K parameters, and whether each model's interval is clustered by voter (M,).

    The method and its sources are the same as in `ratings.statistics.bradley_terry`.

    free (M + K,): True for all fitted parameters except one strength in each component.
    component (M,): the component of each fitted model, or a negative number for a model that is not fitted. The
        covariances of such a model are zero.

    The covariances are for strengths relative to the mean of their component.
    """
    residual, variance = votes.compute_residuals(votes.compute_leads(parameters))
    plain = votes.sum_outer_products(votes.squared_weight * residual**2)
    inside = np.ix_(free, free)
    inverse = cho_solve(cho_factor(information[inside]), np.eye(int(free.sum())))
    centered_inverse = _build_centering(component, len(parameters))[:, free] @ inverse
    # The error of a parameter without residuals comes from the Hessian. For example, all votes on a model might be ties
    # between equal strengths.
    lacks_residuals = (plain.diagonal() <= RESIDUAL_TOLERANCE * information.diagonal()) & (information.diagonal() > 0)
    extra_meat: Floats | float = 0.0
    if lacks_residuals.any():
        extra_meat = votes.sum_outer_products(votes.weight * variance * _select_affected_votes(votes, lacks_residuals))

    def compute_covariance(meat: Floats) -> Floats:
        covariance: Floats = centered_inverse @ (meat + extra_meat)[inside] @ centered_inverse.T
        covariance = (covariance + covariance.T) / 2
        np.fill_diagonal(covariance, np.maximum(covariance.diagonal(), 0))  # rounding can push a variance of 0 below 0
        if lacks_residuals.any():
            hessian = (centered_inverse @ information[inside] @ centered_inverse.T).diagonal()
            scale = np.sqrt(
                np.where(lacks_residuals, hessian, 1.0) / np.where(lacks_residuals, covariance.diagonal(), 1.0)
            )
            covariance *= scale[:, None] * scale
        return covariance

    unclustered = compute_covariance(plain)
    if votes.voter is None:
        return Spread.unclustered(unclustered), np.zeros(len(votes.labels), dtype=bool)
    meat, is_clustered = _compute_meat(votes, votes.voter, residual, plain, component)
    clustered = np.zeros(len(votes.labels), dtype=bool)
    clustered[votes.first[is_clustered]] = True
    clustered[votes.second[is_clustered]] = True
    degrees = np.full(len(parameters), np.inf)
    degrees[: len(votes.labels)][clustered] = _compute_degrees(votes, votes.voter, variance, is_clustered)[clustered]
    return Spread(compute_covariance(meat), unclustered, degrees), clustered


def _build_centering(component: Indices, size: int) -> Floats:
    """Return the matrix (size, size) that subtracts the mean of the model's component from each strength."""
    is_same_component = (component[:, None] == component) & (component >= 0)
    centering = np.eye(size)
    centering[: len(component), : len(component)] -= (
        is_same_component / np.maximum(is_same_component.sum(axis=1), 1)[:, None]
    )
    return centering


def _select_affected_votes(votes: StyledVotes, parameters: Flags) -> Flags:
    """Return a mask (N,) of the votes on any of these models or with a difference in any of these styles."""
    models = parameters[: len(votes.labels)]
    styles = parameters[len(votes.labels) :]
    is_affected: Flags = models[votes.first] | models[votes.second] | (votes.x[styles] != 0).any(axis=0)
    return is_affected


def _compute_meat(
    votes: StyledVotes, voter: Indices, residual: Floats, plain: Floats, component: Indices
) -> tuple[Floats, Flags]:
    """Return the sum of the outer products of the scores, and whether each vote's score is first summed by voter.

    The shapes are (M + K, M + K) and (N,).
    """
    is_clustered, factor = _select_clustered_votes(votes, voter, component)
    voter = np.maximum(voter, 0)
    score = votes.weight * residual * is_clustered
    products = _sum_score_products(votes, voter, score)
    # If a model has a single voter, the voter's scores add up to 0 at the maximum, so they do not measure any error.
    # These votes count as independent.
    lacks_scores = products.diagonal() <= RESIDUAL_TOLERANCE * plain.diagonal()
    is_uninformative = is_clustered & _select_affected_votes(votes, lacks_scores)
    if is_uninformative.any():
        is_clustered &= ~is_uninformative
        products = _sum_score_products(votes, voter, score * is_clustered)
    independent_products = votes.sum_outer_products(votes.squared_weight * residual**2 * ~is_clustered)
    return products * factor * factor[:, None] + independent_products, is_clustered


def _compute_degrees(votes: StyledVotes, voter: Indices, variance: Floats, is_clustered: Flags) -> Floats:
    """Return the degrees of freedom of each model (M,), by the same rule as in `bradley_terry`."""
    vote_information = votes.weight * variance
    sides = votes.first[is_clustered], votes.second[is_clustered]
    clustered_information = vote_information[is_clustered]
    (squares,) = sum_over_voters(voter[is_clustered], sides, clustered_information, len(votes.labels), [np.square])
    information = np.zeros(len(votes.labels))
    independent_squares = (votes.squared_weight * variance**2)[~is_clustered]
    for side in (votes.first, votes.second):
        information += np.bincount(side, vote_information, len(votes.labels))
        squares += np.bincount(side[~is_clustered], independent_squares, len(votes.labels))
    return compute_degrees_of_freedom(information, squares)


def _select_clustered_votes(votes: StyledVotes, voter: Indices, component: Indices) -> tuple[Flags, Floats]:
    """Return whether each vote has a known voter in a component with enough voters, and a factor for each parameter.

    The shapes are (N,) and (M + K,). The factor of a parameter's scores is sqrt(G / (G - 1)). G is the number of voters
    in the parameter's component, or, for a style, in all components with enough voters.
    """
    vote_component = component[votes.first]
    has_voter = voter >= 0
    voted = np.zeros((int(component.max()) + 1, int(voter.max(initial=-1)) + 1), dtype=bool)
    voted[vote_component[has_voter], voter[has_voter]] = True
    voters = voted.sum(axis=1)
    enough = voters >= MIN_VOTERS
    total_voters = int(voted[enough].any(axis=0).sum())
    counts = np.append(np.where(component >= 0, voters[component], 0), np.full(len(votes.x), total_voters))
    return has_voter & enough[vote_component], np.sqrt(counts / np.maximum(counts - 1, 1))


def _sum_score_products(votes: StyledVotes, voter: Indices, score: Floats) -> Floats:
    """Return the sum over voters of the outer products of their total scores (M + K, M + K)."""
    parts: list[ColumnEntries] = [(votes.first, score), (votes.second, -score)]
    parts += [(len(votes.labels) + k, score * style) for k, style in enumerate(votes.x)]
    return sum_outer_products(voter, parts, len(votes.labels) + len(votes.x))


def _place_unbounded_models(board: Comparisons, votes: StyledVotes, part: Component, parameters: Floats) -> Estimate:
    """Place models as `placement.place_unbounded_models` does, but adjusted for the effect of style on each vote."""
    unbounded = np.zeros(len(parameters), dtype=bool)
    unbounded[part.unbounded] = True
    votes = votes.select_votes(unbounded[votes.first] | unbounded[votes.second])
    placed, information = maximize_likelihood(votes, parameters, unbounded, unbounded.astype(np.float64))
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
    )


def _collect_record(votes: StyledVotes, parameters: Floats, model: int) -> tuple[Floats, Floats, Floats]:
    """Return a model's wins and losses (1, n) in its n votes, and the opponents' strengths adjusted for style (n,)."""
    record = votes.select_votes((votes.first == model) | (votes.second == model))
    is_first = record.first == model
    score = np.where(is_first, record.score, 1 - record.score)
    opponents = parameters[model] - np.where(is_first, 1, -1) * record.compute_leads(parameters)
    return (record.weight * score)[None], (record.weight * (1 - score))[None], opponents
