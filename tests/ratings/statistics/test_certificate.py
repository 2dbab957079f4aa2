from itertools import combinations, pairwise

import numpy as np
import pytest

from ratings.statistics import bradley_terry, certificate
from ratings.statistics.certificate import UNDEFINED, Removal
from ratings.statistics.comparisons import Comparisons
from tests.ratings.votes import count_by_voter, simulate_votes

TIE = 1e-6
PRIOR = 1e-6


def certify(votes, voter, order=None):
    board = Comparisons.from_votes(*votes)
    order = order or np.argsort(-bradley_terry.fit(board).ratings, kind="stable").tolist()
    counts = count_by_voter(board, voter, votes[:2], votes[2])
    return order, certificate.certify_order(board, counts, order)


def simulate_voters(seed, voters, each, models):
    """Return votes and their voters. Some voters cast a fifth or half as many votes as the others."""
    rng = np.random.default_rng(seed)
    votes, voter, _ = simulate_votes(seed, voters, models, each)
    kept = rng.random(len(voter)) < rng.choice([0.2, 0.5, 1.0], voters)[voter]
    return tuple(side[kept] for side in votes), voter[kept]


def fit_all(scores):
    """Return the strengths (B, m) for B scores (B, m, m), with a weak tie of each model with an average one."""
    theta = np.zeros(scores.shape[:2])
    diagonal = np.arange(theta.shape[1])
    for _ in range(60):
        p = 1 / (1 + np.exp(theta[:, None] - theta[:, :, None]))
        gradient = (scores - (scores + scores.transpose(0, 2, 1)) * p).sum(axis=2) - PRIOR * (
            1 / (1 + np.exp(-theta)) - 0.5
        )
        hessian = -(scores + scores.transpose(0, 2, 1)) * p * (1 - p)
        hessian[:, diagonal, diagonal] += PRIOR / (2 + np.exp(theta) + np.exp(-theta)) - hessian.sum(axis=2)
        step = np.linalg.solve(hessian, gradient[:, :, None])[:, :, 0]
        step /= np.maximum(1, np.abs(step).max(axis=1, keepdims=True))
        theta += step
        if np.abs(step).max() < 1e-7:
            break
    return theta


def find_leads_without(votes, voter, most):
    """Yield, for each number of voters up to `most`, the strengths without each set of so many voters."""
    board = Comparisons.from_votes(*votes)
    size, ids = len(board.labels), np.unique(voter)
    scores = np.zeros((len(ids), size, size))
    a, b = (np.searchsorted(board.labels, side) for side in votes[:2])
    np.add.at(scores, (np.searchsorted(ids, voter), a, b), votes[2])
    np.add.at(scores, (np.searchsorted(ids, voter), b, a), 1 - votes[2])
    for number in range(1, min(most, len(ids)) + 1):
        sets = np.array(list(combinations(range(len(ids)), number)), dtype=int)
        yield number, fit_all(scores.sum(axis=0) - scores[sets].sum(axis=1))


def find_removals(votes, voter, order, most):
    """Return the least number of voters for each two neighbors, and for the first place. None is more than `most`."""
    pairs = [None] * (len(order) - 1)
    first = None
    for number, theta in find_leads_without(votes, voter, most):
        ranked = theta[:, order]
        for place, has_changed in enumerate((ranked[:, :-1] - ranked[:, 1:] <= TIE).any(axis=0)):
            if has_changed and pairs[place] is None:
                pairs[place] = number
        if first is None and (ranked[:, :1] - ranked[:, 1:] <= TIE).any():
            first = number
        if None not in (first, *pairs):
            break
    return pairs, first


def is_consistent(removal, truth, most):
    """Return whether a removal contains the truth, which is None if more than `most` voters are needed."""
    return removal.at_most > most if truth is None else removal.at_least <= truth == removal.at_most


@pytest.mark.parametrize(
    ("voters", "each", "models", "most", "seeds"), [(12, 8, 4, 5, range(20)), (40, 8, 4, 3, range(100, 110))]
)
def test_certificate_equals_brute_force(voters, each, models, most, seeds):
    judged = 0
    for seed in seeds:
        votes, voter = simulate_voters(seed, voters, each, models)
        order, result = certify(votes, voter)
        pairs, first = find_removals(votes, voter, order, most)
        for removal, truth in zip([*result.pairs, result.first], [*pairs, first], strict=True):
            assert is_consistent(removal, truth, most), (seed, result, pairs, first)
            assert removal.voter_count == len(np.unique(voter))
            judged += truth is not None
    assert judged > len(seeds)


def test_bounds_of_a_larger_board_are_close_and_belong_to_a_set_that_changes_the_order():
    votes, voter, _ = simulate_votes(3, 300, models=12, each=12)
    order, result = certify(votes, voter)
    for (above, below), (at_least, at_most, of) in zip(pairwise(order), result.pairs, strict=True):
        assert 1 <= at_least <= at_most <= of == 300, (above, below)
        assert at_most - at_least <= 1 + at_most // 5
    assert result.first.at_most <= result.pairs[0].at_most


@pytest.mark.parametrize(
    ("votes", "voter", "order", "pairs", "first"),
    [
        (([0, 1], [1, 0], [1, 1]), [1, 2], [0, 1], [Removal(0, 0, 2)], Removal(0, 0, 2)),
        # Three of five voters prefer 0.
        (([0] * 5, [1] * 5, [1, 1, 1, 0, 0]), range(5), [0, 1], [Removal(1, 1, 5)], Removal(1, 1, 5)),
        # One voter with many votes.
        (([0] * 6, [1] * 6, [1, 1, 1, 1, 0, 0]), [1, 1, 1, 1, 2, 3], [0, 1], [Removal(1, 1, 3)], None),
        # Model 2 never lost, so it is unbounded.
        (([0, 0, 2], [1, 1, 0], [1, 0, 1]), [1, 2, 3], [2, 0, 1], [UNDEFINED, Removal(0, 0, 2)], UNDEFINED),
        # Two components.
        (([0, 0, 2, 2], [1, 1, 3, 3], [1, 0.5, 1, 0.5]), [1, 2, 3, 4], [0, 1, 2, 3], None, None),
        (([0], [1], [0.5]), [1], [0], [], UNDEFINED),
    ],
)
def test_certificate_of_small_boards(votes, voter, order, pairs, first):
    _, result = certify(votes, list(voter), order)
    if pairs is None:
        assert [removal.voter_count for removal in result.pairs] == [2, None, 2]
        assert result.pairs[1] == UNDEFINED
    else:
        assert result.pairs == pairs
    if first is not None:
        assert result.first == first


def test_certificate_is_undefined_without_voters():
    votes = ([0, 0, 1], [1, 1, 0], [1, 1, 1])
    board = Comparisons.from_votes(*votes)
    nobody = count_by_voter(board, [], ([], []), [])
    result = certificate.certify_order(board, nobody, [0, 1])
    assert (result.pairs, result.first) == ([UNDEFINED], UNDEFINED)
    assert certificate.certify_order(board, nobody, []).first is None


def test_order_that_rests_on_votes_without_a_voter_cannot_change():
    votes = ([0] * 9, [1] * 9, [1] * 7 + [0] * 2)
    board = Comparisons.from_votes(*votes)
    rows = count_by_voter(board, [0], ([0], [1]), [1])
    assert certificate.certify_order(board, rows, [0, 1]).pairs == [Removal(None, None, 1)]


def test_one_row_per_vote_gives_the_same_certificate():
    votes, voter = simulate_voters(5, 12, 8, 4)
    order, expected = certify(votes, voter)
    board = Comparisons.from_votes(*votes)
    swapped = (votes[1], votes[0])
    rows = count_by_voter(board, voter[::-1], tuple(side[::-1] for side in swapped), 1 - votes[2][::-1])
    result = certificate.certify_order(board, rows, order)
    assert (result.pairs, result.first) == (expected.pairs, expected.first)


def test_only_known_voter_may_be_unable_to_change_anything():
    wins = np.array([[0.0, 30, 30], [10, 0, 30], [10, 10, 0]])
    board = Comparisons.from_counts(range(3), wins, np.zeros((3, 3)))
    one_vote = count_by_voter(board, [0], ([1], [2]), [1.0])
    result = certificate.certify_order(board, one_vote, [0, 1, 2])
    assert [*result.pairs, result.first] == [Removal(None, None, 1)] * 3
