"""Votes serve the aims of an attack, work against them, or have nothing to do with them."""

import numpy as np
import pytest

from ratings.statistics.vote_filter.aims import Aims

LIFTED, ALSO_LIFTED, LOWERED, FREQUENT, OTHER = range(5)
AIMS = Aims(*(np.isin(np.arange(5), models) for models in ([LIFTED, ALSO_LIFTED], [LOWERED], [FREQUENT])))


@pytest.mark.parametrize(
    ("a", "b", "won", "met", "gain"),
    [
        (LIFTED, OTHER, 1.0, True, 1),
        (OTHER, LIFTED, 1.0, True, -1),
        (LIFTED, OTHER, 0.5, True, -1),
        (OTHER, LOWERED, 1.0, True, 1),
        (LOWERED, LIFTED, 0.0, True, 2),
        (LIFTED, ALSO_LIFTED, 1.0, True, None),
        (FREQUENT, OTHER, 0.0, True, None),
        (FREQUENT, LOWERED, 0.0, True, -1),
    ],
)
def test_gain_of_a_vote(a, b, won, met, gain):
    found_met, found = AIMS.find_gains(np.array([a]), np.array([b]), np.array([won]))

    assert found_met.tolist() == [met]
    assert found.tolist() == pytest.approx([np.nan if gain is None else gain], nan_ok=True)


def test_without_aims_no_vote_has_any():
    met, gain = Aims(*np.zeros((3, 5), dtype=bool)).find_gains(np.array([0, 1]), np.array([1, 4]), np.array([1.0, 0.5]))

    assert not met.any()
    assert np.isnan(gain).all()
