"""Battles on their way: turns and answers in any state."""

from datetime import timedelta

from django.db.models.functions import Now

from arena.models import Answer, Battle, Turn
from tests import factories

FINISHED = {"state": "finished", "text": "An answer.", "attempt": 1}
FAILED = {"state": "failed", "failure": "timeout", "attempt": 1}
RUNNING = {"state": "running", "attempt": 1, "lease_until": Now() + timedelta(seconds=5)}
EXPIRED = {"state": "running", "attempt": 1, "lease_until": Now() - timedelta(seconds=60)}
QUEUED = {}
FORGOTTEN = {"queued_at": Now() - timedelta(seconds=60)}


def turn(of=None, number=1, prompt="Why?", a=QUEUED, b=QUEUED):
    """A turn of a battle (or of a new one) with both its answers."""
    battle = of or factories.battle(
        model_a=factories.endpoint().model, model_b=factories.endpoint().model, state="answering"
    )
    asked = Turn.objects.create(battle=battle, number=number, prompt=prompt)
    Answer.objects.create(turn=asked, side="a", model=battle.model_a, **a)
    Answer.objects.create(turn=asked, side="b", model=battle.model_b, **b)
    return asked


def battle(state=Battle.State.READY, a=FINISHED, b=FINISHED, prompt="Why?", **fields):
    """A battle after its first turn."""
    for name in ("model_a", "model_b"):
        fields[name] = fields.get(name) or factories.endpoint().model
    made = factories.battle(state=state, **fields)
    turn(made, prompt=prompt, a=a, b=b)
    return made


def side(of, name):
    """The answer of one side of a turn, as the database has it now."""
    return Answer.objects.get(turn=of, side=name)
