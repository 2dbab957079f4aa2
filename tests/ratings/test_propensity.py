"""The audit of the draw: nothing moves that should not, and what the model does not describe is found."""

import numpy as np
import pytest
from scipy.special import expit

from ratings.bradley_terry import SCALE
from ratings.comparisons import Comparisons
from ratings.propensity import audit

THETA = np.array([0.9, 0.4, 0.0, -0.4, -0.9])


def summed(votes, weight):
    """The three sums of votes (i, j, outcome) with these weights."""
    size = len(THETA)
    found = []
    for power in (0, 1, 2):
        wins, ties = np.zeros((size, size)), np.zeros((size, size))
        for (i, j, outcome), each in zip(votes, weight**power, strict=True):
            if outcome == 0.5:
                ties[i, j] += each
                ties[j, i] += each
            else:
                wins[(i, j) if outcome else (j, i)] += each
        found.append(Comparisons.from_counts(range(size), wins, ties))
    return found


def drawn(seed, number, chance=expit, uneven=True):
    """Votes of pairs of which some are drawn far more often than others, and the weight of each."""
    rng = np.random.default_rng(seed)
    pairs = [(i, j) for i in range(5) for j in range(i + 1, 5)]
    shares = np.array([1 + 12 * (uneven and (i + j) % 3 == 0) for i, j in pairs], dtype=float)
    shares /= shares.sum()
    which = rng.choice(len(pairs), number, p=shares)
    votes = []
    for place in which:
        i, j = pairs[place]
        p, luck = chance(THETA[i] - THETA[j]), rng.random()
        votes.append((i, j, 0.5 if luck > 0.9 else float(luck < 0.9 * p)))
    return votes, 1 / (shares[which] * len(pairs))


def by_votes(votes, weight):
    """Strengths by plain gradient steps, and the error of the move from the influence of each vote."""
    i, j, outcome = (np.array(column) for column in zip(*votes, strict=True))
    i, j = i.astype(int), j.astype(int)
    size = len(THETA)

    def hessian(theta, w):
        found = np.zeros((size, size))
        p = expit(theta[i] - theta[j])
        for a, b, amount in zip(i, j, w * p * (1 - p), strict=True):
            found[a, a] += amount
            found[b, b] += amount
            found[a, b] -= amount
            found[b, a] -= amount
        return np.linalg.pinv(found, rcond=1e-10)

    def scores(theta, w):
        residual = w * (outcome - expit(theta[i] - theta[j]))
        rows = np.zeros((len(i), size))
        rows[np.arange(len(i)), i] += residual
        rows[np.arange(len(i)), j] -= residual
        return rows

    fits = []
    for w in (np.ones(len(i)), weight):
        theta = np.zeros(size)
        for _ in range(30):
            theta = theta + hessian(theta, w) @ scores(theta, w).sum(axis=0)
        fits.append(theta - theta.mean())
    plain, other = fits
    moves = scores(plain, weight) @ hessian(other, weight) - scores(plain, np.ones(len(i))) @ hessian(plain, 1.0)
    return SCALE * (other - plain), SCALE * np.sqrt((moves**2).sum(axis=0))


def test_audit_is_as_vote_by_vote():
    votes, weight = drawn(1, 400)
    found = audit(*summed(votes, weight))
    moved, errors = by_votes(votes, weight)
    assert found.labels == tuple(range(5))
    np.testing.assert_allclose(found.moved, moved, atol=1e-6)
    np.testing.assert_allclose(found.errors, errors, rtol=1e-6)


def test_even_chances_move_nothing():
    votes, weight = drawn(2, 500, uneven=False)
    found = audit(*summed(votes, weight))
    assert np.abs(found.moved).max() < 1e-6
    assert not found.flagged.any()


def test_uneven_chances_seldom_flag_where_the_model_holds():
    flagged = [audit(*summed(*drawn(seed, 2000))).flagged.mean() for seed in range(40)]
    assert np.mean(flagged) < 0.1


def test_what_the_model_does_not_describe_is_flagged():
    """Pairs far apart are decided as if they were near: the shape of the curve is another one."""

    def flat(difference):
        return expit(3 * np.tanh(difference))

    flagged = [audit(*summed(*drawn(seed, 20_000, flat))).flagged.any() for seed in range(3)]
    assert all(flagged)


def test_units_of_the_weights_do_not_matter():
    votes, weight = drawn(3, 400)
    one, other = audit(*summed(votes, weight)), audit(*summed(votes, 7 * weight))
    np.testing.assert_allclose(one.moved, other.moved, atol=1e-6)
    np.testing.assert_allclose(one.errors, other.errors, rtol=1e-6)


@pytest.mark.parametrize("votes", [[], [(0, 1, 1.0)]])
def test_without_a_fit_there_is_no_audit(votes):
    found = audit(*summed(votes, np.ones(len(votes))))
    assert found.labels == ()
    assert found.moved.shape == found.errors.shape == found.flagged.shape == (0,)
