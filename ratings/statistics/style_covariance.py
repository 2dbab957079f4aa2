"""The joint sandwich covariance of strengths and style coefficients, plain or clustered by voter.

The rules are those of `ratings.statistics.bradley_terry`, which cites their sources.
"""

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from ratings.statistics.cluster_sums import ColumnEntries, sum_outer_products, sum_over_voters
from ratings.statistics.constants import MIN_VOTERS
from ratings.statistics.interval_widths import Spread, compute_degrees_of_freedom
from ratings.statistics.likelihood import Flags
from ratings.statistics.style_pair_sums import PairedVotes
from ratings.statistics.vote_arrays import Floats, Indices

# Sums of squares below this part of what is expected are rounding.
_RESIDUAL_TOLERANCE = 1e-12


def compute_sandwich(
    votes: PairedVotes, parameters: Floats, information: Floats, free: Flags, component: Indices
) -> tuple[Spread, Flags]:
    """Errors of the maximum (M + K parameters) and whose interval is clustered by voter (M,).

    free (M + K,): all fitted parameters but one strength in each component. component (M,): that of each fitted
    model, below 0 for all others, whose rows are zero. Strengths are as differences from their component's mean.
    """
    residual, expected = votes.residuals(parameters)
    plain = votes.outer(votes.weight * residual**2)
    to_mean = _build_centering(component, len(parameters))[:, free] @ _invert_information(
        information[np.ix_(free, free)]
    )
    # What has no vote with a residual, all being ties at equal strengths, say, has the Hessian's error.
    flat = (plain.diagonal() <= _RESIDUAL_TOLERANCE * information.diagonal()) & (information.diagonal() > 0)
    flat_meat = votes.outer(votes.weight * expected * _select_affected_votes(votes, flat)) if flat.any() else 0.0

    def covariance(meat: Floats) -> Floats:
        found: Floats = to_mean @ (meat + flat_meat)[np.ix_(free, free)] @ to_mean.T
        found = (found + found.T) / 2
        np.fill_diagonal(found, np.maximum(found.diagonal(), 0))  # a variance of 0 may round to less
        if flat.any():
            hessian = (to_mean @ information[np.ix_(free, free)] @ to_mean.T).diagonal()
            widen = np.sqrt(np.where(flat, hessian, 1.0) / np.where(flat, found.diagonal(), 1.0))
            found *= widen[:, None] * widen
        return found

    alone = covariance(plain)
    if votes.voter is None:
        return Spread(alone, alone, np.full(len(parameters), np.inf)), np.zeros(votes.models, dtype=bool)
    meat, named = _compute_meat(votes, votes.voter, residual, plain, component)
    clustered = np.zeros(votes.models, dtype=bool)
    clustered[votes.first[named]] = clustered[votes.second[named]] = True
    degrees = np.full(len(parameters), np.inf)
    degrees[: votes.models][clustered] = _compute_degrees(votes, votes.voter, expected, named)[clustered]
    return Spread(covariance(meat), alone, degrees), clustered


def _build_centering(component: Indices, size: int) -> Floats:
    """(size, size): takes from each strength the mean of its component."""
    same = (component[:, None] == component) & (component >= 0)
    centring = np.eye(size)
    centring[: len(component), : len(component)] -= same / np.maximum(same.sum(axis=1), 1)[:, None]
    return centring


def _invert_information(information: Floats) -> Floats:
    inverse: Floats = cho_solve(cho_factor(information), np.eye(len(information)))
    return inverse


def _select_affected_votes(votes: PairedVotes, parameters: Flags) -> Flags:
    """(N,): the votes on these models, and those with a difference in these styles."""
    models, styles = parameters[: votes.models], parameters[votes.models :]
    touched: Flags = models[votes.first] | models[votes.second] | (votes.x[styles] != 0).any(axis=0)
    return touched


def _compute_meat(
    votes: PairedVotes, who: Indices, residual: Floats, plain: Floats, component: Indices
) -> tuple[Floats, Flags]:
    """The sum of squared scores, and which votes are summed by voter (N,)."""
    named, factor = _select_clustered_votes(votes, who, component)
    voter = np.maximum(who, 0)
    score = votes.weight * residual * named
    products = _sum_score_products(votes, voter, score)
    # A sum that the maximum makes 0, there being a single voter, tells nothing: such votes count one by one.
    silent = products.diagonal() <= _RESIDUAL_TOLERANCE * plain.diagonal()
    lone = named & _select_affected_votes(votes, silent)
    if lone.any():
        named &= ~lone
        products = _sum_score_products(votes, voter, score * named)
    return products * factor * factor[:, None] + votes.outer(votes.weight * residual**2 * ~named), named


def _compute_degrees(votes: PairedVotes, voter: Indices, expected: Floats, named: Flags) -> Floats:
    """(M,): as `bradley_terry` has them."""
    amount = votes.weight * expected
    first, second = votes.first.astype(np.intp), votes.second.astype(np.intp)
    (squares,) = sum_over_voters(voter[named], (first[named], second[named]), amount[named], votes.models, [np.square])
    information, alone = np.zeros(votes.models), (amount * expected)[~named]
    for side in (first, second):
        information += np.bincount(side, amount, votes.models)
        squares += np.bincount(side[~named], alone, votes.models)
    return compute_degrees_of_freedom(information, squares)


def _select_clustered_votes(votes: PairedVotes, voter: Indices, component: Indices) -> tuple[Flags, Floats]:
    """The votes (N,) of known voters in components with enough of them, and the root of G / (G - 1) (M + K,)."""
    place, known = component[votes.first], voter >= 0
    voted = np.zeros((int(component.max()) + 1, int(voter.max(initial=-1)) + 1), dtype=bool)
    voted[place[known], voter[known]] = True
    voters = voted.sum(axis=1)
    enough = voters >= MIN_VOTERS
    everyone = int(voted[enough].any(axis=0).sum())
    counts = np.append(np.where(component >= 0, voters[component], 0), np.full(len(votes.scale), everyone))
    return known & enough[place], np.sqrt(counts / np.maximum(counts - 1, 1))


def _sum_score_products(votes: PairedVotes, voter: Indices, score: Floats) -> Floats:
    """The sum over voters of the square (M + K, M + K) of their sums of scores."""
    size = votes.models
    parts: list[ColumnEntries] = [(votes.first, score), (votes.second, -score)]
    parts += [(size + k, score * votes.x[k] / scale) for k, scale in enumerate(votes.scale.tolist())]
    return sum_outer_products(voter, parts, size + len(votes.scale))
