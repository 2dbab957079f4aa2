"""The audit of the draw: nothing moves that should not, and what the model does not describe is found."""

import numpy as np
import pytest
from scipy.special import expit

from ratings.statistics.bradley_terry import ELO_SCALE
from ratings.statistics.comparisons import Comparisons, VoterCounts
from ratings.statistics.propensity_audit import audit_propensities

THETA = np.array([0.9, 0.4, 0.0, -0.4, -0.9])


def summed(votes, weight, size=5):
    """The three sums of votes (i, j, outcome) with these weights."""
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


def by_votes(votes, weight, voter=None, size=5):
    """Strengths by plain gradient steps, and the error of the move from the influence of each vote, or each voter."""
    i, j, outcome = (np.array(column) for column in zip(*votes, strict=True))
    i, j = i.astype(int), j.astype(int)

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
    squares = (moves**2).sum(axis=0)
    if voter is not None:
        people = np.unique(voter)
        sums = np.array([moves[voter == each].sum(axis=0) for each in people])
        squares = (sums**2).sum(axis=0) * len(people) / (len(people) - 1)
    return ELO_SCALE * (other - plain), ELO_SCALE * np.sqrt(squares)


def cast_by(voter, votes, weight):
    """Who cast them, a row for each vote."""
    first, second, outcome = (np.array(column) for column in zip(*votes, strict=True))
    return tuple(
        VoterCounts(voter, first, second, *(amount * (outcome == score) for score in (1, 0, 0.5)))
        for amount in (np.ones(len(votes)), weight)
    )


def test_audit_is_as_vote_by_vote():
    votes, weight = drawn(1, 400)
    found = audit_propensities(*summed(votes, weight))
    moved, errors = by_votes(votes, weight)
    assert found.labels == tuple(range(5))
    np.testing.assert_allclose(found.moved, moved, atol=1e-6)
    np.testing.assert_allclose(found.errors, errors, rtol=1e-6)


@pytest.mark.parametrize("people", [5, 37, 400])
def test_audit_by_voter_is_as_voter_by_voter(people):
    votes, weight = drawn(1, 400)
    voter = np.random.default_rng(7).integers(people, size=400)
    found = audit_propensities(*summed(votes, weight), cast_by(voter, votes, weight))
    moved, errors = by_votes(votes, weight, voter)
    np.testing.assert_allclose(found.moved, moved, atol=1e-6)
    np.testing.assert_allclose(found.errors, errors, rtol=1e-6)


def test_a_voter_for_each_vote_is_nearly_as_without_voters():
    votes, weight = drawn(5, 400)
    alone, together = (
        audit_propensities(*summed(votes, weight)),
        audit_propensities(*summed(votes, weight), cast_by(np.arange(400), votes, weight)),
    )
    np.testing.assert_allclose(together.errors, alone.errors * np.sqrt(400 / 399), rtol=1e-9)


def test_people_with_a_taste_flag_less_often_when_votes_are_taken_by_voter():
    """Few people with tastes of their own, of whom each is asked about some pairs: their votes are not independent."""
    flagged = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        votes, weight, voter = [], [], []
        for person in range(12):
            mine = THETA + rng.normal(0, 1, 5)
            uneven = np.where(rng.random(10) < 0.3, 15.0, 1.0)
            pairs = [(i, j) for i in range(5) for j in range(i + 1, 5)]
            which = rng.choice(10, 60, p=uneven / uneven.sum())
            asked = [pairs[at] for at in which]
            votes += [(i, j, float(rng.random() < expit(mine[i] - mine[j]))) for i, j in asked]
            weight += (0.1 / (uneven / uneven.sum())[which]).tolist()
            voter += [person] * 60
        sums, cast = summed(votes, np.array(weight)), cast_by(np.array(voter), votes, np.array(weight))
        flagged.append((audit_propensities(*sums).flagged.mean(), audit_propensities(*sums, cast).flagged.mean()))
    alone, together = np.mean(flagged, axis=0)
    assert together < alone / 2
    assert together < 0.2


def test_models_outside_the_main_component_are_left_out_of_the_voters_too():
    votes, weight = drawn(1, 400)
    voter = np.random.default_rng(7).integers(20, size=400)
    lost = [(0, 5, 1.0)] * 9
    more, ones = [*votes, *lost], np.append(weight, np.ones(9))
    found = audit_propensities(*summed(more, ones, 6), cast_by(np.append(voter, np.arange(9)), more, ones))
    alone = audit_propensities(*summed(votes, weight), cast_by(voter, votes, weight))
    assert found.labels == alone.labels == tuple(range(5))
    np.testing.assert_allclose(found.errors, alone.errors, rtol=1e-9)


def test_even_chances_move_nothing():
    votes, weight = drawn(2, 500, uneven=False)
    found = audit_propensities(*summed(votes, weight))
    assert np.abs(found.moved).max() < 1e-6
    assert not found.flagged.any()


def test_uneven_chances_seldom_flag_where_the_model_holds():
    flagged = [audit_propensities(*summed(*drawn(seed, 2000))).flagged.mean() for seed in range(40)]
    assert np.mean(flagged) < 0.1


def test_what_the_model_does_not_describe_is_flagged():
    """Pairs far apart are decided as if they were near: the shape of the curve is another one."""

    def flat(difference):
        return expit(3 * np.tanh(difference))

    flagged = [audit_propensities(*summed(*drawn(seed, 20_000, flat))).flagged.any() for seed in range(3)]
    assert all(flagged)


def test_units_of_the_weights_do_not_matter():
    votes, weight = drawn(3, 400)
    one, other = audit_propensities(*summed(votes, weight)), audit_propensities(*summed(votes, 7 * weight))
    np.testing.assert_allclose(one.moved, other.moved, atol=1e-6)
    np.testing.assert_allclose(one.errors, other.errors, rtol=1e-6)


@pytest.mark.parametrize("votes", [[], [(0, 1, 1.0)]])
def test_without_a_fit_there_is_no_audit(votes):
    found = audit_propensities(*summed(votes, np.ones(len(votes))))
    assert found.labels == ()
    assert found.moved.shape == found.errors.shape == found.flagged.shape == (0,)
