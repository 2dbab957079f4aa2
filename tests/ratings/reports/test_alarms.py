"""Alarms from stored votes: which votes are read, and what an alarm says."""

from datetime import timedelta
from itertools import combinations
from uuid import UUID

import numpy as np
import pytest
from django.utils import timezone

from arena.models import LIVE_POOL, Battle, DrawTable, Vote, Voter
from ratings.models import VoteWeight
from ratings.reports import alarms
from tests import factories

pytestmark = pytest.mark.django_db
MODELS = 8
PAIRS = list(combinations(range(MODELS), 2))
HOME, HALL = "a" * 64, "b" * 64


@pytest.fixture
def models():
    return factories.contestants(MODELS)


def cast_votes(models, number, *, voters, network="", hours=1.0, with_model=None, **fields):
    """Cast votes of these voters in turn, each on the next pair, or on the next pair with one model."""
    table, _ = DrawTable.objects.get_or_create(
        id=1, defaults={"pool_id": LIVE_POOL, "keys": [model.pk for model in models], "shares": [2 / MODELS] * MODELS}
    )
    pairs = [pair for pair in PAIRS if with_model is None or with_model in pair]
    pairs = [pairs[position % len(pairs)] for position in np.random.default_rng(0).permutation(number)]
    at = timezone.now() - timedelta(hours=hours)
    people = [Voter.objects.get_or_create(id=UUID(int=key))[0] for key in voters]
    battles = Battle.objects.bulk_create(
        Battle(
            pool_id=LIVE_POOL,
            voter=people[index % len(people)],
            contestant_a=models[a],
            contestant_b=models[b],
            propensity=1 / len(PAIRS),
            network=network or f"{index % 5:064}",
            created_at=at,
        )
        for index, (a, b) in enumerate(pairs)
    )
    return Vote.objects.bulk_create(
        Vote(
            pool_id=LIVE_POOL,
            battle=battle,
            contestant_a=battle.contestant_a,
            contestant_b=battle.contestant_b,
            winner="a",
            voter=battle.voter_id,
            network=battle.network,
            created_at=at,
            **({"draw_table": table} | fields),
        )
        for battle in battles
    )


@pytest.fixture
def honest(models):
    """Votes of two days. Half of the voters of the last day are new."""
    cast_votes(models, 100, voters=range(1, 21), hours=40)
    return cast_votes(models, 400, voters=range(1, 41))


def test_votes_that_follow_the_draw_raise_no_alarm(honest):
    assert alarms.find_alarms() == []


def test_new_voters_and_network_are_named_by_an_example(models, honest):
    votes = cast_votes(models, 150, voters=[900, 901, 900], network=HOME, with_model=3)

    Battle.objects.filter(network=HOME).delete()  # which people can do right after the vote
    new, network = alarms.find_alarms()

    assert {new.model, network.model} == {models[3].name}
    assert (new.voter, new.vote, new.votes) == (UUID(int=900), None, 350)
    assert (network.voter, network.vote, network.votes) == (None, votes[-1].pk, 150)
    assert (network.observed, network.expected) == (150, pytest.approx(150 / 4))
    assert timezone.now() - network.since < timedelta(days=1, minutes=1)


@pytest.mark.parametrize(
    "fields", [{"hours": 25}, {"counted": False}, {"draw_table": None}], ids=["yesterday", "not counted", "not drawn"]
)
def test_other_votes_are_not_read(models, honest, fields):
    cast_votes(models, 150, voters=[900], network=HOME, with_model=3, **({"hours": 1} | fields))

    assert alarms.find_alarms() == []


def test_older_voter_raises_no_alarm_about_new_ones(models, honest):
    cast_votes(models, 1, voters=[900], hours=30)
    cast_votes(models, 150, voters=[900], network=HALL, with_model=3)

    [alarm] = alarms.find_alarms()
    assert alarm.voter is None


def test_alarm_ends_when_its_votes_are_excluded(models, honest):
    votes = cast_votes(models, 150, voters=[900], network=HOME, with_model=3)
    VoteWeight.objects.bulk_create(VoteWeight(vote=vote, excluded=True) for vote in votes)

    assert alarms.find_alarms() == []
