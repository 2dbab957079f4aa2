"""Going on after the vote: the same two models, known by name now, with what was said so far. Never rated."""

from django.db import transaction

from arena.battles import lifecycle
from arena.models import SIDES, Answer, Battle, Endpoint, Turn, row_locks
from core.http.errors import RequestError


def continue_battle(battle: Battle) -> Battle:
    """A new battle, side by side and ready for the next question, that begins with the judged turns of a voted one.

    Raises Refusal 409: `not_voted`, or `not_here` if one of the models is not asked here any more; 404 where the battle
    is deleted meanwhile.
    """
    if battle.state != Battle.State.VOTED:
        raise RequestError("not_voted", "You can go on with both models after the vote.", 409)
    keys = [battle.model_a_id, battle.model_b_id]
    if Endpoint.objects.filter(enabled=True, model__in=keys).count() < len(keys):
        raise RequestError("not_here", "One of the two models does not answer here any more.", 409)
    with transaction.atomic():
        row_locks.lock_voter(battle.voter_id)
        row_locks.lock_battle(battle.pk)
        made = Battle.objects.create(
            voter_id=battle.voter_id,
            mode=Battle.Mode.SIDE_BY_SIDE,
            state=Battle.State.READY,
            pool=lifecycle.get_set_pool([getattr(battle, f"model_{side}").slug for side in SIDES]),
            among=keys,
            model_a_id=battle.model_a_id,
            model_b_id=battle.model_b_id,
            propensity=1.0,
            prompt_source=battle.prompt_source,
        )
        for turn in battle.turns.prefetch_related("answers"):
            _copy_turn(turn, made)
    return made


def _copy_turn(turn: Turn, made: Battle) -> None:
    """The turn at the end of the new battle, if both sides have finished it."""
    answers = list(turn.answers.all())
    if any(answer.state != Answer.State.FINISHED for answer in answers):
        return
    copied = Turn.objects.create(battle=made, number=made.turns.count() + 1, prompt=turn.prompt)
    for answer in answers:
        answer.pk, answer.turn = None, copied
    Answer.objects.bulk_create(answers)
