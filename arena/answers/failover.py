"""Replaces a model that failed before its first visible word. Each side gets at most one replacement."""

from collections.abc import Sequence
from dataclasses import dataclass

from arena.answers import jobs
from arena.answers.jobs import SideJob
from arena.endpoints import draw, token_budgets
from arena.models import Answer, Battle


@dataclass(frozen=True)
class ReplaceRequest:
    """A request to replace the model of `job`, which failed for `reason`."""

    job: SideJob
    reason: str


def replace_models(requests: Sequence[ReplaceRequest]) -> list[SideJob | None]:
    """Replace the failed models. Return the new job for each request, in order.

    A result is None if no model is left, if another worker has claimed the answer, or if the side has already had a
    replacement.
    """
    return [_replace_model(request) for request in requests]


def _replace_model(request: ReplaceRequest) -> SideJob | None:
    answer = Answer.objects.select_related("turn").filter(id=request.job.answer_id).first()
    if answer is None:  # the voter has deleted the battle
        return None
    battle = Battle.objects.select_for_update().get(id=answer.turn.battle_id)
    is_owned = answer.attempt == request.job.attempt and answer.state == Answer.State.RUNNING
    if not is_owned or any(entry["side"] == answer.side for entry in battle.replaced):
        return None
    other = battle.model_b_id if answer.side == "a" else battle.model_a_id
    excluded = {other, answer.model_id, *(entry["model"] for entry in battle.replaced)}
    affordable = token_budgets.list_affordable_models(draw.list_drawable_models(battle.among), battle.pool)
    candidates = [key for key in affordable if key not in excluded]
    pair = draw.draw_pair([other, *candidates], other, battle.pool)
    if pair is None:
        return None
    new_model = pair.b if pair.a == other else pair.a
    _record_replacement(battle, answer, new_model, pair.propensity, request.reason)
    return jobs.load_side_job(answer.turn_id, answer.pk)


def _record_replacement(battle: Battle, answer: Answer, new_model: int, propensity: float, reason: str) -> None:
    entry = {"side": answer.side, "model": answer.model_id, "reason": reason, "propensity": battle.propensity}
    battle.replaced = [*battle.replaced, entry]
    battle.propensity = propensity
    setattr(battle, f"model_{answer.side}_id", new_model)
    battle.save(update_fields=["replaced", "propensity", f"model_{answer.side}"])
    Answer.objects.filter(id=answer.pk).update(model_id=new_model)
