"""Compiled queries return the same instances as their query sets, for any arguments and in any thread."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import connections

from arena.models import Answer, Battle, Voter
from core.storage.compiled_queries import CompiledQuery
from tests.arena import factories

ANSWERS = CompiledQuery(
    lambda battle, side: Answer.objects.filter(turn__battle=battle, side=side).select_related(
        "turn__battle", "contestant"
    )
)
NEW_VOTERS = CompiledQuery(lambda: Voter.objects.filter(user=None).order_by("created_at"))
SPARSE_BATTLE = CompiledQuery(
    lambda battle: Battle.objects.filter(pk=battle).select_related("vote").only("state", "vote__winner")
)


@pytest.mark.django_db
def test_load_returns_the_instances_of_each_argument(django_assert_num_queries):
    battles = [factories.battle("ready"), factories.battle("ready")]

    with django_assert_num_queries(4):
        answers_by_key = {(battle.pk, side): ANSWERS.load(battle.pk, side) for battle in battles for side in "ab"}

    with django_assert_num_queries(0):
        assert {
            (answer.turn.battle.pk, answer.side, answer.contestant.slug)
            for answers in answers_by_key.values()
            for answer in answers
        } == {(battle.pk, side, getattr(battle, f"contestant_{side}").slug) for battle in battles for side in "ab"}
    assert all(len(answers) == 1 for answers in answers_by_key.values())
    assert ANSWERS.load(uuid4(), "a") == []


@pytest.mark.django_db
def test_load_works_without_arguments_and_keeps_the_order():
    voters = [Voter.objects.create() for _ in range(3)]

    assert NEW_VOTERS.load() == sorted(voters, key=lambda voter: voter.created_at)


@pytest.mark.django_db
def test_load_defers_fields_and_caches_missing_relations(django_assert_num_queries):
    battle = factories.battle("ready")

    (loaded,) = SPARSE_BATTLE.load(battle.pk)

    assert loaded.get_deferred_fields() >= {"standing", "pool_id"}
    assert loaded.state == "ready"
    with django_assert_num_queries(0):
        assert not hasattr(loaded, "vote")


@pytest.mark.django_db(transaction=True)
def test_load_uses_the_connection_of_its_thread():
    battle = factories.battle("ready")
    ANSWERS.load(battle.pk, "a")

    def load(side):
        try:
            return [answer.side for answer in ANSWERS.load(battle.pk, side)]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(load, "abababab")) == [[side] for side in "abababab"]
