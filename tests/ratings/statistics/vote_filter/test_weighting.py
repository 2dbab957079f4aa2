"""Honest voters keep their weight, and rigged votes lose theirs. Each known trap has a test."""

import tracemalloc

import numpy as np
import pytest

from tests.ratings.statistics.vote_filter.votes import (
    A_WON,
    BOTH_BAD,
    MODELS,
    TIE,
    Sample,
    add_attack,
    join,
    judge,
    sample_votes,
)


def measure_lost(sample, rows=slice(None)):
    return 1 - sample.compute_weights().weight[rows].mean()


def concentrate(model, factor):
    chance = np.ones((MODELS, MODELS))
    chance[model] *= factor
    chance[:, model] *= factor
    np.fill_diagonal(chance, 0)
    return 2 * chance / chance.sum()


def append_later(first, second):
    """Join two samples with draw tables of their own. The voters differ."""
    second.voter = second.voter + first.voter.max() + 1
    second.draw = second.draw + len(first.shares)
    joined = join(first, second)
    joined.shares = np.vstack((first.shares, second.shares))
    return joined


def test_no_votes_have_no_weights():
    weights = sample_votes(0, 10).select(np.zeros(10, bool)).compute_weights()

    assert weights.weight.shape == weights.reason.shape == (0,)


def test_votes_after_the_last_midnight_are_in_the_open_epoch():
    sample = sample_votes(0, 600, days=2)

    assert sample.compute_weights().is_closed.tolist() == (np.floor(sample.time) == 0).tolist()


@pytest.mark.parametrize("each", [1, 3, 20])
def test_honest_voters_keep_their_weight(each):
    assert measure_lost(sample_votes(3, each=each)) <= 0.003


def test_expectations_are_those_of_each_draw_not_of_all_together():
    often = sample_votes(1, 4000, days=3, chance=concentrate(4, 5))
    seldom = sample_votes(2, 4000, days=3, shift=3)

    assert measure_lost(append_later(often, seldom)) <= 0.003


def test_votes_of_a_few_people_with_tastes_of_their_own_are_not_compared_with_the_rest():
    rng = np.random.default_rng(5)
    sample = sample_votes(5, 4000, each=500, days=5)
    taste = rng.normal(0, 0.4, (8, MODELS))
    strength = np.linspace(0.7, -0.7, MODELS) + taste[sample.voter]
    lead = np.take_along_axis(strength, sample.model_a[:, None], 1) - np.take_along_axis(
        strength, sample.model_b[:, None], 1
    )
    sample.outcome = np.where(rng.random(4000) < 1 / (1 + np.exp(-lead[:, 0])), 0, 1)
    sample.time = np.sort(rng.random(4000) * 5)

    assert measure_lost(sample) == 0


def test_a_model_whose_battles_are_finished_more_often_is_not_an_attack():
    completion = np.where(np.arange(MODELS) == 2, 1.3, 1.0)

    assert measure_lost(sample_votes(6, 12_000, each=12, completion=completion)) <= 0.003


def test_a_rarely_drawn_model_may_appear_by_chance():
    assert measure_lost(sample_votes(7, each=1, chance=concentrate(3, 0.01))) <= 0.003


def test_a_battle_whose_model_was_given_says_nothing_about_that_model():
    given = sample_votes(9, 2000, each=1, days=4)
    rng = np.random.default_rng(9)
    other = rng.choice(np.arange(1, MODELS), 2000)
    given.model_a, given.model_b = np.zeros(2000, int), other
    given.outcome = judge(rng, given.model_a, given.model_b)
    given.shares = np.append(1.0, np.full(MODELS - 1, 1 / (MODELS - 1)))[None, :]

    assert measure_lost(append_later(sample_votes(8, 6000, days=4), given)) <= 0.003


@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("each", [1, 5, 20])
def test_accounts_that_vote_only_in_the_battles_of_one_model_lose_their_weight(each, lower):
    honest = sample_votes(11, 10_000)
    sample = add_attack(honest, 6, 400, each, lower=lower, days=(1.0, 4.0))
    weight = sample.compute_weights().weight
    score = np.where(sample.outcome == int(lower), 1.0, 0.0)[sample.model_a == 6].mean()

    assert score > 0.5
    # Rigged votes of accounts with one vote cannot be told from honest ones for the same model.
    assert weight[10_000:].mean() <= (0.5 if each == 1 else 0.05)
    assert 1 - weight[:10_000].mean() <= 0.02


def test_the_score_of_the_target_comes_back_and_not_below():
    honest = sample_votes(12, 10_000)
    sample = add_attack(honest, 6, 500, 1, days=(1.0, 4.0))

    def score(votes, weight):
        won = np.array([1, 0, 0.5, 0.5])[votes.outcome]
        values = np.append(won[votes.model_a == 6], 1 - won[votes.model_b == 6])
        return np.average(values, weights=np.append(weight[votes.model_a == 6], weight[votes.model_b == 6]))

    before, after = score(honest, np.ones(10_000)), score(sample, sample.compute_weights().weight)
    assert score(sample, np.ones(10_500)) > before + 0.08
    assert abs(after - before) < 0.02


def test_a_newcomer_whose_votes_come_from_the_attack_is_known_by_its_appearances():
    chance = concentrate(0, 0.0)
    before = sample_votes(13, 4000, days=2, chance=chance)
    honest = append_later(before, sample_votes(14, 6000, days=3, shift=2))
    sample = add_attack(honest, 0, 1000, 4, days=(2.0, 4.0))
    sample.draw[10_000:] = 1

    weight = sample.compute_weights().weight
    assert weight[10_000:].mean() <= 0.1
    assert 1 - weight[:10_000].mean() <= 0.005


@pytest.mark.parametrize("answer", [A_WON, TIE, BOTH_BAD])
def test_an_account_that_always_gives_the_same_answer_has_no_weight(answer):
    honest = sample_votes(15, 6000)
    rows = honest.select(np.arange(0, 4000, 40))
    rows.voter = np.full(100, honest.voter.max() + 1)
    rows.outcome = np.full(100, answer)
    weights = join(honest, rows).compute_weights()

    assert weights.weight[6000:].sum() == 0
    assert set(weights.reason[6000:]) == {"voter"}
    assert 1 - weights.weight[:6000].mean() <= 0.003


def test_weights_change_only_when_an_epoch_closes():
    honest = sample_votes(16, 8000, days=4)
    sample = add_attack(honest, 5, 400, 20)
    sample = sample.select(np.argsort(sample.time, kind="stable"))
    midnight = int(np.searchsorted(sample.time, 3.0))
    closed = [sample.select(np.arange(len(sample.time)) < midnight + more).compute_weights() for more in (1, 40, 90)]

    assert (closed[0].weight[:midnight] < 1).any()
    for weights in closed[1:]:
        assert np.array_equal(weights.weight[:midnight], closed[0].weight[:midnight])
        assert set(weights.reason[midnight:]) <= {"", "voter"}


def test_weights_depend_neither_on_the_order_of_the_input_nor_on_the_names_of_voters():
    sample = add_attack(sample_votes(17, 6000), 5, 300, 3)
    order = np.random.default_rng(0).permutation(len(sample.time))
    shuffled = sample.select(order)
    shuffled.voter = np.array([f"voter {number}" for number in shuffled.voter])
    weights, others = sample.compute_weights(), shuffled.compute_weights()

    assert np.array_equal(weights.weight[order], others.weight)
    assert np.array_equal(weights.reason[order], others.reason)
    assert np.array_equal(weights.weight * 256, np.round(weights.weight * 256))
    assert weights.weight[weights.weight > 0].min() >= 1 / 64
    assert np.array_equal(weights.reason == "", weights.weight == 1)


def test_memory_does_not_grow_with_voters_times_models():
    models, votes = 300, 10_000
    rng = np.random.default_rng(18)
    a = rng.integers(0, models, votes)
    b = (a + rng.integers(1, models, votes)) % models
    time = np.sort(rng.random(votes) * 5)
    draw = np.zeros(votes, int)
    shares = np.full((1, models), 2 / models)
    sample = Sample(np.arange(votes), a, b, rng.integers(0, 4, votes), time, draw, shares)
    tracemalloc.start()
    sample.compute_weights()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < votes * models * 8
