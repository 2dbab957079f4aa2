"""The random choice of the two models of a battle."""

from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.endpoints.pair_sampler import UNIFORM_SHARE, PairSampler, compute_max_share

DRAWS = 4000
# The chance of exceeding these is below 1e-6: the tests must not fail by bad luck.
CHI_SQUARE = {1: 24.0, 5: 36.0}


def chi_square(observed, expected):
    return sum((observed.get(key, 0) - count) ** 2 / count for key, count in expected.items())


def draw(models, weights, keep=None):
    return PairSampler(models, weights, keep).draw()


def draw_propensities(models, weights, keep=None):
    """Pair → propensity, as the draws return it; draws until every pair has appeared."""
    pairs = {pair for pair in combinations(sorted(models), 2) if keep is None or keep in pair}
    sampler = PairSampler(models, weights, keep)
    propensities = {}
    while propensities.keys() < pairs:
        pair = sampler.draw()
        propensities[min(pair.a, pair.b), max(pair.a, pair.b)] = pair.propensity
    return propensities


weighted_pairs = {
    "nothing yet": {},
    "one pair matters": {(1, 2): 0.0, (1, 3): 0.0, (1, 4): 1.0, (2, 3): 0.0, (2, 4): 0.0, (3, 4): 0.0},
    "three pairs unknown": {(1, 2): 0.5, (1, 3): 0.3, (1, 4): 0.2},
    "all different": {(1, 2): 0.01, (1, 3): 0.04, (1, 4): 0.1, (2, 3): 0.2, (2, 4): 0.25, (3, 4): 0.4},
    "none matters": dict.fromkeys(combinations(range(1, 5), 2), 0.0),
}


@pytest.mark.parametrize("weights", weighted_pairs.values(), ids=weighted_pairs)
@pytest.mark.parametrize("keep", [None, 3])
def test_draw_tells_propensities_that_sum_to_one(weights, keep):
    assert sum(draw_propensities([4, 2, 1, 3], weights, keep).values()) == pytest.approx(1)


@pytest.mark.slow
@pytest.mark.parametrize("weights", weighted_pairs.values(), ids=weighted_pairs)
def test_draw_draws_each_pair_as_often_as_its_propensity_says(weights):
    models = [1, 2, 3, 4]
    expected = {pair: DRAWS * chance for pair, chance in draw_propensities(models, weights).items()}

    sampler = PairSampler(models, weights)
    drawn = Counter(tuple(sorted((d.a, d.b))) for d in (sampler.draw() for _ in range(DRAWS)))

    assert chi_square(drawn, expected) < CHI_SQUARE[5]


@pytest.mark.slow
@pytest.mark.parametrize("weights", [{}, {(1, 2): 5.0}, {(1, 2): 0.0, (1, 3): 1.0, (2, 3): 0.1}])
@pytest.mark.parametrize("keep", [None, 2])
def test_draw_puts_each_model_on_the_left_half_of_the_time(weights, keep):
    left, seen = Counter(), Counter()
    for _ in range(DRAWS):
        pair = draw([1, 2, 3], weights, keep)
        assert keep in (None, pair.a, pair.b)
        left[pair.a] += 1
        seen.update((pair.a, pair.b))

    for model, times in seen.items():
        halves = {"left": times / 2, "right": times / 2}
        assert chi_square({"left": left[model], "right": times - left[model]}, halves) < CHI_SQUARE[1]


def test_draw_follows_the_weights_but_for_an_even_share():
    weights = dict.fromkeys(combinations(range(1, 6), 2), 0.1) | {(2, 5): 0.2}

    propensities = draw_propensities(range(1, 6), weights)

    assert propensities[2, 5] == pytest.approx(UNIFORM_SHARE / 10 + (1 - UNIFORM_SHARE) * 0.2 / 1.1)
    assert propensities[1, 2] == pytest.approx(UNIFORM_SHARE / 10 + (1 - UNIFORM_SHARE) * 0.1 / 1.1)


def test_draw_gives_every_pair_its_even_share_however_little_it_weighs():
    weights = dict.fromkeys(combinations(range(1, 6), 2), 1.0) | {(2, 5): 0.0}

    assert draw_propensities(range(1, 6), weights)[2, 5] == pytest.approx(UNIFORM_SHARE / 10, rel=1e-6)


def test_draw_takes_a_pair_that_nothing_is_known_of_for_the_weightiest():
    propensities = draw_propensities([1, 2, 3], {(1, 2): 0.25})

    assert propensities[1, 2] == propensities[1, 3] == propensities[2, 3] == pytest.approx(1 / 3)


@pytest.mark.parametrize(("models", "keep"), [([], None), ([1], None), ([1], 1), ([1, 2], 3)])
def test_draw_without_a_pair_is_an_error(models, keep):
    with pytest.raises(ValueError, match="fewer than two contestants can be drawn"):
        draw(models, {}, keep)


SHARES = {1: 1, 2: 1, 3: 1, 4: 0.75, 5: 0.6, 6: 0.5, 7: 3 / 7, 8: 0.375, 9: 0.35, 20: 0.35, 1000: 0.35}


def compute_shares(sampler):
    """Model → the chance to be one of the two."""
    share_by_model = Counter()
    for pair, chance in zip(sampler.pairs, sampler.chances, strict=True):
        share_by_model.update(dict.fromkeys(pair, chance))
    return share_by_model


@pytest.mark.parametrize(("models", "most"), SHARES.items())
def test_largest_share_is_a_third_or_one_and_a_half_times_the_even_one(models, most):
    assert compute_max_share(models) == pytest.approx(most)


@pytest.mark.parametrize("size", [4, 8, 9, 20, 60])
def test_no_model_gets_more_than_its_largest_share_of_the_draws(size):
    """The weights are typical for a new model: only its battles still add information."""
    newcomer = size - 1
    weights = {(i, j): 1.0 if j == newcomer else 0.001 for i, j in combinations(range(size), 2)}

    shares = compute_shares(PairSampler(range(size), weights))

    assert shares[newcomer] == pytest.approx(compute_max_share(size), abs=1e-12)
    others = [shares[model] for model in range(newcomer)]
    assert others == pytest.approx([sum(others) / newcomer] * newcomer)


def test_capped_models_keep_the_order_of_their_opponents():
    """The cap takes weight from all pairs of a new model alike; the other pairs share it by weight."""
    weights = {(i, j): 1.0 + i if j == 19 else 0.001 * (1 + i) for i, j in combinations(range(20), 2)}
    sampler = PairSampler(range(20), weights)
    rest = {
        pair: (chance - UNIFORM_SHARE / 190) / weights[pair]
        for pair, chance in zip(sampler.pairs, sampler.chances, strict=True)
    }

    with_newcomer = [ratio for pair, ratio in rest.items() if 19 in pair]
    without = [ratio for pair, ratio in rest.items() if 19 not in pair]

    assert with_newcomer == pytest.approx([with_newcomer[0]] * 19)
    assert without == pytest.approx([without[0]] * 171)
    assert with_newcomer[0] < without[0]


def test_the_opponent_of_a_kept_model_is_drawn_by_the_capped_weights_too():
    """A new model is not likelier to replace a failed model than to be drawn."""
    weights = {(i, j): 1.0 if j == 19 else 0.001 for i, j in combinations(range(20), 2)}

    whole, kept = PairSampler(range(20), weights), PairSampler(range(20), weights, fixed=3)

    weighted = {
        pair: chance - UNIFORM_SHARE / 190 for pair, chance in zip(whole.pairs, whole.chances, strict=True) if 3 in pair
    }
    expected = [UNIFORM_SHARE / 19 + (1 - UNIFORM_SHARE) * each / sum(weighted.values()) for each in weighted.values()]
    assert kept.pairs == list(weighted)
    assert kept.chances == pytest.approx(expected)
    assert compute_shares(kept)[19] < 0.25


any_weights = st.dictionaries(
    st.tuples(st.integers(1, 6), st.integers(1, 6)).map(lambda pair: (min(pair), max(pair))), st.floats(0, 1)
)


@given(st.lists(st.integers(1, 6), min_size=2, unique=True), any_weights)
def test_draw_gives_two_different_models_of_those_offered_with_a_chance_above_zero(models, weights):
    pair = draw(models, weights)

    assert pair.a != pair.b
    assert {pair.a, pair.b} <= set(models)
    assert 0 < pair.propensity <= 1


def weights_among(each):
    """A number of models, and weights from the strategy `each` for all their pairs."""
    return st.integers(2, 14).flatmap(
        lambda size: st.lists(each, min_size=size * (size - 1) // 2, max_size=size * (size - 1) // 2).map(
            lambda values: (size, dict(zip(combinations(range(size), 2), values, strict=True)))
        )
    )


@given(weights_among(st.one_of(st.just(0.0), st.floats(0, 1e6))))
def test_shares_are_within_the_cap_whatever_the_weights(drawn):
    size, weights = drawn

    sampler = PairSampler(range(size), weights)

    assert sum(sampler.chances) == pytest.approx(1, abs=1e-12)
    assert min(sampler.chances) >= UNIFORM_SHARE / len(sampler.pairs) - 1e-15
    assert max(compute_shares(sampler).values()) <= compute_max_share(size) + 1e-12


@given(weights_among(st.floats(0.001, 1)), st.randoms(use_true_random=False))
def test_chances_do_not_depend_on_the_order_of_the_models(drawn, order):
    size, weights = drawn
    names = list(range(size))
    order.shuffle(names)

    sampler = PairSampler(range(size), weights)
    renamed = PairSampler(names, {tuple(sorted((names[i], names[j]))): weight for (i, j), weight in weights.items()})

    chances = dict(zip(renamed.pairs, renamed.chances, strict=True))
    assert [chances[tuple(sorted((names[i], names[j])))] for i, j in sampler.pairs] == pytest.approx(
        sampler.chances, rel=1e-6
    )
