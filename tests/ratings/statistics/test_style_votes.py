import numpy as np
import pytest

from ratings.statistics.comparisons import Comparisons
from ratings.statistics.style_votes import StyledVotes
from tests.ratings.style_oracle import build_styled_votes, compute_differences, simulate_votes


def test_paired_keeps_every_vote_and_puts_those_of_a_pair_side_by_side():
    columns, _ = simulate_votes(31)
    weight = np.arange(400) % 3 + 1
    paired = build_styled_votes(columns, weight=weight, voter=np.arange(400)).group_by_pair()
    assert sorted(paired.voter) == list(range(400))
    assert np.array_equal(paired.first, columns[0][paired.voter])
    assert np.array_equal(paired.second, columns[1][paired.voter])
    assert np.array_equal(paired.score, columns[2][paired.voter])
    assert np.array_equal(paired.weight, weight[paired.voter])
    assert np.array_equal(paired.x.T, compute_differences(columns[3])[paired.voter])
    assert np.count_nonzero(np.diff(paired.first.astype(int) * 5 + paired.second)) == 19


@pytest.mark.parametrize("kind", ["u1", "i2", "f4", "f8"])
def test_paired_takes_numbers_of_any_kind(kind):
    columns, _ = simulate_votes(32, votes=50)
    paired = build_styled_votes((*columns[:3], columns[3].astype(kind))).group_by_pair()
    assert paired.scale == pytest.approx(compute_differences(columns[3]).std(axis=0), rel=1e-12)
    assert paired.x.dtype == paired.scale.dtype == np.float64


def test_paired_measures_the_scale_by_weight_and_of_known_features_only():
    features = [[3, 0], [1, 5], [0, 0], [np.nan, 4]]
    paired = StyledVotes("ab", ([0] * 4, [1] * 4), [1, 0, 1, 1], features, weight=[1, 2, 1, 9]).group_by_pair()
    assert paired.scale == pytest.approx(np.std([3 / 4, -4 / 7, -4 / 7, 0]))


@pytest.mark.parametrize("votes", [1, 3, 9000])
def test_paired_measures_exactly_nothing_where_nothing_varies(votes):
    models = np.zeros(votes, dtype=int), np.ones(votes, dtype=int)
    paired = StyledVotes("ab", models, np.ones(votes), np.tile([0.1, 0.3], (votes, 1))).group_by_pair()
    assert paired.scale.tolist() == [0]


def test_paired_counts_its_votes_like_a_board():
    columns, _ = simulate_votes(33)
    weight = np.arange(400) % 3 + 1
    board = build_styled_votes(columns, weight=weight).group_by_pair().to_comparisons(range(5))
    expected = Comparisons.from_votes(*columns[:3], weight)
    assert board.labels == expected.labels
    assert np.array_equal(board.wins, expected.wins)
    assert np.array_equal(board.ties, expected.ties)


@pytest.mark.parametrize(
    ("models", "outcome", "features", "more", "message"),
    [
        (([0], [2]), [1], [[1, 2]], {}, "vote 0 has a model that is not among the labels"),
        (([0, -1], [1, 0]), [1, 1], [[1, 2]] * 2, {}, "vote 1 has a model that is not among the labels"),
        (([0.5], [1]), [1], [[1, 2]], {}, "positions of models must be a list of whole numbers"),
        (([0, 1], [1, 1]), [1, 1], [[1, 2]] * 2, {}, "vote 1 compares a model with itself"),
        (([0], [1]), [0.4], [[1, 2]], {}, "outcome must be 1, 0, or 0.5: vote 0"),
        (([0], [1]), [1], [[1, 2]], {"weight": [0]}, "weight must be"),
        (([0], [1]), [1, 0], [[1, 2]], {}, "same length"),
        (([0], [1]), [1], [1, 2], {}, "features must have 1 rows"),
        (([0], [1]), [1], [[1, 2, 3]], {}, "features must have 1 rows"),
        (([0], [1]), [1], [[1, 2]] * 2, {}, "features must have 1 rows"),
        (([0], [1]), [1], [["x", "y"]], {}, "features must be numbers"),
        (([0, 0], [1, 1]), [1, 1], [[1, 2], [1, -2]], {}, "vote 1 has a negative feature"),
        (([0, 0], [1, 1]), [1, 1], [[1, 2], [1, np.inf]], {}, "vote 1 has an infinite feature"),
        (([0], [1]), [1], [[1, 2]], {"voter": [1, 2]}, "voter must have an entry for each vote"),
        (([0], [1]), [1], [[1, 2]], {"voter": ["x"]}, "voter must be a list of whole numbers"),
    ],
)
def test_styled_votes_refuse_bad_votes_in_our_words(models, outcome, features, more, message):
    with pytest.raises(ValueError, match=message):
        StyledVotes("ab", models, outcome, features, **more)


def test_styled_votes_take_none_for_an_unknown_feature():
    paired = StyledVotes("ab", ([0, 1], [1, 0]), [1, 0], [[1, 2], [None, 2]]).group_by_pair()
    assert paired.score.tolist() == [1]
