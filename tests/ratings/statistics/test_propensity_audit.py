"""The propensity audit flags deviations from the model, and nothing else."""

import numpy as np
import pytest
from scipy.special import expit

from ratings.statistics.bradley_terry import ELO_SCALE
from ratings.statistics.comparisons import Comparisons, VoterCounts
from ratings.statistics.propensity_audit import audit_propensities

THETA = np.array([0.9, 0.4, 0.0, -0.4, -0.9])


def sum_boards(votes, weight, size=5):
    """Boards of votes (i, j, outcome): counts, sums of weights, and sums of squared weights."""
    boards = []
    for power in (0, 1, 2):
        wins, ties = np.zeros((size, size)), np.zeros((size, size))
        for (i, j, outcome), each in zip(votes, weight**power, strict=True):
            if outcome == 0.5:
                ties[i, j] += each
                ties[j, i] += each
            else:
                wins[(i, j) if outcome else (j, i)] += each
        boards.append(Comparisons.from_counts(range(size), wins, ties))
    return boards


def draw_votes(seed, number, chance=expit, uneven=True):
    """Votes on pairs, some of which are drawn far more often than others, and the weight of each vote."""
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


def audit_by_votes(votes, weight, voter=None, size=5):
    """The moves of strengths by plain gradient steps, and their errors from the influence of each vote or voter."""
    i, j, outcome = (np.array(column) for column in zip(*votes, strict=True))
    i, j = i.astype(int), j.astype(int)

    def hessian(theta, w):
        matrix = np.zeros((size, size))
        p = expit(theta[i] - theta[j])
        for a, b, amount in zip(i, j, w * p * (1 - p), strict=True):
            matrix[a, a] += amount
            matrix[b, b] += amount
            matrix[a, b] -= amount
            matrix[b, a] -= amount
        return np.linalg.pinv(matrix, rcond=1e-10)

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


def count_by_voter(voter, votes, weight):
    """The votes by voter, one row per vote."""
    first, second, outcome = (np.array(column) for column in zip(*votes, strict=True))
    return tuple(
        VoterCounts(voter, first, second, *(amount * (outcome == score) for score in (1, 0, 0.5)))
        for amount in (np.ones(len(votes)), weight)
    )


def test_audit_is_as_vote_by_vote():
    votes, weight = draw_votes(1, 400)
    audit = audit_propensities(*sum_boards(votes, weight))
    moved, errors = audit_by_votes(votes, weight)
    assert audit.labels == tuple(range(5))
    np.testing.assert_allclose(audit.changes, moved, atol=1e-6)
    np.testing.assert_allclose(audit.errors, errors, rtol=1e-6)


@pytest.mark.parametrize("people", [5, 37, 400])
def test_audit_by_voter_is_as_voter_by_voter(people):
    votes, weight = draw_votes(1, 400)
    voter = np.random.default_rng(7).integers(people, size=400)
    audit = audit_propensities(*sum_boards(votes, weight), count_by_voter(voter, votes, weight))
    moved, errors = audit_by_votes(votes, weight, voter)
    np.testing.assert_allclose(audit.changes, moved, atol=1e-6)
    np.testing.assert_allclose(audit.errors, errors, rtol=1e-6)


def test_a_voter_for_each_vote_is_nearly_as_without_voters():
    votes, weight = draw_votes(5, 400)
    alone, together = (
        audit_propensities(*sum_boards(votes, weight)),
        audit_propensities(*sum_boards(votes, weight), count_by_voter(np.arange(400), votes, weight)),
    )
    np.testing.assert_allclose(together.errors, alone.errors * np.sqrt(400 / 399), rtol=1e-9)


@pytest.mark.slow
def test_people_with_a_taste_flag_less_often_when_votes_are_taken_by_voter():
    """Few voters with tastes of their own judge only some pairs each, so their votes are not independent."""
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
        sums, cast = sum_boards(votes, np.array(weight)), count_by_voter(np.array(voter), votes, np.array(weight))
        flagged.append((audit_propensities(*sums).flagged.mean(), audit_propensities(*sums, cast).flagged.mean()))
    alone, together = np.mean(flagged, axis=0)
    assert together < alone / 2
    assert together < 0.2


def test_models_outside_the_main_component_are_left_out_of_the_voters_too():
    votes, weight = draw_votes(1, 400)
    voter = np.random.default_rng(7).integers(20, size=400)
    lost = [(0, 5, 1.0)] * 9
    more, ones = [*votes, *lost], np.append(weight, np.ones(9))
    audit = audit_propensities(*sum_boards(more, ones, 6), count_by_voter(np.append(voter, np.arange(9)), more, ones))
    alone = audit_propensities(*sum_boards(votes, weight), count_by_voter(voter, votes, weight))
    assert audit.labels == alone.labels == tuple(range(5))
    np.testing.assert_allclose(audit.errors, alone.errors, rtol=1e-9)


def test_even_chances_move_nothing():
    votes, weight = draw_votes(2, 500, uneven=False)
    audit = audit_propensities(*sum_boards(votes, weight))
    assert np.abs(audit.changes).max() < 1e-6
    assert not audit.flagged.any()


@pytest.mark.slow
def test_uneven_chances_seldom_flag_where_the_model_holds():
    flagged = [audit_propensities(*sum_boards(*draw_votes(seed, 2000))).flagged.mean() for seed in range(40)]
    assert np.mean(flagged) < 0.1


@pytest.mark.slow
def test_what_the_model_does_not_describe_is_flagged():
    """Pairs far apart are decided as if they were close, so the curve has another shape than the model's."""

    def flat(difference):
        return expit(3 * np.tanh(difference))

    flagged = [audit_propensities(*sum_boards(*draw_votes(seed, 20_000, flat))).flagged.any() for seed in range(3)]
    assert all(flagged)


def test_units_of_the_weights_do_not_matter():
    votes, weight = draw_votes(3, 400)
    one, other = audit_propensities(*sum_boards(votes, weight)), audit_propensities(*sum_boards(votes, 7 * weight))
    np.testing.assert_allclose(one.changes, other.changes, atol=1e-6)
    np.testing.assert_allclose(one.errors, other.errors, rtol=1e-6)


@pytest.mark.parametrize("votes", [[], [(0, 1, 1.0)]])
def test_without_a_fit_there_is_no_audit(votes):
    audit = audit_propensities(*sum_boards(votes, np.ones(len(votes))))
    assert audit.labels == ()
    assert audit.changes.shape == audit.errors.shape == audit.flagged.shape == (0,)
