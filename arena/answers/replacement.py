"""A side that failed before anyone saw a word of it gets another model, silently, once."""

from collections.abc import Sequence
from dataclasses import dataclass

from arena.answers import jobs
from arena.answers.jobs import SideJob
from arena.endpoints import draw, token_budgets
from arena.models import Answer, Battle


@dataclass(frozen=True)
class ReplaceRequest:
    """The side `job` failed for `reason`."""

    job: SideJob
    reason: str


def replace_models(requests: Sequence[ReplaceRequest]) -> list[SideJob | None]:
    """What the new model is asked, per request; None if there is none, it is not ours, or it had its chance."""
    return [_replace_model(request) for request in requests]


def _replace_model(request: ReplaceRequest) -> SideJob | None:
    answer = Answer.objects.select_related("turn").filter(id=request.job.answer_id).first()
    if answer is None:  # its voter has deleted the battle
        return None
    battle = Battle.objects.select_for_update().get(id=answer.turn.battle_id)
    ours = answer.attempt == request.job.attempt and answer.state == Answer.State.RUNNING
    if not ours or any(each["side"] == answer.side for each in battle.replaced):
        return None
    other = battle.model_b_id if answer.side == "a" else battle.model_a_id
    gone = {answer.model_id, *(each["model"] for each in battle.replaced)}
    up = token_budgets.list_affordable_models(draw.list_drawable_models(battle.among), battle.pool)
    drawn = draw.draw_pair([other, *(key for key in up if key not in gone and key != other)], other, battle.pool)
    if drawn is None:
        return None
    new = drawn.b if drawn.a == other else drawn.a
    _record_replacement(battle, answer, new, drawn.propensity, request.reason)
    return jobs.load_side_job(answer.turn_id, answer.pk)


def _record_replacement(battle: Battle, answer: Answer, new: int, propensity: float, reason: str) -> None:
    entry = {"side": answer.side, "model": answer.model_id, "reason": reason, "propensity": battle.propensity}
    battle.replaced = [*battle.replaced, entry]
    battle.propensity = propensity
    setattr(battle, f"model_{answer.side}_id", new)
    battle.save(update_fields=["replaced", "propensity", f"model_{answer.side}"])
    Answer.objects.filter(id=answer.pk).update(model_id=new)
