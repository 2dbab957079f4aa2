import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratings.statistics.comparisons import Comparisons

WINS = [[0, 1, 0], [1, 0, 0], [1, 0, 0]]
TIES = [[0, 0, 0], [0, 0, 2], [0, 2, 0]]

votes = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 5), st.sampled_from([0, 0.5, 1]), st.integers(1, 9)).filter(
        lambda vote: vote[0] != vote[1]
    ),
    max_size=40,
)


def test_from_counts_keeps_read_only_copies():
    wins = np.array(WINS)
    board = Comparisons.from_counts(["a", "b", "c"], wins, TIES)
    wins[0, 1] = 99
    assert board.wins[0, 1] == 1
    with pytest.raises(ValueError, match="read-only"):
        board.wins[0, 1] = 2


def test_votes_and_score_count_ties_as_half_a_win_each():
    board = Comparisons.from_counts(["a", "b", "c"], WINS, TIES)
    assert board.votes.tolist() == [[0, 2, 1], [2, 0, 2], [1, 2, 0]]
    assert board.score.tolist() == [[0, 1, 0], [1, 0, 1], [1, 1, 0]]


@given(votes)
def test_from_votes_equals_counting_one_by_one(rows):
    wins, ties = np.zeros((6, 6)), np.zeros((6, 6))
    for a, b, outcome, weight in rows:
        if outcome == 0.5:
            ties[a, b] += weight
            ties[b, a] += weight
        else:
            wins[(a, b) if outcome else (b, a)] += weight
    board = Comparisons.from_votes(*([row[k] for row in rows] for k in range(4)))
    assert board.labels == tuple(np.flatnonzero((wins + wins.T + ties).any(axis=1)))
    cells = np.ix_(board.labels, board.labels)
    assert np.array_equal(board.wins, wins[cells])
    assert np.array_equal(board.ties, ties[cells])
