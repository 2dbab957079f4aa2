import numpy as np
import pytest
from scipy.optimize import linprog

from ratings.statistics import style_control
from ratings.statistics.likelihood import NotConverged
from ratings.statistics.style_likelihood import Separable, check_separability, maximize_style_likelihood
from tests.ratings.style_oracle import build_design, build_styled_votes, compute_differences, simulate_votes


def duel(*votes):
    """Votes between two models from (outcome, figure of the first); the figure of the second is 0."""
    count = len(votes)
    features = [[figure, 0] if figure >= 0 else [0, -figure] for _, figure in votes]
    return np.zeros(count, dtype=int), np.ones(count, dtype=int), [outcome for outcome, _ in votes], features


@pytest.mark.parametrize(
    ("votes", "why"),
    [
        (duel((1, 1), (1, 2), (0, -1), (0, -5)), "separates"),
        (duel((1, 1), (1, 2), (0, 0), (0, -5)), "separates"),  # only together with the strengths
        (duel((1, 1), (0, 1), (1, 2), (0, 0)), "separates"),  # except for two votes at the border
        (duel((1, 1), (0.5, 1), (1, 5), (0, 0)), "separates"),
        (duel((1, 0), (0, 0), (1, 3)), "separates"),  # a figure that only one vote has
        (duel((1, 0), (0, 0), (0.5, 0), (0.5, 0), (1, 3)), "separates"),
    ],
)
def test_fit_says_that_style_separates_the_outcomes(votes, why):
    with pytest.raises(Separable, match=why):
        style_control.fit(build_styled_votes(votes, 2))


@pytest.mark.parametrize(
    "votes",
    [
        duel((1, 1), (0, 2), (1, 3), (0, 0)),
        duel((1, 1), (0.5, 1), (0.5, 5), (0, 0), (1, 0)),
        duel((0.5, 1), (0.5, 2)),
        duel((1, 100), (0, 101), (1, 1000), (0, 0)),
    ],
)
def test_fit_finds_the_maximum_of_outcomes_that_overlap(votes):
    style_fit = style_control.fit(build_styled_votes(votes, 2))
    assert np.isfinite(style_fit.coefficients).all()


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


def with_rare_figure(columns, votes):
    """The columns with a third figure, which few votes have."""
    first, second, outcome, features = columns
    rare = np.zeros((len(outcome), 1))
    rare[votes] = 3
    return first, second, outcome, np.hstack((features[:, :2], rare, features[:, 2:], 0 * rare))


def test_fit_decides_among_many_votes_by_the_few_that_matter():
    columns, _ = simulate_votes(42, models=3, votes=30_000)
    winners = np.flatnonzero(columns[2] == 1)[[5, 700, 9000]]
    with pytest.raises(Separable, match="separates"):
        style_control.fit(build_styled_votes(with_rare_figure(columns, winners), 3))
    loser = np.flatnonzero(columns[2] == 0)[7]
    overlapping = build_styled_votes(with_rare_figure(columns, [*winners, loser]), 3)
    assert check_separability(overlapping.group_by_pair(), np.arange(1, 6)) is None
    assert np.isfinite(style_control.fit(overlapping).coefficients).all()


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


def test_maximise_holds_the_others_fixed_and_adds_virtual_ties():
    columns, _ = simulate_votes(43, votes=100)
    votes = build_styled_votes(columns).group_by_pair()
    parameters = np.array([0.3, -0.2, 0, 0.1, 0.4, 0.5, -0.5])
    ties = np.array([0, 0, 1.0, 0, 0, 0, 0])
    style_fit, information, _ = maximize_style_likelihood(votes, parameters, np.array([2]), ties)
    assert np.delete(style_fit, 2).tolist() == np.delete(parameters, 2).tolist()
    design = build_design(columns)
    chance = 1 / (1 + np.exp(-design @ style_fit))
    virtual = 1 / (1 + np.exp(-style_fit[2]))
    assert design[:, 2] @ (columns[2] - chance) + 0.5 - virtual == pytest.approx(0, abs=1e-10)
    expected = design[:, 2] ** 2 @ (chance * (1 - chance)) + virtual * (1 - virtual)
    assert information[2, 2] == pytest.approx(expected)


def test_maximise_solves_landslides_of_many_votes_with_one_upset():
    columns = (np.array([0, 0, 0]), np.array([1, 1, 1]), [1, 0, 1], [[2, 2], [1, 1], [0, 0]])
    style_fit = style_control.fit(build_styled_votes(columns, 2, weight=[10**9, 1, 10**9]))
    lead = style_fit.fit.ratings[0] - style_fit.fit.ratings[1]
    assert lead / 400 * np.log(10) == pytest.approx(np.log(2e9), rel=1e-8)


@pytest.mark.parametrize("start", [0.0, 1e6])
def test_maximise_says_when_there_is_no_maximum_of_strengths(start):
    votes = build_styled_votes(duel((1, 1), (1, 2)), 2).group_by_pair()
    with pytest.raises(NotConverged, match="likelihood"):
        maximize_style_likelihood(votes, np.array([start, 0, 0]), np.array([0]), np.zeros(3))
