import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratings.statistics.elo import replay_votes

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
    ratings = replay_votes([1613, opponent], [0], [1], [score], [1])
    assert score - (ratings[0] - 1613) / 4 == pytest.approx(expected, abs=0.005)
    assert ratings.sum() == pytest.approx(1613 + opponent)


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


def test_replay_of_the_largest_weight_ends():
    won, tied = (replay_votes([1000, 1700], [0], [1], [score], [10**9]) for score in (1, 0.5))
    # The lead L after n wins solves 10 ** (L / 400) = 8 ln 10 / 400 * n except for terms that are negligible against n.
    assert won[0] - won[1] == pytest.approx(400 * np.log10(8 * np.log(10) / 400 * 1e5), abs=1)
    assert tied == pytest.approx([1350, 1350], abs=1e-9)
