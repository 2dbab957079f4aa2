"""Outcomes of each model's blind battles."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from arena.models import Battle
from ratings.pipeline import battle_outcomes
from tests import factories
from tests.arena import factories as arena
from tests.arena.factories import FINISHED

pytestmark = pytest.mark.django_db
REFUSED = {"state": "failed", "failure": "refused", "attempt": 1}
LATE = {"state": "failed", "failure": "timeout", "attempt": 1}


@pytest.fixture
def models():
    return {slug: factories.model(slug) for slug in "xyz"}


def build_replacement(model, reason="empty", side="a"):
    return {"side": side, "model": model.pk, "reason": reason, "propensity": 0.5}


def count(models, pool="live"):
    return battle_outcomes.count_outcomes(pool, {model.pk: slug for slug, model in models.items()})


def test_count_tells_how_often_a_model_was_drawn_replaced_and_why(models):
    x, y, z = models.values()
    arena.battle("voted", model_a=x, model_b=y)
    arena.battle("skipped", model_a=y, model_b=x, replaced=[build_replacement(z), build_replacement(z, "timeout", "b")])
    arena.battle("expired", model_a=y, model_b=x, replaced=[build_replacement(z)])

    assert count(models) == {
        "x": {"drawn": 3, "replaced": {}, "refused": 0, "void": 0, "one_sided": 0},
        "y": {"drawn": 3, "replaced": {}, "refused": 0, "void": 0, "one_sided": 0},
        "z": {"drawn": 3, "replaced": {"empty": 2, "timeout": 1}, "refused": 0, "void": 0, "one_sided": 0},
    }


@pytest.mark.parametrize(
    ("a", "second", "refused", "void"),
    [
        (FINISHED, FINISHED, 0, 0),
        (REFUSED, None, 1, 1),
        (LATE, None, 0, 1),
        (FINISHED, REFUSED, 1, 0),
        (FINISHED, LATE, 0, 0),
        ({**LATE, "failure": "stopped"}, None, 0, 0),
        ({**LATE, "failure": "busy"}, None, 0, 0),
    ],
)
def test_count_tells_what_a_model_refused_and_left_void(models, a, second, refused, void):
    battle = arena.battle("expired", model_a=models["x"], model_b=models["y"], a=a)
    if second:
        arena.turn(battle, 2, a=second, b=FINISHED)

    outcomes = count(models)

    assert outcomes["x"] == {"drawn": 1, "replaced": {}, "refused": refused, "void": void, "one_sided": 0}
    assert (outcomes["y"]["refused"], outcomes["y"]["void"]) == (0, 0)


@pytest.mark.parametrize("fields", [{"state": "void"}, {"state": "ready"}, {"mode": "side_by_side"}, {"pool": "api"}])
def test_count_leaves_out_what_is_open_or_of_another_pool(models, fields):
    fields = {"state": "voted", "model_a": models["x"], "model_b": models["y"], **fields}
    arena.battle(a=LATE, replaced=[build_replacement(models["z"])], **fields)

    assert count(models) == {}


def test_count_takes_three_failures_of_one_voter_a_day_at_most(models):
    x, y, z = models.values()
    voter = factories.voter()
    for _ in range(5):
        arena.battle("expired", model_a=x, model_b=y, a=REFUSED, voter=voter, replaced=[build_replacement(z, side="b")])
    arena.battle("expired", model_a=x, model_b=y, a=REFUSED, replaced=[build_replacement(z, side="b")])

    outcomes = count(models)
    assert outcomes["x"] == {"drawn": 6, "replaced": {}, "refused": 4, "void": 4, "one_sided": 0}
    assert outcomes["z"] == {"drawn": 6, "replaced": {"empty": 4}, "refused": 0, "void": 0, "one_sided": 0}

    first = Battle.objects.filter(voter=voter).first()
    Battle.objects.filter(pk=first.pk).update(created_at=Now() - timedelta(days=2))
    assert count(models)["x"]["refused"] == 5


@pytest.mark.parametrize(
    ("networks", "limit", "expected"),
    [
        (["x"] * 15, 300, 12),
        (["x"] * 3 + ["y"] * 14, 300, 3 + 12),
        ([""] * 15, 300, 15),
        (["x"] * 15, 0, 15),
    ],
    ids=["one network", "two networks", "unknown networks", "addresses without limits"],
)
def test_count_takes_twelve_failures_of_one_network_a_day_at_most(models, settings, networks, limit, expected):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_battles_per_hour_address=limit)
    x, y, z = models.values()
    for network in networks:
        arena.battle(
            "expired", model_a=x, model_b=y, a=REFUSED, network=network, replaced=[build_replacement(z, side="b")]
        )

    outcomes = count(models)

    drawn = len(networks)
    assert outcomes["x"] == {"drawn": drawn, "replaced": {}, "refused": expected, "void": expected, "one_sided": 0}
    assert outcomes["z"] == {"drawn": drawn, "replaced": {"empty": expected}, "refused": 0, "void": 0, "one_sided": 0}


def test_count_bounds_a_network_for_each_day(models, settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_battles_per_hour_address=300)
    for _ in range(13):
        arena.battle("expired", model_a=models["x"], model_b=models["y"], a=REFUSED, network="x")
    first = Battle.objects.first()
    Battle.objects.filter(pk=first.pk).update(created_at=Now() - timedelta(days=2))

    assert count(models)["x"]["refused"] == 13


def test_count_takes_three_failures_of_one_voter_from_however_many_networks(models, settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_battles_per_hour_address=300)
    voter = factories.voter()
    for network in "abcde":
        arena.battle("expired", model_a=models["x"], model_b=models["y"], a=REFUSED, voter=voter, network=network)

    assert count(models)["x"]["refused"] == 3


def test_read_puts_the_most_failures_for_their_battles_first(models):
    stored = {
        "x": {"drawn": 100, "replaced": {"empty": 1, "timeout": 3}, "refused": 0, "void": 1, "one_sided": 0},
        "y": {"drawn": 10, "replaced": {}, "refused": 2, "void": 2, "one_sided": 3},
        "gone": {"drawn": 1, "replaced": {}, "refused": 0, "void": 1, "one_sided": 0},
    }

    y, x = battle_outcomes.parse_outcomes(stored, models)

    assert (y.slug, y.name, y.drawn, y.replaced, y.refused, y.void, y.one_sided) == ("y", "Y", 10, [], 2, 2, 3)
    assert [(each.reason, str(each.words), each.battles) for each in x.replaced] == [
        ("timeout", "timeout", 3),
        ("empty", "empty answer", 1),
    ]
    assert x.times_replaced == 4
