"""Ratings against the scores of a benchmark."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis.extra.numpy import arrays
from hypothesis.strategies import integers
from scipy.stats import spearmanr

from ratings.statistics.benchmark_regression import compute_correlation_interval, regress_ratings
from tests.ratings.chat_model_figures import MODELS

NAMES = [model.name for model in MODELS]
RATINGS = [model.rating for model in MODELS]
AVERAGES = [model.average for model in MODELS]
ERRORS = [model.half_width / 1.96 for model in MODELS]


def column(low, high):
    return arrays(float, 15, elements=integers(low, high).map(float))


def test_line_through_known_models():
    regression = regress_ratings(NAMES, AVERAGES, RATINGS)
    assert regression.spearman == pytest.approx(0.859, abs=0.001)
    assert regression.slope == pytest.approx(6.266, abs=0.001)
    assert regression.intercept == pytest.approx(974.1, abs=0.1)
    assert regression.sd == pytest.approx(33.8, abs=0.1)
    assert not regression.has_lost_signal


def test_models_farthest_from_the_line():
    points = regress_ratings(NAMES, AVERAGES, RATINGS, ERRORS).points
    assert [point.name for point in points[:3]] == [
        *("Phi-3-mini-128k-instruct", "Phi-3-small-8k-instruct", "Phi-3-mini-4k-instruct")
    ]
    assert [(point.name, round(point.z, 1)) for point in points[-3:]] == [
        ("aya-expanse-32b", 2.0),
        ("Ministral-8B-Instruct-2410", 2.1),
        ("aya-expanse-8b", 2.3),
    ]
    assert {point.verdict for point in points[:3]} == {"below"}
    assert {point.verdict for point in points[-3:]} == {"above"}
    assert {point.verdict for point in points[3:-7]} == {"agree"}


@given(column(0, 12), column(800, 820))
def test_rank_correlation_is_that_of_another_implementation(scores, ratings):
    assume(np.ptp(scores) and np.ptp(ratings))
    regression = regress_ratings([f"m{n}" for n in range(15)], scores, ratings)
    assert regression.spearman == pytest.approx(spearmanr(scores, ratings).statistic)


@pytest.mark.parametrize(
    ("rho", "n", "low", "high"),
    [
        (0.859, 53, 0.7466, 0.9237),  # by hand: atanh 1.2895, error sqrt(1.36894 / 50) = 0.16547
        (0.0, 19, -0.454, 0.454),
        (1.0, 12, 1.0, 1.0),
        (-1.0, 12, -1.0, -1.0),
    ],
)
def test_interval_of_a_rank_correlation(rho, n, low, high):
    assert compute_correlation_interval(rho, n) == pytest.approx((low, high), abs=1e-3)


def test_noise_of_ratings_and_of_scores_widens_a_residual():
    exact = regress_ratings(NAMES, AVERAGES, RATINGS).points
    both = regress_ratings(NAMES, AVERAGES, RATINGS, 10.0, 2.0)
    reach = 1.959964 * np.hypot(10, both.slope * 2) / both.sd
    for plain, noisy in zip(exact, both.points, strict=True):
        assert plain.z_low == plain.z == plain.z_high == noisy.z
        assert (noisy.z - noisy.z_low, noisy.z_high - noisy.z) == pytest.approx((reach, reach))


def test_residual_that_noise_could_make_is_no_verdict():
    points = regress_ratings(NAMES, AVERAGES, RATINGS, 100.0).points
    assert {point.verdict for point in points} == {"agree", "unclear"}
    assert points[0].verdict == points[-1].verdict == "unclear"


@pytest.mark.parametrize(
    ("scores", "lost"),
    [
        (AVERAGES, False),
        ([model.musr for model in MODELS], False),
        ([-model.average for model in MODELS], True),
        ([number * 7919 % 53 for number in range(53)], True),
    ],
)
def test_benchmark_that_does_not_order_models_has_lost_its_signal(scores, lost):
    assert regress_ratings(NAMES, scores, RATINGS).has_lost_signal is lost


@pytest.mark.parametrize(
    "changed",
    [
        {"scores": [*AVERAGES[:-1], float("nan")]},
        {"scores": [50] * 53},
        {"ratings": [1000] * 53},
        {"scores": [0, 1e200] + 51 * [1]},
    ],
)
def test_no_line_fits_equal_or_boundless_numbers(changed):
    with pytest.raises(ValueError, match="the same or too far apart"):
        regress_ratings(**{"names": NAMES, "scores": AVERAGES, "ratings": RATINGS, **changed})


def test_points_on_the_line_agree():
    regression = regress_ratings(NAMES[:12], range(12), range(1000, 1120, 10))
    assert {point.verdict for point in regression.points} == {"agree"}
    assert [point.z for point in regression.points] == pytest.approx([0] * 12)


@given(column(0, 100), column(800, 1500))
def test_residuals_sum_to_nothing_and_are_finite(scores, ratings):
    assume(np.ptp(scores) and np.ptp(ratings))
    regression = regress_ratings([f"m{n}" for n in range(15)], scores, ratings, 5.0)
    values = [value for point in regression.points for value in (point.expected, point.z, point.z_low, point.z_high)]
    assert np.isfinite([*values, regression.slope, regression.intercept, regression.sd, regression.spearman]).all()
    assert sum(point.rating - point.expected for point in regression.points) == pytest.approx(0, abs=1e-6)
    assert [point.z for point in regression.points] == sorted(point.z for point in regression.points)
