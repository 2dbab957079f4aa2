"""The maximum of the Bradley-Terry likelihood of votes with style, or a proof that there is no finite maximum."""

from dataclasses import replace

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.sparse import csr_array
from scipy.special import expit

from ratings.statistics.likelihood import MAX_ITERATIONS, STEP_TOLERANCE, Flags, NotConverged, compute_damping
from ratings.statistics.style_votes import PairedVotes
from ratings.statistics.vote_arrays import Floats, Indices

# The step at which separability is checked. Parameters that diverge grow by one unit per step. If there is a maximum,
# finding it rarely takes half as many steps.
_SEPARABILITY_CHECK_STEP = 20
# If less than this fraction of a parameter's information is left after the other parameters are accounted for, that
# remainder might be a rounding error.
_MIN_INFORMATION_SHARE = 1e-9
# The solver meets constraints to within 1e-7 if strengths and style differences are at most 1.
_CONSTRAINT_SLACK = 1e-6
_MIN_MARGIN = 1e-5
_CONSTRAINT_BATCH_SIZE = 2000


class Separable(ArithmeticError):
    """The likelihood has no finite maximum, or more than one."""


def maximize_style_likelihood(
    votes: PairedVotes, parameters: Floats, free: Indices, ties: Floats | None = None
) -> tuple[Floats, Floats, int]:
    """Maximize the likelihood over the free parameters. The other parameters are fixed.

    parameters (M + K,): the starting values and the fixed values.
    free: positions of the free parameters. If `ties` is None, all coefficients must be free.
    ties (M + K,): for each strength, the number of virtual ties with an opponent of strength 0.

    Returns the parameters, their information matrix (M + K, M + K), and the number of steps. Steps and precision are
    the same as in `maximize_likelihood`.

    Raises Separable if there is no finite maximum or more than one, and NotConverged if none is found within
    `MAX_ITERATIONS` steps.
    """
    needs_separability_check = ties is None
    virtual = np.zeros_like(parameters) if ties is None else ties
    parameters = parameters.copy()
    step = np.zeros_like(parameters)
    for iteration in range(1, MAX_ITERATIONS + 1):
        gradient, information = votes.compute_derivatives(parameters)
        p, q = expit(parameters), expit(-parameters)
        gradient += virtual * (q - p) / 2
        information.flat[:: len(p) + 1] += virtual * p * q
        free_information = information[np.ix_(free, free)]
        if needs_separability_check and (
            iteration == _SEPARABILITY_CHECK_STEP or _is_nearly_singular(free_information)
        ):
            check_separability(votes, free)
            needs_separability_check = False
        step[free] = _solve_step(free_information, gradient[free])
        step *= compute_damping(_find_farthest_move(votes, step, virtual))
        parameters += step
        if np.abs(step).max(initial=0) <= STEP_TOLERANCE * max(1.0, np.abs(parameters).max(initial=0)):
            return parameters, information, iteration
    raise NotConverged(f"no maximum of the likelihood was found in {MAX_ITERATIONS} steps")


def check_separability(votes: PairedVotes, free: Indices) -> None:
    """Raise Separable if the likelihood of the votes has no finite maximum, or more than one.

    It has no finite maximum if and only if some change of the parameters makes no vote less likely and some votes more
    likely (A. Albert and J. A. Anderson, Biometrika 71, 1984). A linear program decides this. It has more than one
    maximum if some change of the parameters does not affect any vote.
    """
    # With this scale, all coefficients of the linear program are at most 1.
    votes = replace(votes, scale=np.maximum(np.abs(votes.x).max(axis=1, initial=0), np.finfo(float).tiny))
    if _is_separable(votes, free):
        raise Separable("the style of the answers separates the outcomes, so their likelihood has no finite maximum")
    if _has_collinear_styles(votes, free):
        raise Separable("a style column is a linear combination of other columns, so the likelihood has many maxima")


def _solve_step(information: Floats, gradient: Floats) -> Floats:
    try:
        step: Floats = cho_solve(cho_factor(information, check_finite=False), gradient, check_finite=False)
    except LinAlgError:
        raise NotConverged("the likelihood is flat to machine precision at these strengths") from None
    return step


def _is_nearly_singular(information: Floats) -> bool:
    try:
        factor, _ = cho_factor(information, check_finite=False)
    except LinAlgError:
        return True
    return bool((factor.diagonal() ** 2 <= _MIN_INFORMATION_SHARE * information.diagonal()).any())


def _find_farthest_move(votes: PairedVotes, step: Floats, virtual: Floats) -> float:
    """Return an upper bound on the change of the lead in any vote, in natural units."""
    runs = votes.runs
    strength_moves = np.abs(step[runs.first] - step[runs.second])
    style_moves = np.abs(step[votes.model_count :] / votes.scale)
    farthest = strength_moves.max(initial=0) + style_moves.sum()
    return max(float(farthest), float(np.abs(step[virtual > 0]).max(initial=0)))


def _is_separable(votes: PairedVotes, free: Indices) -> bool:
    """Return whether some change of the free parameters makes some votes more likely, and no vote less likely."""
    # Most constraints are redundant, so the linear program starts with the constraints of a few votes and
    # adds those that a solution violates.
    side = 2 * votes.score - 1  # 1 if the first model won, -1 if it lost, 0 for a tie
    gain = votes.sum_derivatives(side)[free]
    is_chosen = np.zeros(len(side), dtype=bool)
    is_chosen[:: max(1, len(side) // _CONSTRAINT_BATCH_SIZE)] = True
    while True:
        change = np.zeros(votes.model_count + len(votes.scale))
        change[free] = _solve_best_change(votes, is_chosen, free, gain)
        leads = votes.compute_leads(change)
        margins = np.where(side == 0, -np.abs(leads), side * leads)
        if gain @ change[free] <= 0 or margins.max(initial=0) < _MIN_MARGIN:
            return False
        violated = np.flatnonzero((margins < -_CONSTRAINT_SLACK) & ~is_chosen)
        if not violated.size:
            return True
        worst = np.argsort(margins[violated])[:_CONSTRAINT_BATCH_SIZE]
        is_chosen[violated[worst]] = True


def _solve_best_change(votes: PairedVotes, is_chosen: Flags, free: Indices, gain: Floats) -> Floats:
    """Return the change of the free parameters with the largest gain that makes no chosen vote less likely.

    No parameter changes by more than 1.

    gain: the gain from a unit change of each free parameter.
    """
    from scipy.optimize import linprog  # takes 17 MB, and few fits need it

    rows = _build_design_matrix(votes.select_votes(is_chosen))[:, free]
    side = 2 * votes.score[is_chosen] - 1
    tied = rows[side == 0]
    decided = rows[side != 0] * -side[side != 0][:, None]
    solution = linprog(
        -gain / max(np.abs(gain).max(initial=0), 1.0),
        A_ub=decided,
        b_ub=np.zeros(decided.shape[0]),
        A_eq=tied,
        b_eq=np.zeros(tied.shape[0]),
        bounds=(-1, 1),
    )
    if solution.x is None:
        raise NotConverged(f"the linear program for the separability check failed: {solution.message}")
    change: Floats = solution.x
    return change


def _build_design_matrix(votes: PairedVotes) -> csr_array:
    """Return the derivatives of each vote's lead with respect to the parameters (N, M + K)."""
    count = len(votes.score)
    styles = len(votes.scale)
    columns = np.tile(np.arange(votes.model_count, votes.model_count + styles), (count, 1))
    columns = np.column_stack((votes.first, votes.second, columns)).astype(np.intp)
    values = np.column_stack((np.ones(count), -np.ones(count), (votes.x / votes.scale[:, None]).T))
    ends = np.arange(0, (styles + 2) * count + 1, styles + 2)
    return csr_array((values.ravel(), columns.ravel(), ends), shape=(count, votes.model_count + styles))


def _has_collinear_styles(votes: PairedVotes, free: Indices) -> bool:
    """Return whether some style column is a linear combination of other columns and strength differences."""
    # The result does not depend on the weights of the votes. Equal weights for all runs give the smallest rounding
    # error.
    products = votes.sum_outer_products(np.repeat(1 / votes.runs.lengths, votes.runs.lengths))[np.ix_(free, free)]
    strengths = int((free < votes.model_count).sum())
    mixed = products[strengths:, :strengths]
    styles = products[strengths:, strengths:]
    unit = np.sqrt(styles.diagonal())
    residual = styles - mixed @ cho_solve(cho_factor(products[:strengths, :strengths]), mixed.T)
    return bool(np.linalg.eigvalsh(residual / unit / unit[:, None]).min(initial=1) <= _MIN_INFORMATION_SHARE)
