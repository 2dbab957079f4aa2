import numpy as np
import pytest

from ratings.statistics.likelihood import (
    NotConverged,
    compute_chances,
    maximize_likelihood,
)


def test_chances_are_precise_in_both_tails():
    p, q = compute_chances(np.array([0.0, 40.0, -40.0, 900.0]), np.array([0.0]))
    assert p[:3, 0] == pytest.approx([0.5, 1, np.exp(-40)], rel=1e-14)
    assert q[:3, 0] == pytest.approx([0.5, np.exp(-40), 1], rel=1e-14)
    assert (p[3, 0], q[3, 0]) == (1, pytest.approx(0, abs=1e-300))


@pytest.mark.parametrize("start", [0.0, 12.0, -30.0])
def test_maximise_reaches_the_maximum_from_any_start(start):
    theta, _ = maximize_likelihood(np.array([[0.0, 3.0]]), np.array([[0.0, 1.0]]), np.array([start, 0.0]))
    assert theta[0] == pytest.approx(np.log(3), abs=1e-12)


def test_maximise_solves_a_ring_of_landslides_with_one_upset():
    score = np.zeros((4, 4))
    score[[0, 1, 2], [1, 2, 3]] = 1e9
    score[3, 0] = 1
    theta, _ = maximize_likelihood(score[:-1], score.T[:-1], np.zeros(4))
    assert -np.diff(theta) == pytest.approx([np.log(1e9)] * 3, rel=1e-8)


@pytest.mark.parametrize("start", [0.0, 1e6])
def test_maximise_says_when_there_is_no_maximum(start):
    with pytest.raises(NotConverged, match="likelihood"):
        maximize_likelihood(np.array([[0.0, 3.0]]), np.array([[0.0, 0.0]]), np.array([start, 0.0]))
