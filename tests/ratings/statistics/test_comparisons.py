import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratings.statistics.comparisons import Comparisons, VoterCounts

VOTES = (["b", "a", "b", "c", "a"], ["a", "b", "c", "b", "c"], [1, 1, 0.5, 0.5, 0])
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


def test_from_counts_accepts_an_empty_board():
    assert Comparisons.from_counts([], [], []).wins.shape == (0, 0)


@pytest.mark.parametrize(
    ("labels", "wins", "ties", "message"),
    [
        (["a", "b"], [[0, -1], [0, 0]], [[0, 0], [0, 0]], "finite and not negative"),
        (["a", "b"], [[0, 1], [0, 0]], [[0, 1], [2, 0]], "symmetric"),
        (["a", "b"], [[0, 1, 0], [0, 0, 0]], [[0, 0], [0, 0]], "2 x 2"),
        (["a", "b"], [[0, 1], [0, 0]], [[0]], "2 x 2"),
        (["a", "b"], [[1, 1], [0, 0]], [[0, 0], [0, 0]], "zero diagonal"),
        (["a", "b"], [[0, np.nan], [0, 0]], [[0, 0], [0, 0]], "finite"),
        (["a", "b"], [[0, np.inf], [0, 0]], [[0, 0], [0, 0]], "finite"),
        (["a", "b"], [[0, "x"], [0, 0]], [[0, 0], [0, 0]], "wins must be numbers"),
        (["a", "a"], [[0, 1], [0, 0]], [[0, 0], [0, 0]], "distinct"),
        (["a", 1], [[0, 1], [0, 0]], [[0, 0], [0, 0]], "all names or all whole-number ids"),
    ],
)
def test_from_counts_refuses_bad_counts_in_our_words(labels, wins, ties, message):
    with pytest.raises(ValueError, match=message):
        Comparisons.from_counts(labels, wins, ties)


@pytest.mark.parametrize("convert", [list, np.array, lambda names: np.array(names, dtype=object)])
def test_from_votes_counts_names_in_alphabetical_order(convert):
    model_a, model_b, outcome = VOTES
    board = Comparisons.from_votes(convert(model_a), convert(model_b), outcome)
    assert board.labels == ("a", "b", "c")
    assert board.wins.tolist() == WINS
    assert board.ties.tolist() == TIES


@pytest.mark.parametrize("ids", [{"a": 0, "b": 1, "c": 2}, {"a": -5, "b": 7, "c": 2**40}])
def test_from_votes_counts_ids_whatever_their_span(ids):
    model_a, model_b = ([ids[name] for name in side] for side in VOTES[:2])
    board = Comparisons.from_votes(np.array(model_a), model_b, VOTES[2])
    assert board.labels == tuple(ids.values())
    assert board.wins.tolist() == WINS
    assert board.ties.tolist() == TIES


def test_from_votes_of_nobody_is_an_empty_board():
    assert Comparisons.from_votes([], [], []).labels == ()


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
    cells = np.ix_(board.labels, board.labels)
    assert np.array_equal(board.wins, wins[cells])
    assert np.array_equal(board.ties, ties[cells])
    assert board.votes.sum() == 2 * sum(row[3] for row in rows)


@given(votes)
def test_from_votes_does_not_care_which_side_a_model_is_on(rows):
    a, b, outcome, weight = (np.array([row[k] for row in rows]) for k in range(4))
    swapped = Comparisons.from_votes(b, a, 1 - outcome, weight)
    straight = Comparisons.from_votes(a, b, outcome, weight)
    assert np.array_equal(straight.wins, swapped.wins)
    assert np.array_equal(straight.ties, swapped.ties)


@pytest.mark.parametrize(
    ("model_a", "model_b", "outcome", "weight", "message"),
    [
        (["a", "a"], ["b", "b"], [1, 0.7], None, "outcome must be 1, 0, or 0.5: vote 1"),
        (["a"], ["b"], [np.nan], None, "outcome must be 1, 0, or 0.5: vote 0"),
        (["a"], ["b"], ["model_a"], None, "outcome must be numbers"),
        (["a", "c"], ["b", "c"], [1, 1], None, "vote 1 compares a model with itself"),
        ([1, 3], [2, 3], [1, 1], None, "vote 1 compares a model with itself"),
        (["a"], ["b", "c"], [1], None, "same length"),
        ([1, 2], [3], [1, 1], None, "same length"),
        (["a"], ["b"], [1, 1], None, "same length"),
        (["a"], ["b"], [1], [1, 1], "same length"),
        (["a"], ["b"], [1], [0], "weight must be 1, 2, 3 …: vote 0"),
        (["a"], ["b"], [1], [1.5], "weight must be 1, 2, 3 …: vote 0"),
        (["a"], ["b"], [1], [np.inf], "weight must be 1, 2, 3 …: vote 0"),
        (["a"], [1], [1], None, "both be names"),
        (["a", ""], ["b", "b"], [1, 1], None, "both be names"),
        (["a", None], ["b", "b"], [1, 1], None, "both be names"),
        ([["a"]], [["b"]], [1], None, "both be names"),
        ([1.5], [2.5], [1], None, "both be names"),
        ("a", "b", [1], None, "lists"),
    ],
)
def test_from_votes_refuses_bad_votes_in_our_words(model_a, model_b, outcome, weight, message):
    with pytest.raises(ValueError, match=message):
        Comparisons.from_votes(model_a, model_b, outcome, weight)


def test_voter_counts_hold_every_vote_of_the_board():
    board = Comparisons.from_votes(*VOTES)
    rows = VoterCounts.from_votes(board, ["x", "y", "x", "x", "y"], VOTES[:2], VOTES[2])
    assert rows.voter.tolist() == [0, 1, 0, 0, 1]
    assert rows.first.tolist() == [1, 0, 1, 2, 0]
    assert rows.second.tolist() == [0, 1, 2, 1, 2]
    assert (rows.wins.tolist(), rows.losses.tolist()) == ([1, 1, 0, 0, 0], [0, 0, 0, 0, 1])
    assert rows.ties.tolist() == [0, 0, 1, 1, 0]


def test_voter_counts_take_weights_and_counted_rows():
    board = Comparisons.from_votes([10, 10], [20, 30], [1, 0.5], [3, 2])
    voted = VoterCounts.from_votes(board, [7, 9], ([10, 10], [20, 30]), [1, 0.5], [3, 2])
    counted = VoterCounts.from_rows(board, [7, 9], ([10, 10], [20, 30]), ([3, 0], [0, 0], [0, 2]))
    for name in ("voter", "first", "second", "wins", "losses", "ties"):
        assert np.array_equal(getattr(voted, name), getattr(counted, name))


def test_restricted_keeps_the_rows_of_the_mask():
    board = Comparisons.from_votes(*VOTES)
    rows = VoterCounts.from_votes(board, [5, 6, 7, 8, 9], VOTES[:2], VOTES[2]).select_rows(
        np.array([0, 1, 0, 0, 1]) > 0
    )
    assert rows.voter.tolist() == [1, 4]
    assert rows.losses.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("voter", "models", "counts", "message"),
    [
        ([1], (["a"], ["z"]), ([1], [0], [0]), "'z' is not a model on this board"),
        ([1], (["a"], [["b"]]), ([1], [0], [0]), "is not a model on this board"),
        ([1, 2], (["a"], ["b"]), ([1], [0], [0]), "same length"),
        ([1], (["a"], ["b"]), ([1, 1], [0], [0]), "same length"),
        ([1], (["a"], ["b"]), ([1], [-1], [0]), "row 0 has a negative count"),
        ([1], (["a"], ["b"]), ([np.nan], [1], [0]), "row 0 has a negative count"),
        ([1], (["a"], ["b"]), (["x"], [1], [0]), "counts of a voter must be numbers"),
        ([1], (["b"], ["b"]), ([1], [0], [0]), "row 0 compares a model with itself"),
    ],
)
def test_voter_counts_refuse_bad_rows_in_our_words(voter, models, counts, message):
    with pytest.raises(ValueError, match=message):
        VoterCounts.from_rows(Comparisons.from_votes(*VOTES), voter, models, counts)


class Column:
    """Like a column of a data frame."""

    def __init__(self, values):
        self.values = values

    def factorize(self, use_na_sentinel):
        assert use_na_sentinel is False
        distinct = list(dict.fromkeys(self.values))
        return np.array([distinct.index(value) for value in self.values]), distinct


def test_from_votes_of_columns_is_that_of_lists():
    a, b, outcome = ["x", "y", "z", "x"], ["y", "z", "x", "z"], [1, 0.5, 0, 1]
    columns, lists = Comparisons.from_votes(Column(a), Column(b), outcome), Comparisons.from_votes(a, b, outcome)
    assert columns.labels == lists.labels
    assert np.array_equal(columns.wins, lists.wins)
    assert np.array_equal(columns.ties, lists.ties)


def test_from_votes_of_columns_refuses_what_is_no_name():
    with pytest.raises(ValueError, match="must both be names"):
        Comparisons.from_votes(Column(["x", None]), Column(["y", "x"]), [1, 0])


@pytest.mark.parametrize("votes", [10, 40_000])
@pytest.mark.parametrize("wrong", [2, -1, 0.25, float("nan"), float("inf"), 256])
def test_from_votes_names_the_vote_with_a_wrong_outcome(votes, wrong):
    outcome = np.ones(votes)
    outcome[-3] = wrong
    with pytest.raises(ValueError, match=f"outcome must be 1, 0, or 0.5: vote {votes - 3}"):
        Comparisons.from_votes(np.zeros(votes, int), np.ones(votes, int), outcome)


def test_from_votes_names_the_vote_of_a_model_against_itself_among_very_many():
    second = np.ones(40_000, int)
    second[39_000] = 0
    with pytest.raises(ValueError, match="vote 39000 compares a model with itself"):
        Comparisons.from_votes(np.zeros(40_000, int), second, np.ones(40_000))


@pytest.mark.parametrize("ids", [[3, 7, 900], [3, 7, 400], [0, 1, 2], [-5, 0, 500]])
def test_from_votes_labels_only_ids_that_have_votes(ids):
    x, y, z = ids
    board = Comparisons.from_votes([x, y], [y, z], [1, 0])
    assert board.labels == tuple(ids)
    assert board.wins.tolist() == [[0, 1, 0], [0, 0, 0], [0, 1, 0]]
