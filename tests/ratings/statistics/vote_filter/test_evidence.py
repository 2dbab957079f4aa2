"""The e-value of an honest voter is small, whatever their habits, and its mixture is one."""

import numpy as np
import pytest

from ratings.statistics.vote_filter import evidence
from ratings.statistics.vote_filter.expectations import Expectations, estimate_completion

EXPECTED = Expectations(np.zeros(4), np.ones(4, bool), 0.14, 0.08, np.ones(4), np.zeros(4))


def test_the_four_outcomes_have_the_chance_1_under_each_honest_type():
    outcome = np.arange(4)
    logs = evidence.compute_log_chances(np.full(4, 0.3), outcome, EXPECTED)
    winners, kinds = logs[:, evidence.WINNERS], logs[:, evidence.KINDS]

    # The winner's likelihood of a tie is 1, so the sum over both halves is that of the kinds times that of the winners.
    for winner, kind in ((0, 0), (7, 3), (-1, -1)):
        assert np.exp(winners[:, winner] + kinds[:, kind]).sum() == pytest.approx(1)
    assert np.exp(logs[:, evidence.CONSTANT]).sum(axis=0) == pytest.approx(np.ones(4))


@pytest.mark.parametrize("proven", [[], [2], [0, 5]])
def test_the_weights_of_targets_add_up_to_their_share(proven):
    flags = np.zeros(8, dtype=bool)
    flags[proven] = True

    weights = np.exp(evidence._weight_aims(flags))
    of_all_together = evidence._PROVEN_SHARE * 0.8 if proven else 0
    assert weights.sum() + of_all_together == pytest.approx(0.8)
    assert sum(evidence.FOCUS.values()) == pytest.approx(1)


def test_completion_is_found_and_shrunk_to_1():
    shares = np.full((1, 10), 0.2)
    completion = np.where(np.arange(10) == 3, 1.5, 1.0)
    seen = 2 * 5000 * completion / completion.sum()
    found, error = estimate_completion(seen, np.array([5000.0]), shares)

    assert found[3] / found[0] == pytest.approx(1.5, rel=0.45)
    assert found[3] > 1.02
    assert error.max() < 0.15
    assert estimate_completion(np.zeros(10), np.zeros(1), shares)[0] == pytest.approx(np.ones(10))
