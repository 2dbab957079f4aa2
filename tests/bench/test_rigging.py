"""Tests the simulated arena and the measurement of attacks."""

import numpy as np
import pytest

from bench.rigging import Record, Row, is_bounded, measure
from bench.rigging_world import BOTH_BAD, TIE, Attack, Simulation, World, draw_honest_sizes

SMALL = World(models=10, votes=4000, days=6.0)


def test_most_voters_cast_few_votes_and_a_few_cast_many():
    sizes = draw_honest_sizes(np.random.default_rng(1), 100_000)

    assert sizes.sum() == 100_000
    assert sizes.mean() == pytest.approx(3.0, abs=0.15)
    assert np.median(sizes) == 2
    assert sizes.max() <= 150
    assert sizes[sizes >= 10].sum() / 100_000 == pytest.approx(0.285, abs=0.03)
    assert sizes[sizes < 5].sum() / 100_000 == pytest.approx(0.48, abs=0.03)


def test_outcomes_of_honest_voters_have_the_usual_shares():
    votes = Simulation(World(), 1).run()
    shares = np.bincount(votes.outcome, minlength=4) / len(votes.outcome)

    assert shares[TIE] == pytest.approx(0.14, abs=0.01)
    assert shares[BOTH_BAD] == pytest.approx(0.08, abs=0.01)
    assert (np.diff(votes.time) >= 0).all()


@pytest.mark.parametrize("adaptive", [False, True])
def test_each_vote_names_the_table_of_its_draw(adaptive):
    world = World(models=8, newcomers=2, votes=3000, days=6.0, adaptive=adaptive, renewed_after=500)
    simulation = Simulation(world, 2)
    votes = simulation.run(Attack(votes=200, size=5), target=9)

    assert votes.shares.sum(axis=1) == pytest.approx(np.full(len(votes.shares), 2))
    assert votes.rigged.sum() == 200
    assert len(votes.shares) == (9 if adaptive else 3)
    assert (votes.shares[votes.draw, votes.a] > 0).all()
    assert ((votes.a == 9) | (votes.b == 9))[votes.rigged].all()
    assert votes.time[(votes.a == 9) | (votes.b == 9)].min() >= simulation.joined[9]


@pytest.mark.parametrize(("companions", "targets"), [(0, {9}), (2, {9, 0, 1})])
def test_an_attack_lifts_its_target_and_the_companions(companions, targets):
    votes = Simulation(SMALL, 2).run(Attack(votes=300, companions=companions), target=9)
    winner = np.where(votes.outcome == 0, votes.a, votes.b)[votes.rigged]

    assert set(winner.tolist()) == targets


def test_decoys_vote_honestly_in_the_battles_of_the_target():
    attacks = (Attack(votes=1000, size=5, decoys=share) for share in (0, 0.5, 1))
    votes = [Simulation(SMALL, 2).run(attack, target=9) for attack in attacks]
    wins = [((v.outcome == 0) & (v.a == 9) | (v.outcome == 1) & (v.b == 9))[v.rigged].mean() for v in votes]

    assert all(((v.a == 9) | (v.b == 9))[v.rigged].all() for v in votes)
    assert wins[0] == 1
    assert wins[1] == pytest.approx((1 + wins[2]) / 2, abs=0.05)


def test_an_attack_moves_its_target_and_the_filter_takes_it_back():
    run = measure(SMALL, Attack(votes=200, size=20), seed=1, rank=5)

    assert run.elo[0] > 4 * run.elo[1]
    assert run.kept <= 10  # one account of ten is in the open epoch
    assert run.lost < 2


def test_honest_votes_beside_a_small_attack_do_not_turn_the_filter_against_its_target():
    world = World(models=20, votes=20_000, days=10.0)
    run = measure(world, Attack(votes=360, size=5, decoys=5 / 6), seed=1, rank=10)

    assert is_bounded(run)
    assert run.lost < 0.5


def test_a_table_goes_on_after_the_runs_that_are_recorded(tmp_path):
    path = tmp_path / "runs.jsonl"
    row = Row("an attack", SMALL, Attack(votes=200), (5,))
    first = Record(path).run(row, range(1, 2))
    again = Record(path)

    assert list(again.runs) == [("an attack", 1, 5)]
    assert [(*run.ranks,) for run in again.run(row, range(1, 3))][:1] == [first[0].ranks]
    assert len(path.read_text().splitlines()) == 2
