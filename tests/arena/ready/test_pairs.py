"""Which pairs are drawn, and for whom."""

from dataclasses import replace
from uuid import uuid4

import pytest

from arena.battles import lifecycle, sharing
from arena.models import Battle, Voter
from arena.ready import judgments, pairs, shipped_pairs
from core.http.errors import RequestError
from tests.arena import factories

pytestmark = pytest.mark.django_db
SHIPPED = set(shipped_pairs.load_pairs())


@pytest.fixture(autouse=True)
def fresh_cache(monkeypatch):
    monkeypatch.setattr(pairs.listed_cache, "seconds", 0)
    pairs.listed_cache.clear()


@pytest.fixture
def listed(me):
    """A published battle that an operator has listed."""
    battle = factories.battle(voter=me)
    lifecycle.cast_vote(battle, "b")
    sharing.share_battle(battle, ["here"], hide_names=True)
    Battle.objects.update(review="listed")
    return battle


def judge(pair_id, voter):
    return judgments.judge_pair(pairs.get_pair(pair_id), voter, "a")


def test_listed_battle_comes_before_the_shipped_pairs(listed):
    voter = Voter.objects.create()
    assert pairs.draw_pair(voter.pk).id == listed.pk
    judge(listed.pk, voter)
    assert pairs.draw_pair(voter.pk).id in SHIPPED


def test_shipped_pairs_are_drawn_among_the_first_ones_in_the_file():
    first = list(shipped_pairs.load_pairs())[: pairs.MAX_SHIPPED_CANDIDATES + 1]
    voter = Voter.objects.create()
    assert {pairs.draw_pair(voter.pk).id for _ in range(80)} == set(first[:-1])
    judge(first[0], voter)
    assert {pairs.draw_pair(voter.pk).id for _ in range(80)} == set(first[1:])


@pytest.mark.parametrize(
    "change",
    [
        {"review": "waiting"},
        {"review": "withdrawn"},
        {"shared_at": None},
        {"hide_names": False},
    ],
)
def test_battle_that_is_not_listed_is_not_drawn(listed, change):
    Battle.objects.update(**change)
    assert pairs.draw_pair(uuid4()).id in SHIPPED


def test_own_battle_and_battle_of_two_turns_are_not_drawn(listed, me):
    assert pairs.draw_pair(me.pk).id in SHIPPED
    factories.turn(listed, number=2, a=factories.FINISHED, b=factories.FINISHED)
    assert pairs.draw_pair(uuid4()).id in SHIPPED


def test_battle_whose_vote_does_not_count_is_not_drawn(me):
    battle = factories.battle(voter=me, mode="side_by_side")
    lifecycle.cast_vote(battle, "b")
    sharing.share_battle(battle, ["here"])
    Battle.objects.update(review="listed")
    assert pairs.draw_pair(uuid4()).id in SHIPPED


def test_no_battle_is_drawn_if_publishing_is_off(listed, settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_sharing="off")
    assert pairs.draw_pair(uuid4()).id in SHIPPED
    with pytest.raises(RequestError):
        pairs.get_pair(listed.pk)


def test_each_pair_is_drawn_until_all_are_judged():
    voter = Voter.objects.create()
    first, *others = SHIPPED
    for pair_id in others:
        judge(pair_id, voter)
    assert pairs.draw_pair(voter.pk).id == first
    assert pairs.draw_pair(voter.pk, skipped=first).id == first
    judge(first, voter)
    assert pairs.draw_pair(voter.pk) is None


def test_skipped_pair_is_not_drawn_while_there_are_others():
    skipped = next(iter(SHIPPED))
    assert skipped not in {pairs.draw_pair(uuid4(), skipped).id for _ in range(60)}


def test_question_of_a_pair_is_found(listed):
    assert pairs.find_prompt(listed.pk) == "Why?"
    assert pairs.find_prompt(next(iter(SHIPPED)))
    assert pairs.find_prompt(uuid4()) == ""
