import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.special import expit

from ratings.statistics import bradley_terry, style_control
from ratings.statistics.bradley_terry import ELO_SCALE
from ratings.statistics.comparisons import Comparisons
from ratings.statistics.ranks import compute_ranks
from ratings.statistics.style_likelihood import Separable
from ratings.statistics.style_votes import StyledVotes
from tests.ratings.style_oracle import differences, drawn, in_points, maximum, rows, sandwich_by_rows, styled

FIELDS = ("ratings", "se", "ci_low", "ci_high", "covariance")


def assert_same(found, expected, models=slice(None), tolerance=1e-6):
    for field in FIELDS[:4]:
        assert getattr(found.fit, field) == pytest.approx(getattr(expected.fit, field)[models], abs=tolerance)
    assert found.fit.component.tolist() == expected.fit.component[models].tolist()
    raw = [np.divide(got.coefficients, got.scale) for got in (found, expected)]
    assert raw[0] == pytest.approx(raw[1], abs=tolerance)


def joined(*parts):
    """The columns of several lots of votes, one after the other."""
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_fit_agrees_with_an_independent_maximum_and_a_sandwich_of_single_votes(seed):
    columns, _ = drawn(seed)
    found = style_control.fit(styled(columns))
    design = rows(columns)
    expected = maximum(design, columns[2])
    theta = expected[:5] - expected[:5].mean()
    assert found.fit.ratings == pytest.approx(1000 + ELO_SCALE * theta, abs=1e-6)
    assert found.coefficients == pytest.approx(expected[5:], abs=1e-8)
    assert found.scale == pytest.approx(differences(columns[3]).std(axis=0), rel=1e-12)
    covariance = sandwich_by_rows(design, columns[2], expected)
    assert found.fit.covariance == pytest.approx(in_points(covariance), rel=1e-6, abs=1e-6)
    assert found.errors == pytest.approx(np.sqrt(covariance.diagonal()[5:]), rel=1e-6)
    assert found.fit.ci_high - found.fit.ratings == pytest.approx(1.959964 * found.fit.se, rel=1e-6)
    assert not found.fit.unbounded.any()
    assert found.votes == 400


def test_fit_recovers_what_made_the_votes():
    columns, theta = drawn(4, models=8, votes=60_000)
    found = style_control.fit(styled(columns, 8))
    assert np.abs(np.subtract(found.coefficients, [0.5, -0.3]) / found.errors).max() < 3
    assert np.abs(found.fit.ratings - 1000 - ELO_SCALE * (theta - theta.mean())).max() < 3 * found.fit.se.max()
    plain = bradley_terry.fit(found.board)
    assert found.fit.se == pytest.approx(plain.se, rel=0.2)
    assert compute_ranks(found.fit).rank.tolist() == compute_ranks(bradley_terry.fit(found.board)).rank.tolist()


def test_fit_holds_through_more_votes_than_a_chunk_has():
    columns, _ = drawn(5, models=3, votes=20_000)
    found = style_control.fit(styled(columns, 3))
    design = rows(columns, 3)
    parameters = np.append((found.fit.ratings - 1000) / ELO_SCALE, found.coefficients)
    assert design.T @ (columns[2] - expit(design @ parameters)) == pytest.approx(0, abs=1e-8)
    covariance = sandwich_by_rows(design, columns[2], parameters)
    assert found.fit.covariance == pytest.approx(in_points(covariance, 3), rel=1e-9, abs=1e-9)


def test_fit_without_differences_of_style_is_that_of_bradley_terry():
    (first, second, outcome, features), _ = drawn(6)
    features[:, 2:] = features[:, :2]
    voter = np.arange(400) % 7
    found = style_control.fit(styled((first, second, outcome, features), voter=voter))
    board = Comparisons.from_votes(first, second, outcome)
    expected = bradley_terry.fit(board)
    assert found.fit.ratings == pytest.approx(expected.ratings, abs=1e-8)
    assert found.coefficients == found.errors == (None, None)
    assert found.scale.tolist() == [0, 0]
    assert np.array_equal(found.board.wins, board.wins)
    assert np.array_equal(found.board.ties, board.ties)
    assert style_control.fit(styled((first, second, outcome, features))).fit.se == pytest.approx(expected.se, rel=1e-9)


def test_fit_drops_a_constant_feature():
    (first, second, outcome, features), _ = drawn(7)
    constant = np.insert(features, [1, 3], [[4.0, 1.0]], axis=1)
    found = style_control.fit(styled((first, second, outcome, constant)))
    expected = style_control.fit(styled((first, second, outcome, features)))
    assert found.coefficients[1] is found.errors[1] is None
    assert found.scale[1] == 0
    assert found.coefficients[::2] == pytest.approx(expected.coefficients)
    assert found.fit.ratings == pytest.approx(expected.fit.ratings, abs=1e-9)


def test_fit_leaves_out_votes_without_features():
    columns, _ = drawn(8)
    unknown = [np.append(column, extra) for column, extra in zip(columns[:3], ([0, 5], [1, 2], [1, 1]), strict=True)]
    features = np.vstack((columns[3], [[np.nan, 1, 2, 3], [np.nan] * 4]))
    found = style_control.fit(styled((*unknown, features), 6))
    assert_same(style_control.fit(styled(columns)), found, slice(5))
    assert found.votes == 400
    assert found.fit.component.tolist() == [0] * 5 + [1]


def test_fit_takes_a_weight_for_so_many_votes():
    columns, _ = drawn(9, votes=150)
    weight = np.arange(150) % 4 + 1
    found = style_control.fit(styled(columns, weight=weight))
    expected = style_control.fit(styled(tuple(np.repeat(column, weight, axis=0) for column in columns)))
    assert_same(found, expected)
    assert found.scale == pytest.approx(expected.scale)
    assert found.votes == weight.sum()


@settings(max_examples=25)
@given(st.randoms(use_true_random=False), st.integers(0, 2**32))
def test_fit_does_not_depend_on_the_order_of_votes_and_models_nor_on_sides(random, seed):
    columns, _ = drawn(seed, models=4, votes=120)
    expected = style_control.fit(styled(columns, 4))
    order, names = random.sample(range(120), 120), np.array(random.sample(range(4), 4))
    first, second, outcome, features = (column[order] for column in columns)
    moved = style_control.fit(styled((names[first], names[second], outcome, features), 4))
    assert_same(moved, expected, np.argsort(names))
    assert moved.coefficients == pytest.approx(expected.coefficients)
    turned = np.array([random.random() < 0.5 for _ in range(120)])
    sides = np.where(turned, (second, first), (first, second))
    outcome = np.where(turned, 1 - outcome, outcome)
    features = np.where(turned[:, None], np.roll(features, 2, axis=1), features)
    assert_same(style_control.fit(styled((names[sides[0]], names[sides[1]], outcome, features), 4)), moved)


@settings(max_examples=100)
@given(st.integers(0, 2**32), st.integers(0, 30), st.integers(1, 6))
def test_fit_of_few_votes_is_finite_and_at_a_maximum_or_says_that_there_is_none(seed, votes, figures):
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 4, votes)
    columns = (first, (first + rng.integers(1, 4, votes)) % 4, rng.integers(0, 3, votes) / 2)
    features = rng.integers(0, figures, (votes, 2))
    try:
        found = style_control.fit(styled((*columns, features), 4))
    except Separable:
        assume(False)
    fit = found.fit
    assert all(np.isfinite(values).all() for values in (fit.ratings, fit.se, fit.covariance))
    assert (fit.ci_low <= fit.ratings).all()
    assert (fit.ratings <= fit.ci_high).all()
    assert (fit.se > 0).all()
    plain = bradley_terry.fit(found.board)
    assert (fit.component.tolist(), fit.unbounded.tolist()) == (plain.component.tolist(), plain.unbounded.tolist())
    inside = ~(fit.unbounded[columns[0]] | fit.unbounded[columns[1]])
    lead = (fit.ratings[columns[0]] - fit.ratings[columns[1]]) / ELO_SCALE
    lead = lead + differences(features)[:, 0] * ((found.coefficients[0] or 0) / (found.scale[0] or 1))
    residual = (columns[2] - expit(lead)) * inside
    for model in np.flatnonzero(~fit.unbounded):
        assert residual[columns[0] == model].sum() == pytest.approx(residual[columns[1] == model].sum(), abs=1e-8)


@pytest.mark.parametrize("start", [None, ([900, 1100, 1000, 1000, 1000], [0.3, 0.1])])
def test_fit_of_nothing_but_ties_is_exactly_1000_with_the_error_of_the_hessian(start):
    columns, _ = drawn(10)
    columns = (*columns[:2], np.full(400, 0.5), columns[3])
    found = style_control.fit(styled(columns), start=start)
    assert found.fit.ratings.tolist() == [1000] * 5
    assert found.coefficients == (0, 0)
    design = rows(columns)
    hessian = np.linalg.pinv(design.T @ design / 4)
    assert found.fit.covariance == pytest.approx(in_points(hessian), rel=1e-9, abs=1e-9)
    assert found.errors == pytest.approx(np.sqrt(hessian.diagonal()[5:]))


def test_fit_of_no_votes_has_no_rows():
    found = style_control.fit(styled(([], [], [], np.zeros((0, 8))), 0))
    assert found.fit.ratings.shape == (0,)
    assert found.coefficients == (None,) * 4
    assert found.votes == 0


def test_fit_places_models_without_votes_at_1000():
    found = style_control.fit(styled(([], [], [], np.zeros((0, 8))), 1))
    assert found.fit.ratings.tolist() == [1000]
    assert found.fit.unbounded.all()


def test_fit_places_the_models_of_a_first_vote_as_without_style():
    found = style_control.fit(StyledVotes(["a", "b"], ([0], [1]), [1], [[3, 0, 1, 2, 1, 0, 0, 0]]))
    expected = bradley_terry.fit(Comparisons.from_votes(["a"], ["b"], [1]))
    for field in FIELDS:
        assert getattr(found.fit, field) == pytest.approx(getattr(expected, field))


def test_fit_places_a_newcomer_beside_the_others_with_the_style_of_its_votes():
    columns, _ = drawn(11)
    news = ([5, 1, 5], [0, 5, 2], [1, 0, 1], [[9, 0, 2, 3], [1, 2, 30, 4], [5, 5, 5, 6.0]])
    found = style_control.fit(styled(joined(columns, news), 6))
    # The newcomer takes no part, but for the scale.
    alone = style_control.fit(styled(columns))
    assert found.fit.ratings[:5] == pytest.approx(alone.fit.ratings, abs=1e-8)
    assert found.fit.unbounded.tolist() == [False] * 5 + [True]
    x = differences(news[3]) @ np.divide(found.coefficients, found.scale) * [1, -1, 1]
    ahead = x - (found.fit.ratings[[0, 1, 2]] - 1000) / ELO_SCALE

    def score(theta):
        return expit(theta + ahead).sum() + expit(theta) - 3.5

    theta = brentq(score, -50, 50, xtol=1e-13)
    assert found.fit.ratings[5] == pytest.approx(1000 + ELO_SCALE * theta, abs=1e-6)
    chances = expit(np.append(theta + ahead, theta))
    assert found.fit.se[5] == pytest.approx(ELO_SCALE / np.sqrt((chances * (1 - chances)).sum()))
    low = brentq(lambda theta: expit(theta + ahead).prod() - 0.025, -50, 50)
    assert found.fit.ci_low[5] == pytest.approx(1000 + ELO_SCALE * low, abs=1e-6)
    assert np.isposinf(found.fit.ci_high[5])


def test_fit_drops_a_feature_that_only_a_newcomer_has():
    columns, _ = drawn(17)
    columns[3][:, [1, 3]] = 0
    found = style_control.fit(styled(joined(columns, ([5], [0], [1], [[9, 7, 2, 0.0]])), 6))
    assert found.coefficients[1] is None
    assert found.scale[1] > 0
    assert found.fit.ratings[:5] == pytest.approx(style_control.fit(styled(columns)).fit.ratings, abs=1e-8)


def test_fit_mirrors_a_newcomer_that_only_lost():
    columns, _ = drawn(12)
    found = style_control.fit(styled(joined(columns, ([5], [0], [1], [[9, 0, 2, 3.0]])), 6))
    mirrored = style_control.fit(styled(joined(columns, ([0], [5], [1], [[2, 3, 9, 0.0]])), 6))
    lead = [fit.fit.ratings[5] - 1000 for fit in (found, mirrored)]
    assert lead[0] > 0 > lead[1]
    assert np.isneginf(mirrored.fit.ci_low[5])
    assert mirrored.fit.ci_high[5] > mirrored.fit.ratings[5]


def test_fit_shares_the_coefficients_between_components_and_gives_each_its_mean():
    main, other = drawn(13)[0], drawn(14, models=3, votes=100)[0]
    columns = joined(main, (other[0] + 5, other[1] + 5, *other[2:]))
    found = style_control.fit(styled(columns, 8))
    assert found.fit.component.tolist() == [0] * 5 + [1] * 3
    design = rows(columns, 8)
    expected = maximum(np.delete(design, 7, axis=1), columns[2])
    theta = np.insert(expected, 7, 0)[:8]
    theta -= np.repeat([theta[:5].mean(), theta[5:].mean()], [5, 3])
    assert found.fit.ratings == pytest.approx(1000 + ELO_SCALE * theta, abs=1e-6)
    assert found.coefficients == pytest.approx(expected[7:], abs=1e-8)
    covariance = sandwich_by_rows(design, columns[2], np.append(theta, expected[7:]))
    same = found.fit.component[:, None] == found.fit.component
    assert found.fit.covariance == pytest.approx(in_points(covariance, 8) * same, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("ratings", [[1000] * 5, [-2000, 4000, 1000, 900, 5000]])
def test_fit_does_not_depend_on_the_start(ratings):
    columns, _ = drawn(15)
    expected = style_control.fit(styled(columns))
    assert_same(style_control.fit(styled(columns), start=(ratings, [3, None])), expected)
    again = style_control.fit(styled(columns), start=(expected.fit.ratings, expected.coefficients))
    assert again.fit.iterations == 1


@pytest.mark.parametrize("start", [([1000] * 4, [0, 0]), ([np.nan] * 5, [0, 0]), ([1000] * 5, [0])])
def test_fit_refuses_a_start_of_another_shape(start):
    with pytest.raises(ValueError, match="start must be 5 finite ratings and 2 coefficients"):
        style_control.fit(styled(drawn(16)[0]), start=start)
