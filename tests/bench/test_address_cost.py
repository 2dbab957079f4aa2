"""Tests the simulation of vote rigging from many addresses."""

import pytest

from bench import address_cost as bench
from bench.address_cost import ATTACKERS, build_buckets, build_flat_buckets, count_battles, simulate_attack
from core.http.rate_limit import Bucket

NAMES = [each.name for each in ATTACKERS]
FIRST_HOUR = dict(zip(NAMES, [120, 360, 1260, 36_000, 660, 1260], strict=True))
BEFORE = dict(zip(NAMES, [120, 600, 60_000, 60_000, 153_600, 39_321_600], strict=True))


@pytest.mark.parametrize("attacker", ATTACKERS, ids=NAMES)
def test_limits_let_an_attacker_start_so_many_battles_in_the_first_hour(attacker):
    assert count_battles(build_flat_buckets(attacker.address), attacker.counts, 1) == BEFORE[attacker.name]
    assert count_battles(build_buckets(attacker.address), attacker.counts, 1) == FIRST_HOUR[attacker.name]


def test_battles_are_what_the_narrowest_level_lets_through():
    levels = [Bucket("voter", 10), Bucket("address", 100), Bucket("network", 150)]

    assert count_battles(levels, (1, 1, 1), 1) == 20
    assert count_battles(levels, (1000, 1, 1), 1) == 160
    assert count_battles(levels, (1000, 9, 1), 2) == 360


@pytest.mark.slow
def test_attack_moves_its_target_up_and_more_votes_move_it_further():
    some, many = (simulate_attack(1, bench.RANKS[0], number, vote_everywhere=False) for number in (300, 3000))

    assert 0 < some.target_votes < many.target_votes
    assert 0 < some.elo < many.elo
    assert some.ranks_gained <= many.ranks_gained
    assert many.rank < bench.RANKS[0]
