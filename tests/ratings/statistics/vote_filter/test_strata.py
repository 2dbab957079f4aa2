"""Strata are compared with what lies outside them, and weight is taken exactly from the votes of an attack."""

import numpy as np
import pytest

from ratings.statistics.vote_filter.aims import Aims
from ratings.statistics.vote_filter.removal import Proof, WinRecord, remove_appearances, remove_wins
from ratings.statistics.vote_filter.strata import (
    Reference,
    Stratum,
    Wins,
    compare_wins,
    compute_growth,
    count_appearances,
    find_hits,
    has_testable_wins,
)

MODELS = 4
ALL = np.ones(MODELS, dtype=bool)
NO_AIMS = Aims(*np.zeros((3, MODELS), dtype=bool))
EVEN = np.full((MODELS, MODELS), 0.5)


def build_stratum(votes, wins_of_0=0, seed=0, voters=None):
    """Return even votes on random pairs, and then wins of model 0."""
    rng = np.random.default_rng(seed)
    a = np.append(rng.integers(0, MODELS, votes), np.zeros(wins_of_0, int))
    b = (a + rng.integers(1, MODELS, len(a))) % MODELS
    won = np.append(rng.integers(0, 2, votes).astype(float), np.ones(wins_of_0))
    total = votes + wins_of_0
    voter = np.arange(total) % (voters or total)
    chances = np.full((1, MODELS), 2 / MODELS)
    return Stratum(np.arange(total), a, b, voter, np.zeros(total, int), won, chances, np.ones(total))


def refer_to(*strata):
    score = sum(stratum.sum_scores() for stratum in strata)
    votes = (score + score.T).sum(axis=1)
    return Reference(score, EVEN, np.full(MODELS, 0.01), votes, votes)


def count_scores(stratum, model):
    score = stratum.sum_scores()
    return score[model].sum(), score[:, model].sum()


def test_an_excess_of_appearances_has_a_large_e_value_and_an_even_draw_has_not():
    growth = compute_growth(np.full((1, MODELS), 0.5), np.zeros(MODELS))
    honest, attacked = (count_appearances(build_stratum(2000, extra), growth, np.zeros(MODELS)) for extra in (0, 1000))

    assert honest.log_e.max() < 5
    assert attacked.log_e.argmax() == 0
    assert attacked.log_e[0] > 20
    assert attacked.seen[0] - attacked.expected[0] == pytest.approx(500, abs=80)


@pytest.mark.parametrize(("votes", "voters", "tested"), [(1000, None, True), (1000, 20, False), (9000, None, False)])
def test_wins_are_tested_only_with_many_voters_and_more_votes_outside(votes, voters, tested):
    stratum, rest = build_stratum(votes, voters=voters), build_stratum(3000, seed=1)

    assert compare_wins(stratum, refer_to(stratum, rest)).tested.tolist() == [tested] * MODELS


@pytest.mark.parametrize(("votes", "testable"), [(0, False), (60, False), (200, True)])
def test_wins_are_not_compared_if_no_model_can_have_enough_voters(votes, testable):
    stratum = build_stratum(votes)

    assert has_testable_wins(stratum) == testable
    assert testable or not compare_wins(stratum, refer_to(stratum, build_stratum(3000, seed=1))).tested.any()


def test_wins_are_removed_until_the_score_is_the_expected_one():
    stratum, rest = build_stratum(1000, 200), build_stratum(9000, seed=1)
    reference = refer_to(stratum, rest)
    wins = compare_wins(stratum, reference)
    remove_wins(stratum, 0, wins, NO_AIMS)
    removed = 1200 - stratum.weight.sum()

    assert wins.z[0] > 5
    assert removed == pytest.approx(wins.excess[0] * 2, rel=0.1)
    assert abs(compare_wins(stratum, refer_to(stratum, rest)).excess[0]) < 5


@pytest.mark.parametrize(
    ("excess", "error", "proof", "from_wins"),
    [
        (50.0, np.inf, Proof(), 0.5),  # cannot be tested
        (0.0, 10.0, Proof(), 0.5),  # in proportion, which leaves the share of wins
        (15.0, 10.0, Proof(), 0.5),  # not certain
        (50.0, 10.0, Proof(), 1.0),
        (-50.0, 10.0, Proof(), 0.0),
        (0.0, 500.0, Proof(lifted=True), 1.0),  # shows nothing, so the proven attack explains it
        (0.0, 500.0, Proof(lowered=True), 0.0),
        (0.0, 500.0, Proof(lifted=True, lowered=True), 0.5),
        (0.0, 10.0, Proof(lifted=True), 0.5),  # does not fit: somebody adds honest votes to a small attack
        (-80.0, 10.0, Proof(lifted=True, outside=0.25), 1.0),  # fits: the attack is even stronger outside
        (0.0, 10.0, Proof(lifted=True, outside=0.1), 1.0),  # fits, because the attack is outside as well
    ],
)
def test_excess_appearances_are_taken_from_the_outcome_of_the_attack(excess, error, proof, from_wins):
    stratum = build_stratum(2000)
    before = count_scores(stratum, 0)
    wins = Wins(np.full(MODELS, excess), np.full(MODELS, error), EVEN, np.full(MODELS, np.isfinite(error)))
    remove_appearances(stratum, 0, 100.0, wins, proof, WinRecord(MODELS), NO_AIMS)
    after = count_scores(stratum, 0)

    assert before[0] - after[0] == pytest.approx(100 * from_wins, abs=5)
    assert before[1] - after[1] == pytest.approx(100 * (1 - from_wins), abs=5)


@pytest.mark.parametrize(("excess", "chances"), [(0.0, (0.92, 0.1)), (50.0, (0.97, 1.0))])
def test_all_strata_together_show_whether_a_proven_attack_explains_the_excess(excess, chances):
    record = WinRecord(MODELS)
    wins = Wins(np.full(MODELS, excess), np.full(MODELS, 50.0), EVEN, ALL)
    measured = []
    for _ in range(11):
        remove_appearances(build_stratum(2000), 0, 100.0, wins, Proof(lifted=True), record, NO_AIMS)
        measured.append(record.compute_chance(0))

    assert (measured[0], measured[-1]) == pytest.approx(chances, abs=0.05)


def test_votes_of_voters_who_look_like_the_attack_go_first():
    stratum = build_stratum(2000, 100)
    stratum.voter[2000:] = 5000 + np.arange(100) // 5
    wins = Wins(np.full(MODELS, 50.0), np.ones(MODELS), EVEN, ALL)
    remove_appearances(stratum, 0, 100.0, wins, Proof(), WinRecord(MODELS), NO_AIMS)

    assert stratum.weight[2000:].sum() == 0
    assert stratum.weight[:2000].min() == 1


def test_votes_for_all_models_of_an_attack_tell_who_looks_like_it():
    stratum = build_stratum(2000)
    mixed = Stratum(
        np.arange(2040),
        np.append(stratum.a, np.tile([0, 2], 20)),
        np.append(stratum.b, np.tile([1, 3], 20)),
        np.append(stratum.voter, 5000 + np.arange(40) // 4),
        np.zeros(2040, int),
        np.append(stratum.won, np.tile([1.0, 0.0], 20)),
        stratum.chances,
        np.ones(2040),
    )
    aims = Aims(*np.eye(3, MODELS, dtype=bool)[[0, 2]], np.arange(MODELS) == 3)
    wins = Wins(np.full(MODELS, 50.0), np.ones(MODELS), EVEN, ALL)
    remove_appearances(mixed, 0, 20.0, wins, Proof(), WinRecord(MODELS), aims)

    assert mixed.weight[2000::2].sum() == 0
    assert mixed.weight[2001::2].min() == 1  # not battles of model 0
    assert mixed.weight[:2000].min() == 1


@pytest.mark.parametrize(
    ("appearances", "wins", "models", "hit"),
    [
        (6.0, 0.0, 1, 0),
        (0.0, 5.0, 1, 0),
        (-9.0, 5.0, 1, 0),  # a missing model is no attack
        (4.5, 4.5, 1, 1),  # each alone would not be enough
        (4.5, -4.5, 1, -1),
        (3.3, 3.3, 2, 0),
        (3.3, 3.3, 6, 1),  # together
        (4.2, 0.0, 6, 2),  # without a direction
    ],
)
def test_a_model_is_hit_by_its_appearances_and_wins_together(appearances, wins, models, hit):
    noise = np.random.default_rng(0).normal(size=(2, 50))
    noise[:, :models] = [[appearances], [wins]]

    found = find_hits(*noise, 10_000)
    assert (found.directions + 2 * found.frequent).tolist() == [hit] * models + [0] * (50 - models)
