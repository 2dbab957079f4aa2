"""Standard errors of scores, and comparisons."""

from dataclasses import replace
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.benchmarks.comparability import (
    ComparableScore,
    Conditions,
    Separability,
    compute_binomial_error,
    compute_separability,
    is_difference_significant,
    normalize_score,
    rank_scores,
)

SAME = Conditions("mmlu", "acc", "", 5, "1", 0, "harness", "us", "", "", limited=False)


def score(value, n=1000, *, model="m", stderr=None, **other):
    return ComparableScore(model, value, n, stderr, replace(SAME, **other))


@pytest.mark.parametrize(
    ("value", "n", "half_width"),
    [(0.94, 198, 3.3), (0.90, 164, 4.6), (0.5, 10_000, 0.98)],
)
def test_binomial_error_is_that_of_the_published_examples(value, n, half_width):
    error = compute_binomial_error(value, n)
    assert error == pytest.approx(sqrt(value * (1 - value) / n))
    assert 100 * 1.96 * error == pytest.approx(half_width, abs=0.05)


@pytest.mark.parametrize(("value", "n"), [(0.5, None), (0.5, 0), (1.2, 10), (-0.1, 10)])
def test_noise_of_what_is_no_share_is_unknown(value, n):
    assert compute_binomial_error(value, n) is None


def test_measured_error_goes_before_the_binomial_one():
    assert score(0.5, stderr=0.1).error == 0.1
    assert score(0.5, n=100).error == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        (score(0.90, 164), score(0.87, 164), False),
        (score(0.90, 164), score(0.70, 164), True),
        (score(0.90, 14_042), score(0.89, 14_042), True),
        (score(0.5, None), score(0.9), None),
        (score(0.5, None, stderr=0.01), score(0.9), True),
    ],
)
def test_told_apart_only_outside_of_the_noise(one, other, apart):
    assert is_difference_significant(one, other) is is_difference_significant(other, one) is apart


def test_share_of_pairs_that_are_told_apart_is_that_computed_by_hand():
    # With 100 questions each, the standard errors are 0.030, 0.040, 0.046, 0.050, and 0.050. Two of ten pairs differ by
    # less than 1.96 standard errors: 0.8 and 0.7 (0.119), and the two of 0.5.
    values = [0.5, 0.9, 0.7, 0.8, 0.5]
    scores = [score(value, 100, model=str(number)) for number, value in enumerate(values)]
    assert compute_separability(scores) == Separability(0.8, 5)


def test_only_the_best_ten_models_with_a_known_error_count():
    alike = [score(0.9, 1000, model=f"best {number}") for number in range(10)]
    others = [score(0.1, 1000, model="worst"), score(0.99, None, model="of unknown error")]
    assert compute_separability(alike + others) == Separability(0, 10)


@pytest.mark.parametrize("unknown", [0, 3])
def test_too_few_models_have_no_figure(unknown):
    few = [score(number / 10, 100, model=str(number)) for number in range(4)]
    assert compute_separability(few + [score(0.5, None, model=f"u{number}") for number in range(unknown)]) is None


@pytest.mark.parametrize(
    "difference",
    [
        {"task": "mmlu_pro"}, {"metric": "acc_norm"}, {"filter": "strict"}, {"shots": 0}, {"shots": -1},
        {"version": "2"},
        {"chat_template": 1}, {"harness": ""}, {"measured_by": "them"}, {"method": "CoT"}, {"report": "another"},
        {"limited": True},
    ],
    ids=str,
)  # fmt: skip
def test_scores_under_different_conditions_are_never_in_one_ranking(difference):
    rankings = rank_scores([score(0.5, model="a"), score(0.6, model="b", **difference)])
    assert sorted(len(rows) for rows in rankings.values()) == [1, 1]


def test_every_field_of_conditions_is_tried():
    assert set(Conditions.__dataclass_fields__) == {
        "task", "metric", "filter", "shots", "version", "chat_template", "harness", "measured_by", "method", "report",
        "limited",
    }  # fmt: skip


def test_ranking_has_places_intervals_and_says_who_is_the_same_as_the_first():
    [rows] = rank_scores(
        [score(0.70, 164, model="c"), score(0.90, 164, model="a"), score(0.87, 164, model="b")]
    ).values()
    assert [(row.model, row.place, row.same_as_best) for row in rows] == [
        ("a", 1, False),
        ("b", 2, True),
        ("c", 3, False),
    ]
    assert rows[0].percent == pytest.approx(90)
    assert rows[0].margin == pytest.approx(4.59, abs=0.01)
    assert (rows[0].low_percent, rows[0].high_percent) == pytest.approx((85.4, 94.6), abs=0.1)


def test_equal_scores_share_a_place_and_of_a_model_the_first_given_counts():
    [rows] = rank_scores([score(0.5, model="b"), score(0.5, model="a"), score(0.9, model="b")]).values()
    assert [(row.model, row.value, row.place) for row in rows] == [("a", 0.5, 1), ("b", 0.5, 1)]


def test_largest_ranking_comes_first():
    rankings = rank_scores([score(0.5, model="a", task="z"), score(0.5, model="b"), score(0.5, model="c")])
    assert [len(rows) for rows in rankings.values()] == [2, 1]


@pytest.mark.parametrize(
    ("raw", "chance", "points"), [(0.60, 0.25, 46.67), (0.7, 0.5, 40), (0.4, 0.2, 25), (0.6, 1 / 3, 40), (0.1, 0.25, 0)]
)
def test_normalized_is_that_of_the_open_llm_leaderboard(raw, chance, points):
    assert normalize_score(raw, chance) == pytest.approx(points, abs=0.005)


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.floats(0, 1), st.integers(1, 10**6)), max_size=20))
def test_rankings_lose_no_model_and_bounds_hold_the_score(rows):
    rankings = rank_scores(score(value, n, model=model) for model, value, n in rows)
    ranked = [row for ranking in rankings.values() for row in ranking]
    assert {row.model for row in ranked} == {model for model, _, _ in rows}
    assert all(row.low_percent <= row.percent <= row.high_percent for row in ranked)
