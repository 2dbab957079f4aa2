"""Battles with turns and answers in any state."""

from datetime import timedelta

from django.db.models.functions import Now

from arena.models import Answer, Battle, Question, QuestionSet, Turn
from tests import factories

FINISHED = {"state": "finished", "text": "An answer.", "attempt": 1}
FAILED = {"state": "failed", "failure": "timeout", "attempt": 1}
RUNNING = {"state": "running", "attempt": 1, "lease_until": Now() + timedelta(seconds=5)}
EXPIRED = {"state": "running", "attempt": 1, "lease_until": Now() - timedelta(seconds=60)}
QUEUED = {}
FORGOTTEN = {"queued_at": Now() - timedelta(seconds=60)}


def turn(battle=None, number=1, prompt="Why?", a=QUEUED, b=QUEUED):
    """Return a turn with both answers, in the given battle or a new one."""
    battle = battle or factories.battle(factories.fighter(), factories.fighter(), state="answering")
    new_turn = Turn.objects.create(battle=battle, number=number, prompt=prompt)
    Answer.objects.create(turn=new_turn, side="a", contestant=battle.contestant_a, **a)
    Answer.objects.create(turn=new_turn, side="b", contestant=battle.contestant_b, **b)
    return new_turn


def battle(state=Battle.State.READY, a=FINISHED, b=FINISHED, prompt="Why?", **fields):
    """Return a battle with its first turn."""
    for name in ("contestant_a", "contestant_b"):
        fields[name] = fields.get(name) or factories.fighter()
    new_battle = factories.battle(state=state, **fields)
    turn(new_battle, prompt=prompt, a=a, b=b)
    return new_battle


def side(turn, name):
    """Return one side's answer in a turn, reloaded from the database."""
    return Answer.objects.get(turn=turn, side=name)


def question(text="Why?", **fields):
    """Return a question of the given set or of a new one."""
    fields["set"] = fields.get("set") or QuestionSet.objects.create(name="Questions", owner=factories.voter())
    return Question.objects.create(text=text, **{"key": "q1", "position": 1, **fields})
