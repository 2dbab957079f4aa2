"""Continues a conversation with the same two contestants after they are revealed, in a new battle that is not rated."""

from django.db import transaction

from arena.endpoints import draw
from arena.models import Answer, Battle, Turn, row_locks
from core.http.errors import RequestError


def continue_battle(battle: Battle) -> Battle:
    """Create a side-by-side battle that continues a battle after its vote.

    The new battle has the same contestants and copies of the finished turns, and is ready for the next question.

    Raises RequestError 409 `not_voted` before the vote; 409 `model_unavailable` if one of them is no longer available;
    and 409 `voter_gone` or 404 if a concurrent request deletes the voter or the battle.
    """
    if battle.state != Battle.State.VOTED:
        raise RequestError("not_voted", "You can continue this conversation after you vote.", 409)
    contestants = [battle.contestant_a_id, battle.contestant_b_id]
    if draw.list_enabled().filter(pk__in=contestants).count() < len(contestants):
        raise RequestError(
            "model_unavailable", "One of the two models is no longer available here. Start a new battle instead.", 409
        )
    with transaction.atomic():
        row_locks.lock_voter(battle.voter_id)
        row_locks.lock_battle(battle.pk)
        new_battle = Battle.objects.create(
            voter_id=battle.voter_id,
            mode=Battle.Mode.SIDE_BY_SIDE,
            state=Battle.State.READY,
            pool_id=battle.pool_id,
            among=contestants,
            contestant_a_id=battle.contestant_a_id,
            contestant_b_id=battle.contestant_b_id,
            propensity=1.0,
            prompt_source=battle.prompt_source,
        )
        for turn in battle.turns.prefetch_related("answers"):
            _copy_turn(turn, new_battle)
    return new_battle


def _copy_turn(turn: Turn, battle: Battle) -> None:
    """Append a copy of the turn to the battle if both of its answers are finished."""
    answers = list(turn.answers.all())
    if any(answer.state != Answer.State.FINISHED for answer in answers):
        return
    new_turn = Turn.objects.create(battle=battle, number=battle.turns.count() + 1, prompt=turn.prompt)
    for answer in answers:
        answer.pk = None
        answer.turn = new_turn
    Answer.objects.bulk_create(answers)
