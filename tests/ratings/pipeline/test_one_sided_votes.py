"""Counts of votes where a question made only one model fail."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from arena.battles import lifecycle
from ratings.pipeline import battle_outcomes
from tests import factories
from tests.arena import factories as arena
from tests.arena.factories import FAILED, FINISHED

pytestmark = pytest.mark.django_db
REFUSED = {**FAILED, "failure": "refused"}


@pytest.fixture
def pair():
    return {"model_a": factories.model("x"), "model_b": factories.model("y")}


def count(pool, age=timedelta()):
    return battle_outcomes.count_one_sided_votes(pool, timezone.now() - age)


def cast_vote(pair, a=FINISHED, b=FINISHED, **fields):
    battle = arena.battle(**pair, **fields)
    arena.turn(battle, 2, a=a, b=b)
    return lifecycle.cast_vote(battle, "tie")


def test_count_names_the_model_that_a_question_made_fail(pair):
    cast_vote(pair, b=REFUSED)
    cast_vote(pair, a={**FAILED, "failure": "too_long"})
    cast_vote(pair, a=REFUSED)
    cast_vote(pair, a=FAILED)
    cast_vote(pair)
    cast_vote(pair, a=REFUSED, pool="api")

    assert count("live") == {pair["model_a"].pk: 2, pair["model_b"].pk: 1}
    assert count("api") == {pair["model_a"].pk: 1}


def test_count_knows_a_model_that_was_asked_again_and_counts_it_once(pair):
    cast_vote(pair, one_sided="b")
    cast_vote(pair, one_sided="b", b=REFUSED)

    assert count("live") == {pair["model_b"].pk: 2}


def test_count_takes_three_of_one_voter_a_day_at_most(pair):
    voter = factories.voter()
    for number in range(5):
        cast_vote(pair, a=REFUSED, voter=voter, prompt=f"Why {number}?")
    cast_vote(pair, a=REFUSED)

    assert count("live") == {pair["model_a"].pk: 4}


@pytest.mark.parametrize(("limit", "expected"), [(300, 12 + 1), (0, 14 + 1)])
def test_count_takes_twelve_of_one_network_a_day_at_most(pair, settings, limit, expected):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_battles_per_hour_address=limit)
    for number in range(14):
        cast_vote(pair, a=REFUSED, network="x", prompt=f"Why {number}?")
    cast_vote(pair, a=REFUSED)

    assert count("live") == {pair["model_a"].pk: expected}


def test_count_leaves_out_votes_that_are_too_young(pair):
    cast_vote(pair, a=REFUSED)

    assert count("live", timedelta(hours=24)) == {}
