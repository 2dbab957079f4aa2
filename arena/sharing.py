"""Battles that their voters let everybody read, on the pages of the two models: their texts, and never who asked."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils.safestring import SafeString, mark_safe

from arena import holding, stored
from arena.errors import Refusal
from arena.models import SHARED, SIDES, Answer, Battle, Turn

SHOWN = 5


@dataclass(frozen=True)
class Said:
    """What one side answered; `html` is sanitised, and empty where there is no answer."""

    side: str
    text: str
    html: SafeString


@dataclass(frozen=True)
class Exchange:
    prompt: str
    sides: list[Said]


@dataclass(frozen=True)
class Shared:
    """`models` as side → (slug, name); `own`: the side of the model that was asked for; `winner` as in `Vote`."""

    id: UUID
    shared_at: datetime
    models: dict[str, tuple[str, str]]
    own: str
    winner: str
    exchanges: list[Exchange]


def share(battle: Battle, *, shared: bool) -> None:
    """Let everybody read this battle, or nobody but its voter. Raises Refusal 404, 409 `not_voted` before the vote."""
    if battle.state != Battle.State.VOTED:
        raise Refusal("not_voted", "A battle can be shared after the vote.", 409)
    mine = Battle.objects.filter(pk=battle.pk)
    if shared:
        mine.filter(shared_at=None).update(shared_at=Now())
    else:
        mine.update(shared_at=None)
    holding.reread(battle, fields=["shared_at"])


def of_model(key: int) -> list[Shared]:
    """The five that were shared last of those that this model fought."""
    fought = Q(model_a=key) | Q(model_b=key)
    found = _shared().filter(fought).order_by("-shared_at", "pk")[:SHOWN]
    answers: dict[UUID, list[Answer]] = defaultdict(list)
    said = Answer.objects.filter(turn__battle__in=list(found)).select_related("turn__battle")
    for answer in said.order_by("turn__number", "side"):
        answers[answer.turn.battle_id].append(answer)
    return [_shown(battle, answers[battle.pk], key) for battle in found]


def _shared() -> QuerySet[Battle]:
    return Battle.objects.filter(SHARED).select_related("vote", "model_a", "model_b")


def _shown(battle: Battle, answers: Iterable[Answer], key: int) -> Shared:
    sides: dict[Turn, list[Said]] = defaultdict(list)
    view = stored.view(answers)
    for answer in answers:
        html = mark_safe(view.side(answer.turn.number, answer.side).html)  # noqa: S308  # sanitised by arena.markdown
        sides[answer.turn].append(Said(answer.side, answer.text, html))
    models = {side: getattr(battle, f"model_{side}") for side in SIDES}
    return Shared(
        id=battle.pk,
        shared_at=battle.shared_at,  # type: ignore[arg-type]  # `_shared` leaves the others out
        models={side: (model.slug, model.name) for side, model in models.items()},
        own="a" if battle.model_a_id == key else "b",
        winner=battle.vote.winner,
        exchanges=[Exchange(turn.prompt, said) for turn, said in sides.items()],
    )


def as_json(shared: Shared) -> dict[str, Any]:
    return {
        "id": shared.id,
        "shared_at": shared.shared_at,
        "models": {side: slug for side, (slug, _) in shared.models.items()},
        "winner": shared.winner,
        "turns": [
            {"prompt": each.prompt, "answers": {said.side: said.text for said in each.sides}}
            for each in shared.exchanges
        ],
    }
