"""The database refuses a battle or vote with a value that is no choice, whoever writes it."""

import pytest
from django.db import IntegrityError, transaction

from arena.models import Battle, Vote
from tests import factories as common
from tests.arena import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("field", "value"), [("mode", "blind"), ("state", "won"), ("state", "")])
def test_battle_has_a_known_mode_and_state(field, value):
    factories.battle()

    with pytest.raises(IntegrityError, match=f"battle_{field}"), transaction.atomic():
        Battle.objects.update(**{field: value})


@pytest.mark.parametrize(("field", "value"), [("winner", "skip"), ("winner", ""), ("source", "judge")])
def test_vote_has_a_known_winner_and_source(field, value):
    vote = common.vote(common.model("x"), common.model("y"))
    fields = {name: getattr(vote, name) for name in ("pool", "contestant_a", "contestant_b", "winner", "source")} | {
        field: value
    }

    with pytest.raises(IntegrityError, match=f"vote_{field}"), transaction.atomic():
        Vote.objects.create(**fields)
