"""Which two models meet next."""

from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.pairing import UNIFORM_SHARE, draw

DRAWS = 4000
# Chance below 1e-6 of exceeding it: these tests may not fail by bad luck.
CHI_SQUARE = {1: 24.0, 5: 36.0}


def chi_square(observed, expected):
    return sum((observed.get(key, 0) - count) ** 2 / count for key, count in expected.items())


def propensities(models, played, keep=None):
    """By pair, as the draws themselves tell; draws until every pair has come up."""
    pairs = {pair for pair in combinations(sorted(models), 2) if keep is None or keep in pair}
    found = {}
    while found.keys() < pairs:
        drawn = draw(models, played, keep)
        found[min(drawn.a, drawn.b), max(drawn.a, drawn.b)] = drawn.propensity
    return found


played_pairs = {
    "nothing yet": {},
    "one pair behind": {(1, 2): 3, (1, 3): 3, (1, 4): 2, (2, 3): 3, (2, 4): 3, (3, 4): 3},
    "three pairs behind": {(1, 2): 9, (1, 3): 9, (1, 4): 9},
    "all different": {(1, 2): 0, (1, 3): 1, (1, 4): 2, (2, 3): 3, (2, 4): 4, (3, 4): 5},
}


@pytest.mark.parametrize("played", played_pairs.values(), ids=played_pairs)
@pytest.mark.parametrize("keep", [None, 3])
def test_draw_tells_propensities_that_sum_to_one(played, keep):
    assert sum(propensities([4, 2, 1, 3], played, keep).values()) == pytest.approx(1)


@pytest.mark.parametrize("played", played_pairs.values(), ids=played_pairs)
def test_draw_draws_each_pair_as_often_as_its_propensity_says(played):
    models = [1, 2, 3, 4]
    expected = {pair: DRAWS * chance for pair, chance in propensities(models, played).items()}

    drawn = Counter(tuple(sorted((d.a, d.b))) for d in (draw(models, played) for _ in range(DRAWS)))

    assert chi_square(drawn, expected) < CHI_SQUARE[5]


@pytest.mark.parametrize("played", [{}, {(1, 2): 5}, {(2, 3): 1}])
def test_draw_puts_each_model_on_the_left_half_of_the_time(played):
    left, seen = Counter(), Counter()
    for _ in range(DRAWS):
        drawn = draw([1, 2, 3], played)
        left[drawn.a] += 1
        seen.update((drawn.a, drawn.b))

    for model, times in seen.items():
        halves = {"left": times / 2, "right": times / 2}
        assert chi_square({"left": left[model], "right": times - left[model]}, halves) < CHI_SQUARE[1]


def test_draw_keeps_the_side_of_a_kept_model_a_fair_coin_too():
    left = sum(draw([1, 2, 3], {}, keep=2).a == 2 for _ in range(DRAWS))

    halves = {True: DRAWS / 2, False: DRAWS / 2}
    assert chi_square({True: left, False: DRAWS - left}, halves) < CHI_SQUARE[1]


def test_draw_prefers_the_pair_that_met_least():
    played = dict.fromkeys(combinations(range(1, 6), 2), 7) | {(2, 5): 6}

    assert propensities(range(1, 6), played)[2, 5] == pytest.approx(1 - UNIFORM_SHARE + UNIFORM_SHARE / 10)


def test_draw_gives_every_pair_its_even_share_however_often_it_met():
    played = dict.fromkeys(combinations(range(1, 6), 2), 7) | {(2, 5): 1_000_000}

    assert propensities(range(1, 6), played)[2, 5] == pytest.approx(UNIFORM_SHARE / 10)


@pytest.mark.parametrize("keep", [1, 2, 3])
def test_draw_finds_an_opponent_for_the_model_to_keep(keep):
    for _ in range(50):
        drawn = draw([1, 2, 3], {}, keep)
        assert keep in (drawn.a, drawn.b)
        assert drawn.a != drawn.b


@pytest.mark.parametrize(("models", "keep"), [([], None), ([1], None), ([1], 1), ([1, 2], 3)])
def test_draw_without_a_pair_is_an_error(models, keep):
    with pytest.raises(ValueError, match="no two models"):
        draw(models, {}, keep)


counts = st.dictionaries(
    st.tuples(st.integers(1, 6), st.integers(1, 6)).map(lambda pair: (min(pair), max(pair))), st.integers(0, 3)
)


@given(st.lists(st.integers(1, 6), min_size=2, unique=True), counts)
def test_draw_gives_two_different_models_of_those_offered_with_a_chance_above_zero(models, played):
    drawn = draw(models, played)

    assert drawn.a != drawn.b
    assert {drawn.a, drawn.b} <= set(models)
    assert 0 < drawn.propensity <= 1
