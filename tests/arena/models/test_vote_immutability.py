"""A vote cannot be changed, not even by SQL."""

import json
from contextlib import nullcontext
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from psycopg import sql

from arena.models import API_POOL, Vote
from tests import factories

pytestmark = pytest.mark.django_db
OTHER = str(uuid4())
REFUSED = {
    "winner": "b",
    "multiplicity": 2,
    "pool_id": API_POOL,
    "contestant_a_id": 1_000_000_000,
    "source": "import",
    "counted": False,
    "reason": "identity_leak",
    "categories": ["coding"],
    "features": [1.0] * 8,
    "propensity": 0.25,
    "draw_table_id": 7,
    "turns": 2,
    "created_at": "2020-01-01",
    "record_key": OTHER,
    "voter": None,
    "voter_kind": "judge",
    "item": OTHER,
    "prompt_hash": "another",
    "network": "another",
    "battle_id": OTHER,
    "file_id": 1,
    "id": -1,
}
ALLOWED = {
    "reasons": {"a": ["useful"]},
    "comment": "Good.",
    "voter": OTHER,
    "prompt_hash": "",
    "network": "",
    "battle_id": None,
    "published": True,
}


@pytest.fixture
def vote():
    battle = factories.battle(state="voted")
    return factories.vote(
        battle.contestant_a,
        battle.contestant_b,
        battle=battle,
        voter=battle.voter_id,
        prompt_hash="hash",
        network="a",
        propensity=0.5,
    )


def change(vote, column, value):
    """Change a column by SQL, as anyone with access to the database could."""
    value = json.dumps(value) if isinstance(value, dict) else value
    with transaction.atomic(), connection.cursor() as cursor:
        statement = sql.SQL("UPDATE arena_vote SET {} = %s WHERE id = %s").format(sql.Identifier(column))
        cursor.execute(statement, [value, vote.pk])


def delete(vote):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM arena_vote WHERE id = %s", [vote.pk])


@pytest.fixture
def without_trigger(vote):
    factories.let_votes_change()


@pytest.mark.parametrize("column", REFUSED)
def test_vote_stays_as_it_was_cast(vote, column):
    before = Vote.objects.values().get(pk=vote.pk)
    with pytest.raises(IntegrityError, match="stays as it was cast"):
        change(vote, column, REFUSED[column])
    assert Vote.objects.values().get(pk=vote.pk) == before


def test_that_a_battle_was_published_is_not_taken_back(vote):
    change(vote, "published", True)
    with pytest.raises(IntegrityError, match="stays as it was cast"):
        change(vote, "published", False)


def test_item_may_be_taken_back_but_not_exchanged():
    vote = factories.vote(*factories.models(2), item=uuid4())
    with pytest.raises(IntegrityError, match="stays as it was cast"):
        change(vote, "item", OTHER)
    change(vote, "item", None)
    assert Vote.objects.get().item is None


@pytest.mark.parametrize(
    ("first", "second", "constraint"),
    [
        ({"item": OTHER, "voter": OTHER}, {"item": OTHER, "voter": OTHER}, "vote_item_once"),
        ({}, {"item": OTHER, "voter": OTHER, "multiplicity": 2}, "vote_item_single"),
        ({}, {"voter_kind": "cat"}, "vote_voter_kind"),
        ({}, {"source": "cat"}, "vote_source"),
        ({}, {"winner": "c"}, "vote_winner"),
        ({"item": OTHER}, {"item": OTHER}, None),
        ({"voter": OTHER}, {"voter": OTHER}, None),
        ({"item": OTHER, "voter": OTHER}, {"item": OTHER, "voter": str(uuid4())}, None),
        ({}, {"item": OTHER, "multiplicity": 2}, None),
        ({}, {"voter": OTHER, "multiplicity": 2, "source": "evaluation"}, None),
    ],
)
def test_voter_judges_an_item_once_and_by_itself(first, second, constraint):
    models = factories.models(2)
    factories.vote(*models, **first)
    expected = pytest.raises(IntegrityError, match=constraint) if constraint else nullcontext()
    with expected:
        factories.vote(*models, **second)


def test_vote_is_never_deleted(vote):
    with pytest.raises(IntegrityError, match="votes are never deleted"):
        delete(vote)
    with pytest.raises(IntegrityError, match="votes are never deleted"), transaction.atomic():
        Vote.objects.all().delete()
    assert Vote.objects.filter(pk=vote.pk).exists()


def test_every_column_of_a_vote_is_either_free_or_fixed():
    assert {field.column for field in Vote._meta.concrete_fields} - REFUSED.keys() - ALLOWED.keys() == {
        "contestant_b_id"
    }


@pytest.mark.parametrize("column", ALLOWED)
def test_what_voters_may_take_back_is_let_through(vote, column):
    change(vote, column, ALLOWED[column])
    after = Vote.objects.values().get(pk=vote.pk)[column]
    assert (str(after) if column == "voter" else after) == ALLOWED[column]


@pytest.mark.parametrize("column", ["winner", "multiplicity", "counted", "created_at"])
def test_without_the_trigger_a_vote_would_change(vote, without_trigger, column):
    change(vote, column, REFUSED[column])
    assert str(Vote.objects.values().get(pk=vote.pk)[column]).startswith(str(REFUSED[column]))


def test_without_the_trigger_a_vote_could_be_deleted(vote, without_trigger):
    delete(vote)
    assert not Vote.objects.exists()
