"""Builds battle views from the database, without the parts that are still hidden from the voter."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from arena.answers.announcements import derive_attempt_tag
from arena.answers.markdown import render_answer
from arena.answers.stream_events import BattleView
from arena.models import Answer, Visibility, row_locks
from core.storage.compiled_queries import CompiledQuery, Placeholder
from core.storage.database import database_sync_to_async

# The fields of answers, turns, and battles that a view needs.
VIEW_FIELDS = (
    "side", "state", "text", "stopped", "cut", "failure", "attempt", "turn__number", "turn__battle__state",
    "turn__battle__mode",
)  # fmt: skip


def load_answers(battle_id: UUID) -> list[Answer]:
    """Return all answers of a battle with their turns, ordered by turn and side."""
    return list(_query_answers(battle_id))


def load_battle_view(battle_id: UUID) -> BattleView:
    """Return a battle's current view, or an empty view if the battle does not exist."""
    return build_battle_view(_query_answers(battle_id).only(*VIEW_FIELDS))


def load_voter_view(voter_id: UUID, battle_id: UUID) -> BattleView:
    """Return the current view of one of this voter's battles.

    Raises RequestError 404 if the battle does not exist or belongs to another voter.
    """
    answers = ANSWERS_OF_VOTER.load(battle_id, voter_id)
    if not answers:
        raise row_locks.battle_not_found_error()
    return build_battle_view(answers)


def _query_answers(battle_id: UUID | Placeholder) -> QuerySet[Answer]:
    answers = Answer.objects.filter(turn__battle=battle_id).select_related("turn__battle")
    return answers.order_by("turn__number", "side")


ANSWERS_OF_VOTER = CompiledQuery(
    lambda battle, voter: _query_answers(battle).filter(turn__battle__voter=voter).only(*VIEW_FIELDS)
)


def build_battle_view(answers: Iterable[Answer], *, with_html: bool = True) -> BattleView:
    """Return the view of these answers' battle. While the models are hidden, all failures have the same reason.

    with_html: render the finished answers; a position in the stream does not depend on their HTML
    """
    view = BattleView()
    for answer in answers:
        battle = answer.turn.battle
        view.state = battle.state
        side = view.side(answer.turn.number, answer.side)
        if answer.state == Answer.State.FINISHED:
            side.end = "done"
            if with_html:
                side.html = render_answer(answer.text, stopped=answer.stopped, cut=answer.cut)
        elif answer.state == Answer.State.FAILED:
            side.end = "failed"
            side.reason = Visibility.of_voter(battle.mode, battle.state).tell_failure(answer.failure)
        side.text = answer.text
        side.tag = derive_attempt_tag(answer.pk, answer.attempt) if side.text or side.end else ""
    return view


# Runs in a thread, and then releases the thread's database connection.
load_battle_view_async = database_sync_to_async(load_battle_view)
