"""Inserts with SQL that is built once, compared with those of Django."""

import pytest
from django.forms.models import model_to_dict

from arena.models import Answer, Turn, Vote
from core.storage.compiled_inserts import insert
from ratings.models import Outbox
from tests.arena import factories

pytestmark = pytest.mark.django_db


def build_vote(**fields):
    battle = factories.battle("ready")
    return Vote(
        battle=battle, pool=battle.pool, model_a_id=battle.model_a_id, model_b_id=battle.model_b_id, winner="a",
        voter=battle.voter_id, categories=["code", "überall"], features=[0.5, -1.0], counted=True, **fields,
    )  # fmt: skip


def test_instance_is_stored_as_django_would_store_it():
    inserted, saved = build_vote(turns=2), build_vote(turns=2)

    insert(inserted)
    saved.save()

    excluded = ["id", "created_at", "battle", "voter", "model_a", "model_b"]
    stored = Vote.objects.get(pk=inserted.pk)
    assert model_to_dict(stored, exclude=excluded) == model_to_dict(saved, exclude=excluded)
    assert (stored.battle_id, stored.voter) == (inserted.battle_id, inserted.voter)


def test_instance_gets_the_values_that_the_database_sets():
    vote = build_vote()

    insert(vote)

    stored = Vote.objects.get()
    assert (vote.pk, vote.created_at) == (stored.pk, stored.created_at)
    assert not vote._state.adding
    vote.comment = "Changed"
    vote.save(update_fields=["comment"])
    assert Vote.objects.get().comment == "Changed"


def test_several_instances_are_stored_in_one_statement(django_assert_num_queries):
    turn = Turn.objects.create(battle=factories.battle("answering"), number=2, prompt="Why?")
    answers = [Answer(turn=turn, side=side, model_id=turn.battle.model_a_id) for side in "ab"]

    with django_assert_num_queries(1):
        insert(*answers)

    assert [answer.pk for answer in answers] == list(turn.answers.order_by("side").values_list("pk", flat=True))


def test_value_given_for_a_field_with_a_default_of_the_database_is_kept():
    vote = build_vote()
    vote.created_at = factories.battle("ready").created_at.replace(year=2020)

    insert(vote)

    assert Vote.objects.get().created_at.year == 2020


def test_instance_whose_key_is_another_row_needs_no_generated_key():
    vote = build_vote()
    insert(vote)

    insert(Outbox(vote=vote))

    assert Outbox.objects.get().vote == vote
