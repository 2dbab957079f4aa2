import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratings.statistics.elo import START_RATING, replay_votes

# The worked example of the article "Elo rating system" in Wikipedia: a player rated 1613 loses to 1609, draws with
# 1477, beats 1388 and 1586, and loses to 1720; rating of the opponent, score, published expected score.
PUBLISHED = [(1609, 0, 0.51), (1477, 0.5, 0.69), (1388, 1, 0.79), (1586, 1, 0.54), (1720, 0, 0.35)]

MODELS = 5
vote = st.tuples(
    st.integers(0, MODELS - 1), st.integers(1, MODELS - 1), st.sampled_from([0, 0.5, 1]), st.integers(1, 9)
)
some_votes = st.lists(vote.map(lambda v: (v[0], (v[0] + v[1]) % MODELS, *v[2:])), max_size=60)
some_ratings = st.lists(st.floats(-3000, 5000), min_size=MODELS, max_size=MODELS)


def columns(votes):
    return [list(column) for column in zip(*votes, strict=True)] or [[], [], [], []]


def after(ratings, votes):
    return replay_votes(ratings, *columns(votes))


@pytest.mark.parametrize(("opponent", "score", "expected"), PUBLISHED)
def test_replay_gives_the_published_expected_scores(opponent, score, expected):
    ratings = replay_votes([1613, opponent], [0], [1], [score])
    assert score - (ratings[0] - 1613) / 4 == pytest.approx(expected, abs=0.005)
    assert ratings.sum() == pytest.approx(1613 + opponent)


def test_replay_gives_the_published_rating_of_a_tournament():
    changes = [replay_votes([1613, opponent], [0], [1], [score])[0] - 1613 for opponent, score, _ in PUBLISHED]
    assert 1613 + 32 / 4 * sum(changes) == pytest.approx(1601, abs=0.5)


@given(some_ratings, some_votes)
def test_replay_is_the_formula_vote_by_vote(ratings, votes):
    expected = list(ratings)
    for a, b, score, count in votes:
        for _ in range(count):
            change = 4 * (score - 1 / (1 + 10 ** ((expected[b] - expected[a]) / 400)))
            expected[a] += change
            expected[b] -= change
    assert after(ratings, votes) == pytest.approx(expected, abs=1e-8)


@given(some_ratings, some_votes, st.integers(0, 60))
def test_replay_in_parts_is_the_replay_of_all_to_the_last_bit(ratings, votes, cut):
    assert after(after(ratings, votes[:cut]), votes[cut:]).tolist() == after(ratings, votes).tolist()


@given(some_ratings, some_votes)
def test_replay_of_a_weight_is_that_of_so_many_votes_to_the_last_bit(ratings, votes):
    singly = [vote[:3] for vote in votes for _ in range(vote[3])]
    a, b, outcome = columns(singly)[:3]
    assert replay_votes(ratings, a, b, outcome).tolist() == after(ratings, votes).tolist()


@given(some_ratings, some_votes)
def test_replay_with_sides_exchanged_is_the_same_to_the_last_bit(ratings, votes):
    exchanged = [(b, a, 1 - score, count) for a, b, score, count in votes]
    assert after(ratings, exchanged).tolist() == after(ratings, votes).tolist()


@given(some_ratings, some_votes)
def test_replay_keeps_the_sum(ratings, votes):
    assert after(ratings, votes).sum() == pytest.approx(sum(ratings), abs=1e-8)


def test_replay_depends_on_the_order():
    forth = replay_votes([START_RATING, START_RATING], [0, 0], [1, 1], [1, 0])
    back = replay_votes([START_RATING, START_RATING], [0, 0], [1, 1], [0, 1])
    assert forth[0] < START_RATING < back[0]


def test_replay_leaves_the_given_ratings_alone():
    ratings = np.array([START_RATING, START_RATING])
    new = replay_votes(ratings, [0], [1], [1])
    assert ratings.tolist() == [1000, 1000]
    assert new.tolist() == [1002, 998]


def test_replay_without_votes_changes_nothing():
    assert replay_votes([1200.5, 800], [], [], []).tolist() == [1200.5, 800]
    assert replay_votes([], [], [], []).shape == (0,)


@pytest.mark.parametrize("lead", [0, -300])
def test_replay_of_a_long_run_of_wins_is_that_step_by_step(lead):
    expected = float(lead)
    for _ in range(300_000):
        expected += 8 / (1 + 10 ** (expected / 400))
    won = replay_votes([1000 + lead, 1000], [0], [1], [1], [300_000])
    lost = replay_votes([1000, 1000 + lead], [0], [1], [0], [300_000])
    assert won[0] - won[1] == pytest.approx(expected, abs=1e-8)
    assert lost.tolist() == won[::-1].tolist()


def test_replay_of_the_largest_weight_ends():
    won = replay_votes([START_RATING, START_RATING], [0], [1], [1], [10**9])
    tied = replay_votes([1000, 1700], [0], [1], [0.5], [10**9])
    # The lead L after n wins solves 10 ** (L / 400) = 8 ln 10 / 400 * n except for terms that are negligible against n.
    assert won[0] - won[1] == pytest.approx(400 * np.log10(8 * np.log(10) / 400 * 1e9), abs=1e-3)
    assert won.sum() == pytest.approx(2000)
    assert tied == pytest.approx([1350, 1350], abs=1e-9)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"ratings": [1000, np.nan]}, "within 100,000 points of 0: model 1"),
        ({"ratings": [np.inf, 1000]}, "within 100,000 points of 0: model 0"),
        ({"ratings": [[1000, 1000]]}, "ratings must be one-dimensional"),
        ({"ratings": ["high", 1000]}, "ratings must be numbers"),
        ({"model_a": [0, 2]}, "vote 1 has a model position outside 0 to 1"),
        ({"model_b": [-1, 0]}, "vote 0 has a model position outside 0 to 1"),
        ({"model_b": [0.5, 0]}, "vote 0 has a model position outside 0 to 1"),
        ({"model_a": ["x", "y"]}, "model_a must be numbers"),
        ({"model_a": [0, 0]}, "vote 1 compares a model with itself"),
        ({"outcome": [1, 0.7]}, "outcome must be 1, 0, or 0.5: vote 1"),
        ({"outcome": [1]}, "same length"),
        ({"outcome": 1}, "outcome must be one-dimensional"),
        ({"weight": [1, 0]}, "weight must be 1, 2, 3 …: vote 1"),
        ({"weight": [1.5, 1]}, "weight must be 1, 2, 3 …: vote 0"),
        ({"weight": [np.inf, 1]}, "weight must be 1, 2, 3 …: vote 0"),
        ({"weight": [1]}, "same length"),
    ],
)
def test_replay_refuses_what_is_no_vote(changed, message):
    votes = {"ratings": [1000, 1000], "model_a": [0, 1], "model_b": [1, 0], "outcome": [1, 0.5]}
    with pytest.raises(ValueError, match=message):
        replay_votes(**votes | changed)
