"""The simulated hour of rigging: when the filter runs, and the weight of new accounts."""

import numpy as np
import pytest

from bench.address_attack import FILTER_TIME, HOUR, LateAttack, compute_weights_at, list_moments
from bench.rigging_world import Attack, World

WORLD = World(models=8, votes=3000, days=20.0)


def simulate(votes):
    simulation = LateAttack(WORLD, 0)
    target = simulation.get_model_at(4)
    return simulation.run(Attack(votes=votes, size=1, scope="all", days=HOUR), target), simulation.get_begin(target)


@pytest.mark.parametrize(("rigged", "run_after"), [(300, FILTER_TIME), (2100, 0.5 + HOUR)])
def test_filter_runs_at_the_end_of_the_hour_only_if_an_epoch_is_full(rigged, run_after):
    votes, begin = simulate(rigged)
    (end, none), (same_end, run), *_ = list_moments(votes, begin + HOUR)

    assert (end, none) == (same_end, None)
    assert run == pytest.approx(np.floor(begin) + run_after)


def test_new_accounts_weigh_together_no_more_than_the_hourly_limit():
    votes, begin = simulate(300)
    weight = compute_weights_at(votes, np.ceil(begin) + FILTER_TIME, networks=1)
    in_hour = (votes.time >= begin) & (votes.time < begin + HOUR)

    assert votes.rigged[in_hour].sum() >= 299
    assert weight[in_hour].sum() <= 60 + 10
    assert weight[votes.time < begin - 1].mean() > 0.99
