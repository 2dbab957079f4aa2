"""Builds the context of a battle's admin page: its vote, turns, answers, and stream events."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from arena.answers import battle_view
from arena.answers.stream_events import Position, list_events
from arena.battles.feedback import BLAME, PRAISE
from arena.models import SIDES, Battle, EndpointCall, Turn, Vote
from catalog.models import LanguageModel

REASON_LABELS = PRAISE | BLAME


def build_inspection(object_id: str) -> dict[str, Any]:
    """Return the template context, or an empty dict if the battle does not exist."""
    try:
        battle = Battle.objects.select_related("model_a", "model_b").filter(pk=UUID(object_id)).first()
    except ValueError:
        battle = None
    if battle is None:
        return {}
    set_model_ids = battle.among or ()
    replaced_model_ids = [replacement["model"] for replacement in battle.replaced]
    models = LanguageModel.objects.in_bulk([*replaced_model_ids, *set_model_ids])
    events = list_events(Position(), battle_view.build_battle_view(battle_view.load_answers(battle.pk)))
    vote = Vote.objects.filter(battle=battle).first()
    return {
        "vote": vote,
        "report_count": battle.reports.count(),
        "sides": [_build_side(battle, vote, side) for side in SIDES],
        "among": [models[key] for key in set_model_ids if key in models],
        "turns": _load_turns(battle),
        "replacements": [replacement | {"model": models.get(replacement["model"])} for replacement in battle.replaced],
        "events": [{"name": event.name, **event.data, "size": len(event.data.get("text", ""))} for event in events],
    }


def _load_turns(battle: Battle) -> list[Turn]:
    """Return the turns. Each answer has its failed calls of the last three days, which may be to other models."""
    failed_calls = defaultdict(list)
    calls = EndpointCall.objects.filter(created_at__gte=battle.created_at, battle=battle.pk).exclude(failure="")
    for call in calls.select_related("endpoint__model").order_by("pk"):
        failed_calls[call.answer].append(call)
    turns = list(Turn.objects.filter(battle=battle).prefetch_related("answers__model"))
    for turn in turns:
        for answer in turn.answers.all():
            answer.failed_calls = failed_calls[answer.pk]  # type: ignore[attr-defined]  # for the template
    return turns


def _build_side(battle: Battle, vote: Vote | None, side: str) -> dict[str, Any]:
    """Return a side's model, whether it won, the voter's reasons, and the model's standing before the vote."""
    reasons = vote.reasons.get(side, ()) if vote else ()
    return {
        "side": side,
        "model": getattr(battle, f"model_{side}"),
        "won": vote is not None and vote.winner == side,
        "reasons": [REASON_LABELS.get(reason, reason) for reason in reasons],
        "standing": (battle.standing or {}).get(side),
    }
