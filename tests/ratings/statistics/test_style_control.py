import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import brentq, linprog
from scipy.special import expit

from ratings.statistics import bradley_terry, style_control
from ratings.statistics.bradley_terry import ELO_SCALE
from ratings.statistics.style_control import Separable
from tests.ratings.style_oracle import (
    build_design,
    build_styled_votes,
    compute_differences,
    find_maximum,
    sandwich_by_rows,
    simulate_votes,
    to_elo_points,
)
from tests.ratings.votes import fit_clustered

FIELDS = ("ratings", "se", "ci_low", "ci_high")


def assert_same(style_fit, expected, models=slice(None), tolerance=1e-6):
    for field in FIELDS:
        assert getattr(style_fit.fit, field) == pytest.approx(getattr(expected.fit, field)[models], abs=tolerance)
    assert style_fit.fit.component.tolist() == expected.fit.component[models].tolist()
    raw = [np.divide(got.coefficients, got.scale) for got in (style_fit, expected)]
    assert raw[0] == pytest.approx(raw[1], abs=tolerance)


def join_votes(*parts):
    """The columns of several sets of votes, concatenated."""
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_fit_agrees_with_an_independent_maximum_and_a_sandwich_of_single_votes(seed):
    columns, _ = simulate_votes(seed)
    style_fit = style_control.fit(build_styled_votes(columns))
    design = build_design(columns)
    expected = find_maximum(design, columns[2])
    theta = expected[:5] - expected[:5].mean()
    assert style_fit.fit.ratings == pytest.approx(1000 + ELO_SCALE * theta, abs=1e-6)
    assert style_fit.coefficients == pytest.approx(expected[5:], abs=1e-8)
    assert style_fit.scale == pytest.approx(compute_differences(columns[3]).std(axis=0), rel=1e-12)
    covariance = sandwich_by_rows(design, columns[2], expected)
    assert style_fit.fit.spread.covariance == pytest.approx(to_elo_points(covariance), rel=1e-6, abs=1e-6)
    assert style_fit.errors == pytest.approx(np.sqrt(covariance.diagonal()[5:]), rel=1e-6)
    assert style_fit.fit.ci_high - style_fit.fit.ratings == pytest.approx(1.959964 * style_fit.fit.se, rel=1e-6)
    assert not style_fit.fit.unbounded.any()


@pytest.mark.parametrize("votes", [1, 3, 9000])
def test_scale_is_exactly_zero_where_nothing_varies(votes):
    columns = np.zeros(votes, dtype=int), np.ones(votes, dtype=int), np.ones(votes), np.tile([0.1, 0.3], (votes, 1))
    assert build_styled_votes(columns, 2).scale.tolist() == [0]


def test_fit_drops_a_constant_feature():
    (first, second, outcome, features), _ = simulate_votes(7)
    constant = np.insert(features, [1, 3], [[4.0, 1.0]], axis=1)
    style_fit = style_control.fit(build_styled_votes((first, second, outcome, constant)))
    expected = style_control.fit(build_styled_votes((first, second, outcome, features)))
    assert style_fit.coefficients[1] is style_fit.errors[1] is None
    assert style_fit.scale[1] == 0
    assert style_fit.coefficients[::2] == pytest.approx(expected.coefficients)
    assert style_fit.fit.ratings == pytest.approx(expected.fit.ratings, abs=1e-9)


@given(st.randoms(use_true_random=False), st.integers(0, 2**32))
def test_fit_does_not_depend_on_the_order_of_votes_and_models_nor_on_sides(random, seed):
    columns, _ = simulate_votes(seed, models=4, votes=120)
    expected = style_control.fit(build_styled_votes(columns, 4))
    order, names = random.sample(range(120), 120), np.array(random.sample(range(4), 4))
    first, second, outcome, features = (column[order] for column in columns)
    reordered = style_control.fit(build_styled_votes((names[first], names[second], outcome, features), 4))
    assert_same(reordered, expected, np.argsort(names))
    assert reordered.coefficients == pytest.approx(expected.coefficients)
    turned = np.array([random.random() < 0.5 for _ in range(120)])
    sides = np.where(turned, (second, first), (first, second))
    outcome = np.where(turned, 1 - outcome, outcome)
    features = np.where(turned[:, None], np.roll(features, 2, axis=1), features)
    assert_same(
        style_control.fit(build_styled_votes((names[sides[0]], names[sides[1]], outcome, features), 4)), reordered
    )


@given(st.integers(0, 2**32), st.integers(0, 30), st.integers(1, 6))
def test_fit_of_few_votes_is_finite_and_at_a_maximum_or_says_that_there_is_none(seed, votes, figures):
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 4, votes)
    columns = (first, (first + rng.integers(1, 4, votes)) % 4, rng.integers(0, 3, votes) / 2)
    features = rng.integers(0, figures, (votes, 2))
    styled = build_styled_votes((*columns, features), 4)
    try:
        style_fit = style_control.fit(styled)
    except Separable:
        assume(False)
    fit = style_fit.fit
    assert all(np.isfinite(values).all() for values in (fit.ratings, fit.se, fit.spread.covariance))
    assert (fit.ci_low <= fit.ratings).all()
    assert (fit.ratings <= fit.ci_high).all()
    assert (fit.se > 0).all()
    plain = bradley_terry.fit(styled.to_comparisons())
    assert (fit.component.tolist(), fit.unbounded.tolist()) == (plain.component.tolist(), plain.unbounded.tolist())
    inside = ~(fit.unbounded[columns[0]] | fit.unbounded[columns[1]])
    lead = (fit.ratings[columns[0]] - fit.ratings[columns[1]]) / ELO_SCALE
    lead = lead + compute_differences(features)[:, 0] * ((style_fit.coefficients[0] or 0) / (style_fit.scale[0] or 1))
    residual = (columns[2] - expit(lead)) * inside
    for model in np.flatnonzero(~fit.unbounded):
        assert residual[columns[0] == model].sum() == pytest.approx(residual[columns[1] == model].sum(), abs=1e-8)


@pytest.mark.parametrize("start", [None, ([900, 1100, 1000, 1000, 1000], [0.3, 0.1])])
def test_fit_of_nothing_but_ties_is_exactly_1000_with_the_error_of_the_hessian(start):
    columns, _ = simulate_votes(10)
    columns = (*columns[:2], np.full(400, 0.5), columns[3])
    style_fit = style_control.fit(build_styled_votes(columns), start=start)
    assert style_fit.fit.ratings.tolist() == [1000] * 5
    assert style_fit.coefficients == (0, 0)
    design = build_design(columns)
    hessian = np.linalg.pinv(design.T @ design / 4)
    assert style_fit.fit.spread.covariance == pytest.approx(to_elo_points(hessian), rel=1e-9, abs=1e-9)
    assert style_fit.errors == pytest.approx(np.sqrt(hessian.diagonal()[5:]))


@pytest.mark.parametrize("models", [0, 1])
def test_fit_without_votes_has_models_at_1000_and_no_coefficients(models):
    style_fit = style_control.fit(build_styled_votes(([], [], [], np.zeros((0, 8))), models))
    assert style_fit.fit.ratings.tolist() == [1000] * models
    assert style_fit.fit.unbounded.all()
    assert style_fit.coefficients == (None,) * 4


def test_fit_places_a_newcomer_beside_the_others_with_the_style_of_its_votes():
    columns, _ = simulate_votes(11)
    news = ([5, 1, 5], [0, 5, 2], [1, 0, 1], [[9, 0, 2, 3], [1, 2, 30, 4], [5, 5, 5, 6.0]])
    style_fit = style_control.fit(build_styled_votes(join_votes(columns, news), 6))
    # The newcomer affects only the scale.
    alone = style_control.fit(build_styled_votes(columns))
    assert style_fit.fit.ratings[:5] == pytest.approx(alone.fit.ratings, abs=1e-8)
    assert style_fit.fit.unbounded.tolist() == [False] * 5 + [True]
    x = compute_differences(news[3]) @ np.divide(style_fit.coefficients, style_fit.scale) * [1, -1, 1]
    ahead = x - (style_fit.fit.ratings[[0, 1, 2]] - 1000) / ELO_SCALE

    def score(theta):
        return expit(theta + ahead).sum() + expit(theta) - 3.5

    theta = brentq(score, -50, 50, xtol=1e-13)
    assert style_fit.fit.ratings[5] == pytest.approx(1000 + ELO_SCALE * theta, abs=1e-6)
    chances = expit(np.append(theta + ahead, theta))
    assert style_fit.fit.se[5] == pytest.approx(ELO_SCALE / np.sqrt((chances * (1 - chances)).sum()))
    low = brentq(lambda theta: expit(theta + ahead).prod() - 0.025, -50, 50)
    assert style_fit.fit.ci_low[5] == pytest.approx(1000 + ELO_SCALE * low, abs=1e-6)
    assert np.isposinf(style_fit.fit.ci_high[5])


def test_fit_drops_a_feature_that_only_a_newcomer_has():
    columns, _ = simulate_votes(17)
    columns[3][:, [1, 3]] = 0
    style_fit = style_control.fit(build_styled_votes(join_votes(columns, ([5], [0], [1], [[9, 7, 2, 0.0]])), 6))
    assert style_fit.coefficients[1] is None
    assert style_fit.scale[1] > 0
    assert style_fit.fit.ratings[:5] == pytest.approx(
        style_control.fit(build_styled_votes(columns)).fit.ratings, abs=1e-8
    )


def test_fit_mirrors_a_newcomer_that_only_lost():
    columns, _ = simulate_votes(12)
    style_fit = style_control.fit(build_styled_votes(join_votes(columns, ([5], [0], [1], [[9, 0, 2, 3.0]])), 6))
    mirrored = style_control.fit(build_styled_votes(join_votes(columns, ([0], [5], [1], [[2, 3, 9, 0.0]])), 6))
    lead = [fit.fit.ratings[5] - 1000 for fit in (style_fit, mirrored)]
    assert lead[0] > 0 > lead[1]
    assert np.isneginf(mirrored.fit.ci_low[5])
    assert mirrored.fit.ci_high[5] > mirrored.fit.ratings[5]


def test_fit_shares_the_coefficients_between_components_and_gives_each_its_mean():
    main, other = simulate_votes(13)[0], simulate_votes(14, models=3, votes=100)[0]
    columns = join_votes(main, (other[0] + 5, other[1] + 5, *other[2:]))
    style_fit = style_control.fit(build_styled_votes(columns, 8))
    assert style_fit.fit.component.tolist() == [0] * 5 + [1] * 3
    design = build_design(columns, 8)
    expected = find_maximum(np.delete(design, 7, axis=1), columns[2])
    theta = np.insert(expected, 7, 0)[:8]
    theta -= np.repeat([theta[:5].mean(), theta[5:].mean()], [5, 3])
    assert style_fit.fit.ratings == pytest.approx(1000 + ELO_SCALE * theta, abs=1e-6)
    assert style_fit.coefficients == pytest.approx(expected[7:], abs=1e-8)
    covariance = sandwich_by_rows(design, columns[2], np.append(theta, expected[7:]))
    same = style_fit.fit.component[:, None] == style_fit.fit.component
    assert style_fit.fit.spread.covariance == pytest.approx(to_elo_points(covariance, 8) * same, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("ratings", [[1000] * 5, [-2000, 4000, 1000, 900, 5000]])
def test_fit_does_not_depend_on_the_start(ratings):
    columns, _ = simulate_votes(15)
    expected = style_control.fit(build_styled_votes(columns))
    assert_same(style_control.fit(build_styled_votes(columns), start=(ratings, [3, None])), expected)


def expected_covariance(style_fit, columns, voter):
    parameters = np.append((style_fit.fit.ratings - 1000) / ELO_SCALE, style_fit.coefficients)
    return sandwich_by_rows(build_design(columns), columns[2], parameters, voter)


def assert_agrees(style_fit, columns, voter):
    expected = expected_covariance(style_fit, columns, voter)
    assert style_fit.fit.spread.covariance == pytest.approx(to_elo_points(expected), rel=1e-6, abs=1e-6)
    assert style_fit.errors == pytest.approx(np.sqrt(expected.diagonal()[5:]), rel=1e-6)


@pytest.mark.parametrize(
    ("voters", "kind"),
    [(range(4), "plain"), (range(5), "clustered"), (range(40), "clustered"), (range(-1, 9), "clustered")],
)
def test_clustered_fit_agrees_with_scores_summed_voter_by_voter(voters, kind):
    """Fewer than five voters are not enough, and the votes of the unknown voter -1 count one by one."""
    columns, _ = simulate_votes(21)
    voter = np.random.default_rng(1).choice(voters, 400)
    style_fit = style_control.fit(build_styled_votes(columns, voter=voter))
    assert_agrees(style_fit, columns, voter if kind == "clustered" else None)
    assert set(style_fit.fit.interval_kind) == {kind}


def test_clustered_fit_counts_a_model_with_a_single_voter_vote_by_vote():
    columns, _ = simulate_votes(24)
    voter = np.random.default_rng(3).integers(0, 9, 400)
    on_last = (columns[0] == 4) | (columns[1] == 4)
    style_fit = style_control.fit(build_styled_votes(columns, voter=np.where(on_last, 3, voter)))
    assert_agrees(style_fit, columns, np.where(on_last, -1, voter))
    assert style_fit.fit.interval_kind.tolist() == ["clustered"] * 4 + ["plain"]


def test_clustered_fit_counts_a_style_of_a_single_voter_vote_by_vote():
    columns, _ = simulate_votes(25)
    voter = np.random.default_rng(4).integers(0, 9, 400)
    columns[3][voter != 2, 1] = columns[3][voter != 2, 3] = 0
    alone = np.where(columns[3][:, 1] == columns[3][:, 3], voter, -1)
    style_fit = style_control.fit(build_styled_votes(columns, voter=voter))
    expected = expected_covariance(style_fit, columns, alone)
    # The factor is that of all nine voters, of whom the second may have no other votes.
    assert style_fit.fit.spread.covariance == pytest.approx(to_elo_points(expected), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("voters", [3, 6])
def test_clustered_fit_without_differences_of_style_is_that_of_bradley_terry(voters):
    (first, second, outcome, features), _ = simulate_votes(26)
    features[:, 2:] = features[:, :2]
    other = simulate_votes(27, models=3, votes=90)[0]
    columns = (
        np.append(first, other[0] + 5),
        np.append(second, other[1] + 5),
        np.append(outcome, other[2]),
        np.zeros((490, 4)),
    )
    voter = np.append(np.arange(400) % 11, np.arange(90) % voters)
    style_fit = style_control.fit(build_styled_votes(columns, 8, voter=voter)).fit
    expected = fit_clustered(columns[:3], voter)
    assert style_fit.spread.covariance == pytest.approx(expected.spread.covariance, rel=1e-9, abs=1e-9)
    assert style_fit.interval_kind.tolist() == expected.interval_kind.tolist()


def test_clustered_fit_gives_a_model_that_only_tied_with_its_equal_the_error_of_the_hessian():
    columns, _ = simulate_votes(29)
    at_par = (np.full(6, 5), np.zeros(6, dtype=int), np.full(6, 0.5), np.ones((6, 4)))
    columns = tuple(np.concatenate(column) for column in zip(columns, at_par, strict=True))
    styled = build_styled_votes(columns, 6, voter=np.arange(406) % 8)
    style_fit = style_control.fit(styled)
    design = build_design(columns, 6)
    parameters = np.append((style_fit.fit.ratings - 1000) / ELO_SCALE, style_fit.coefficients)
    chance = 1 / (1 + np.exp(-design @ parameters))
    hessian = np.linalg.pinv(design.T @ (design * (chance * (1 - chance))[:, None]), rcond=1e-10)
    assert style_fit.fit.ratings[5] == pytest.approx(style_fit.fit.ratings[0])
    assert style_fit.fit.se[5] == pytest.approx(ELO_SCALE * np.sqrt(hessian[5, 5]), rel=1e-9)
    assert bradley_terry.fit(styled.to_comparisons()).se[5] == pytest.approx(style_fit.fit.se[5], rel=0.2)


def duel(*votes):
    """Votes between two models from (outcome, figure of the first); the figure of the second is 0."""
    count = len(votes)
    features = [[figure, 0] if figure >= 0 else [0, -figure] for _, figure in votes]
    return np.zeros(count, dtype=int), np.ones(count, dtype=int), [outcome for outcome, _ in votes], features


@pytest.mark.parametrize(
    "votes",
    [
        duel((1, 1), (1, 2), (0, -1), (0, -5)),
        duel((1, 1), (1, 2), (0, 0), (0, -5)),  # only together with the strengths
        duel((1, 1), (0, 1), (1, 2), (0, 0)),  # except for two votes at the border
        duel((1, 0), (0, 0), (1, 3)),  # a figure that only one vote has
    ],
)
def test_fit_says_that_style_separates_the_outcomes(votes):
    with pytest.raises(Separable, match="separates"):
        style_control.fit(build_styled_votes(votes, 2))


def test_fit_says_that_a_style_is_a_copy_of_another():
    columns, _ = simulate_votes(41)
    twice = columns[3][:, [0, 1, 0, 2, 3, 2]]
    with pytest.raises(Separable, match="many maxima"):
        style_control.fit(build_styled_votes((*columns[:3], twice)))


def test_fit_says_that_a_style_is_a_difference_of_strengths():
    first, second = np.array([0, 0, 1, 1, 2, 2]), np.array([1, 1, 2, 2, 0, 0])
    features = np.array([[0, 0], [0, 0], [3, 1], [3, 1], [1, 3], [1, 3]])
    with pytest.raises(Separable, match="many maxima"):
        style_control.fit(build_styled_votes((first, second, [1, 0] * 3, features), 3))


@pytest.mark.slow
def test_fit_decides_as_one_linear_programme_over_all_votes_does():
    decided = {True: 0, False: 0}
    for seed in range(120):
        rng = np.random.default_rng(seed)
        first, second = np.tile([[0, 1, 2], [1, 2, 0]], 3)
        columns = (first, second, rng.choice([0, 0.5, 1], 9, p=[0.45, 0.1, 0.45]), rng.integers(0, 4, (9, 4)))
        expected = has_a_maximum(columns)
        if expected is not None:
            decided[expected] += 1
            assert fits(columns) == expected
    assert min(decided.values()) >= 20


def fits(columns):
    try:
        style_control.fit(build_styled_votes(columns, 3))
    except Separable:
        return False
    return True


def has_a_maximum(columns):
    """Whether there is a maximum, by definition; None unless all models are bounded and all styles vary."""
    first, second, outcome, features = columns
    reached = np.eye(3, dtype=int)
    for a, b, y in zip(first, second, outcome, strict=True):
        reached[a, b] |= y > 0
        reached[b, a] |= y < 1
    if not np.linalg.matrix_power(reached, 3).all() or not compute_differences(features).std(axis=0).all():
        return None
    design, side = build_design(columns, 3), 2 * outcome - 1
    signed = design * np.where(side == 0, 1, side)[:, None]
    solution = linprog(
        -signed[side != 0].sum(axis=0),
        A_ub=-signed[side != 0],
        b_ub=np.zeros((side != 0).sum()),
        A_eq=signed[side == 0],
        b_eq=np.zeros((side == 0).sum()),
        bounds=(-1, 1),
    )
    return solution.fun > -1e-6 and np.linalg.matrix_rank(design) == 4


def test_maximise_solves_landslides_of_many_votes_with_one_upset():
    columns = (np.array([0, 0, 0]), np.array([1, 1, 1]), [1, 0, 1], [[2, 2], [1, 1], [0, 0]])
    style_fit = style_control.fit(build_styled_votes(columns, 2, weight=[10**9, 1, 10**9]))
    lead = style_fit.fit.ratings[0] - style_fit.fit.ratings[1]
    assert lead / 400 * np.log(10) == pytest.approx(np.log(2e9), rel=1e-8)
