"""Retries or replaces a contestant that failed before its first word. Each side gets at most one replacement.

A single answer is neither retried nor replaced at once, but returns to the queue.
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Sequence

from arena.answers import jobs
from arena.answers.db_batcher import DatabaseBatcher, DatabaseUnreachable
from arena.answers.jobs import SideJob
from arena.answers.live_turn import LiveSide, LiveTurn, Retry
from arena.endpoints import draw, token_budgets
from arena.endpoints.backends.protocol import Action, BackendError
from arena.models import Answer, Battle

RETRY_DELAY_S = 0.3
MAX_TRIES = 3
SINGLE_RETRY_DELAY_S = 30  # as long as between two probes, so that an endpoint that is down leaves the draw first
# Calls the side's contestant once. Raises BackendError if it fails.
AskOnce = Callable[[LiveSide], Awaitable[None]]
# The job of a contestant that failed, and the reason.
ReplaceRequest = tuple[SideJob, str]


def plan_retry(job: SideJob, error: BackendError) -> Retry | None:
    """Return how a single answer is tried again after a failure, or None if it has failed for good.

    It has three tries, but only one if the question caused the failure. A call that a rate limit tells to wait, or that
    found no slot, is none.
    """
    if error.retry_after_s is not None or error.reason == "busy":
        return Retry(0, is_try=False)
    if error.reason in Answer.CAUSED_BY_QUESTION or job.tries >= MAX_TRIES:
        return None
    return Retry(SINGLE_RETRY_DELAY_S, is_try=True)


async def ask_or_replace(turn: LiveTurn, side: LiveSide, ask_once: AskOnce, batcher: DatabaseBatcher) -> None:
    """Ask the side's contestant. If it fails before its first word, ask a replacement, whose job becomes `side.job`.

    A contestant is replaced only in the first turn of a blind battle (`TurnJob.replaceable`). Raises the BackendError
    of the last call.
    """
    try:
        await _ask_with_retry(side, ask_once)
    except BackendError as error:
        if not turn.job.replaceable or error.action is Action.GIVE_UP:
            raise
        job = None
        with contextlib.suppress(DatabaseUnreachable):
            job = await batcher.call(replace_contestants, (side.job, error.reason))
        if job is None:
            raise
        side.job = job
        await _ask_with_retry(side, ask_once)


async def _ask_with_retry(side: LiveSide, ask_once: AskOnce) -> None:
    """Ask the contestant. After a temporary failure before its first word, ask it once more."""
    try:
        await ask_once(side)
    except BackendError as error:
        if error.action is not Action.RETRY or side.lane.has_begun:
            raise
        await asyncio.sleep(RETRY_DELAY_S * (0.5 + random.random()))  # noqa: S311  # jitter, not a secret
        await ask_once(side)


def replace_contestants(requests: Sequence[ReplaceRequest]) -> list[SideJob | None]:
    """Replace the failed contestants in the caller's transaction. Return the new job for each request, in order.

    The new contestant is drawn as an opponent for the other side's, from the drawable ones that have budget left. The
    battle stores the failed contestant and the reason.

    A result is None if no contestant can be drawn, another worker has claimed the answer, the side has already had a
    replacement, or the battle has been deleted.
    """
    return [_replace_contestant(job, reason) for job, reason in requests]


def _replace_contestant(job: SideJob, reason: str) -> SideJob | None:
    answer = Answer.objects.select_related("turn").filter(id=job.answer_id).first()
    if answer is None:  # the voter has deleted the battle
        return None
    battle = Battle.objects.select_for_update().get(id=answer.turn.battle_id)
    is_owned = answer.attempt == job.attempt and answer.state == Answer.State.RUNNING
    if not is_owned or any(entry["side"] == answer.side for entry in battle.replaced):
        return None
    opponent_id = battle.contestant_b_id if answer.side == "a" else battle.contestant_a_id
    excluded = {opponent_id, answer.contestant_id, *(entry["contestant"] for entry in battle.replaced)}
    drawable = draw.load_drawable_budgets(battle.among)
    affordable = token_budgets.select_affordable(drawable, battle.rated_pool)
    opponents = [contestant for contestant in affordable if contestant not in excluded]
    pair = draw.draw_opponent(opponent_id, opponents, battle.rated_pool)
    if pair is None:
        return None
    replacement = pair.b if pair.a == opponent_id else pair.a
    entry = {
        "side": answer.side,
        "contestant": answer.contestant_id,
        "reason": reason,
        "propensity": battle.propensity,
    }
    battle.replaced = [*battle.replaced, entry]
    battle.propensity = pair.propensity
    battle.draw_table_id = pair.table
    setattr(battle, f"contestant_{answer.side}_id", replacement)
    battle.save(update_fields=["replaced", "propensity", "draw_table", f"contestant_{answer.side}"])
    Answer.objects.filter(id=answer.pk).update(contestant=replacement)
    return jobs.load_side_job(answer.turn.pk, answer.pk)
