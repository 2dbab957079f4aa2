"""How often a question made a model fail alone."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from arena.battles import lifecycle
from ratings.pipeline import one_sided_votes
from tests import factories
from tests.arena import factories as arena
from tests.arena.factories import FAILED, FINISHED

pytestmark = pytest.mark.django_db
REFUSED = {**FAILED, "failure": "refused"}


@pytest.fixture
def pair():
    return {"model_a": factories.model("x"), "model_b": factories.model("y")}


def counted(pool, age=timedelta()):
    return one_sided_votes.count_one_sided_votes(pool, timezone.now() - age)


def judged(pair, a=FINISHED, b=FINISHED, **fields):
    battle = arena.battle(**pair, **fields)
    arena.turn(battle, 2, a=a, b=b)
    return lifecycle.cast_vote(battle, "tie")


def test_count_names_the_model_that_a_question_made_fail(pair):
    judged(pair, b=REFUSED)
    judged(pair, a={**FAILED, "failure": "too_long"})
    judged(pair, a=REFUSED)
    judged(pair, a=FAILED)
    judged(pair)
    judged(pair, a=REFUSED, pool="api")

    assert counted("live") == {pair["model_a"].pk: 2, pair["model_b"].pk: 1}
    assert counted("api") == {pair["model_a"].pk: 1}


def test_count_knows_a_model_that_was_asked_again_and_counts_it_once(pair):
    judged(pair, one_sided="b")
    judged(pair, one_sided="b", b=REFUSED)

    assert counted("live") == {pair["model_b"].pk: 2}


def test_count_takes_three_of_one_voter_a_day_at_most(pair):
    voter = factories.voter()
    for number in range(5):
        judged(pair, a=REFUSED, voter=voter, prompt=f"Why {number}?")
    judged(pair, a=REFUSED)

    assert counted("live") == {pair["model_a"].pk: 4}


@pytest.mark.parametrize(("limit", "expected"), [(300, 12 + 1), (0, 14 + 1)])
def test_count_takes_twelve_of_one_network_a_day_at_most(pair, settings, limit, expected):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_battles_per_hour_address=limit)
    for number in range(14):
        judged(pair, a=REFUSED, network="x", prompt=f"Why {number}?")
    judged(pair, a=REFUSED)

    assert counted("live") == {pair["model_a"].pk: expected}


def test_count_leaves_out_votes_that_are_too_young(pair):
    judged(pair, a=REFUSED)

    assert counted("live", timedelta(hours=24)) == {}
