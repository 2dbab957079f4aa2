"""A battle as the database has it, for whoever reads it."""

from collections.abc import Iterable
from uuid import UUID

from arena.answers.attempt_tags import derive_attempt_tag
from arena.answers.markdown import render_answer
from arena.answers.stream_events import BattleView
from arena.models import Answer, Battle
from core.storage.database import database_sync_to_async


def load_answers(battle_id: UUID) -> list[Answer]:
    """All answers of a battle with their turns, in order."""
    answers = Answer.objects.filter(turn__battle=battle_id).select_related("turn__battle")
    return list(answers.order_by("turn__number", "side"))


def load_battle_view(battle_id: UUID) -> BattleView:
    """A battle as the database has it now."""
    return build_battle_view(load_answers(battle_id))


def build_battle_view(answers: Iterable[Answer]) -> BattleView:
    """What all answers of a battle show; before the vote of an anonymous one no reason tells the sides apart."""
    made = BattleView()
    for answer in answers:
        battle = answer.turn.battle
        made.state = battle.state
        side = made.side(answer.turn.number, answer.side)
        if answer.state == Answer.State.FINISHED:
            side.end, side.html = "done", render_answer(answer.text, stopped=answer.stopped, cut=answer.cut)
        elif answer.state == Answer.State.FAILED:
            side.end, side.reason = "failed", get_public_reason(battle, answer.failure)
        side.text = answer.text
        side.tag = derive_attempt_tag(answer.pk, answer.attempt) if side.text or side.end else ""
    return made


def is_revealed(battle: Battle) -> bool:
    """Whether its voter may know who answers: he picked them, or has voted."""
    return battle.mode == Battle.Mode.SIDE_BY_SIDE or battle.state == Battle.State.VOTED


def get_public_reason(battle: Battle, failure: str) -> str:
    """Why a side failed, as far as it may be told."""
    return Answer.Failure(failure).public if is_revealed(battle) else Answer.Failure.UNAVAILABLE.value


load_view_and_release = database_sync_to_async(load_battle_view)
