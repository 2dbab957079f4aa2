"""The joint sandwich covariance of strengths and style coefficients, plain or clustered by voter.

The method and its sources are the same as in `ratings.statistics.bradley_terry`.
"""

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from ratings.statistics.cluster_sums import ColumnEntries, sum_outer_products, sum_over_voters
from ratings.statistics.constants import MIN_VOTERS
from ratings.statistics.interval_widths import Spread, compute_degrees_of_freedom
from ratings.statistics.likelihood import RESIDUAL_TOLERANCE, Flags
from ratings.statistics.style_pair_sums import PairedVotes
from ratings.statistics.vote_arrays import Floats, Indices


def compute_sandwich(
    votes: PairedVotes, parameters: Floats, information: Floats, free: Flags, component: Indices
) -> tuple[Spread, Flags]:
    """Return the covariances of the M + K parameters, and whether each model's interval is clustered by voter (M,).

    free (M + K,): True for all fitted parameters except one strength in each component.
    component (M,): the component of each fitted model, or a negative number for a model that is not fitted. The
        covariances of such a model are zero.

    The covariances are for strengths relative to the mean of their component.
    """
    residual, variance = votes.compute_residuals(parameters)
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
        return Spread.unclustered(unclustered), np.zeros(votes.model_count, dtype=bool)
    meat, is_clustered = _compute_meat(votes, votes.voter, residual, plain, component)
    clustered = np.zeros(votes.model_count, dtype=bool)
    clustered[votes.first[is_clustered]] = True
    clustered[votes.second[is_clustered]] = True
    degrees = np.full(len(parameters), np.inf)
    degrees[: votes.model_count][clustered] = _compute_degrees(votes, votes.voter, variance, is_clustered)[clustered]
    return Spread(compute_covariance(meat), unclustered, degrees), clustered


def _build_centering(component: Indices, size: int) -> Floats:
    """Return the matrix (size, size) that subtracts the mean of the model's component from each strength."""
    is_same_component = (component[:, None] == component) & (component >= 0)
    centering = np.eye(size)
    centering[: len(component), : len(component)] -= (
        is_same_component / np.maximum(is_same_component.sum(axis=1), 1)[:, None]
    )
    return centering


def _select_affected_votes(votes: PairedVotes, parameters: Flags) -> Flags:
    """Return a mask (N,) of the votes on any of these models or with a difference in any of these styles."""
    models = parameters[: votes.model_count]
    styles = parameters[votes.model_count :]
    is_affected: Flags = models[votes.first] | models[votes.second] | (votes.x[styles] != 0).any(axis=0)
    return is_affected


def _compute_meat(
    votes: PairedVotes, voter: Indices, residual: Floats, plain: Floats, component: Indices
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


def _compute_degrees(votes: PairedVotes, voter: Indices, variance: Floats, is_clustered: Flags) -> Floats:
    """Return the degrees of freedom of each model (M,), by the same rule as in `bradley_terry`."""
    vote_information = votes.weight * variance
    first = votes.first.astype(np.intp)
    second = votes.second.astype(np.intp)
    sides = first[is_clustered], second[is_clustered]
    clustered_information = vote_information[is_clustered]
    (squares,) = sum_over_voters(voter[is_clustered], sides, clustered_information, votes.model_count, [np.square])
    information = np.zeros(votes.model_count)
    independent_squares = (votes.squared_weight * variance**2)[~is_clustered]
    for side in (first, second):
        information += np.bincount(side, vote_information, votes.model_count)
        squares += np.bincount(side[~is_clustered], independent_squares, votes.model_count)
    return compute_degrees_of_freedom(information, squares)


def _select_clustered_votes(votes: PairedVotes, voter: Indices, component: Indices) -> tuple[Flags, Floats]:
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
    counts = np.append(np.where(component >= 0, voters[component], 0), np.full(len(votes.scale), total_voters))
    return has_voter & enough[vote_component], np.sqrt(counts / np.maximum(counts - 1, 1))


def _sum_score_products(votes: PairedVotes, voter: Indices, score: Floats) -> Floats:
    """Return the sum over voters of the outer products of their total scores (M + K, M + K)."""
    size = votes.model_count
    parts: list[ColumnEntries] = [(votes.first, score), (votes.second, -score)]
    parts += [(size + k, score * votes.x[k] / scale) for k, scale in enumerate(votes.scale.tolist())]
    return sum_outer_products(voter, parts, size + len(votes.scale))
