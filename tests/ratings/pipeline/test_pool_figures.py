"""Figures of the method page."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from arena.models import Battle, Vote
from ratings.models import PoolFigures
from ratings.pipeline import board_refresh, pool_figures
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_pause(at_once, monkeypatch):
    """A round of figures does not wait for the previous one."""
    monkeypatch.setattr(pool_figures, "PAUSE_FACTOR", 0)


def update_figures(pool="live"):
    pool_figures.update_pool_figures()
    return PoolFigures.objects.get(pool__slug=pool).figures


def three():
    x, y, z = (factories.contestant(slug) for slug in "xyz")
    factories.cast(x, y, "a", multiplicity=3)
    factories.cast(y, x, "a")
    factories.cast(y, z, "b")
    factories.cast(z, x, "tie")
    factories.cast(z, x, "both_bad")
    factories.cast(x, y, "a", counted=False, created_at=factories.LONG_AGO, reason="identity_leak")
    factories.cast(x, z, "b", counted=False, created_at=factories.LONG_AGO, reason="stopped", multiplicity=2)
    factories.cast(x, y, pool=factories.pool("elsewhere").slug)
    board_refresh.refresh()
    return x, y, z


def test_votes_are_counted_by_outcome_reason_and_model():
    three()
    figures = update_figures()
    assert figures["outcomes"] == {"a": 4, "b": 1, "tie": 1, "both_bad": 1}
    assert figures["reasons"] == {"identity_leak": 1, "stopped": 2}
    assert figures["models"] == {
        "x": {"counted": 6, "reasons": {"identity_leak": 1, "stopped": 2}},
        "y": {"counted": 5, "reasons": {"identity_leak": 1}},
        "z": {"counted": 3, "reasons": {"stopped": 2}},
    }


def test_vote_that_does_not_count_is_told_of_after_a_day_alone():
    """Otherwise a voter could see within a minute that their vote did not count, for which reason and model."""
    x, y = factories.contestants(2)
    factories.pool()
    factories.vote(x, y, counted=False, reason="identity_leak")
    figures = update_figures()
    assert (figures["reasons"], figures["models"]) == ({}, {})

    factories.let_votes_change()
    Vote.objects.update(created_at=now() - timedelta(hours=25))
    assert update_figures()["reasons"] == {"identity_leak": 1}


def test_blind_battles_are_counted_by_state_and_replacements_where_they_are_judged():
    x, y = factories.contestants(2)
    replaced = [{"side": "a", "model": 1, "reason": "timeout", "propensity": 0.5}]
    for state, swapped, number in (("voted", True, 2), ("voted", False, 3), ("skipped", True, 1), ("void", True, 1)):
        for _ in range(number):
            factories.battle(x, y, state=state, replaced=replaced if swapped else [])
    factories.battle(x, y, state="voted", mode=Battle.Mode.SIDE_BY_SIDE)
    factories.battle(x, y, state="voted", among=[x.pk, y.pk])
    factories.pool()
    assert update_figures()["battles"] == {"voted": 5, "skipped": 1, "void": 1, "replaced": 3}


def test_chances_are_those_of_the_next_draw():
    for model in three():
        factories.endpoint(model)
    factories.cast(factories.contestant("x"), factories.contestant("y"))
    board_refresh.refresh()
    chances = update_figures()["chances"]
    assert chances["pairs"] == 3
    assert sum(chances["models"].values()) == pytest.approx(2)
    assert 0.1 / 3 <= chances["least"] <= 1 / 3 <= chances["most"]


def test_a_long_round_is_not_followed_at_once(monkeypatch):
    x, y, _ = three()
    monkeypatch.setattr(pool_figures, "PAUSE_FACTOR", 1_000_000)
    before = update_figures()
    factories.cast(x, y)
    assert update_figures() == before
