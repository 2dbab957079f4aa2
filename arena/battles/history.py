"""The battles of one voter: looked through, taken along, and deleted. Of an open one nothing tells who fights it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Left
from django.utils.dateparse import parse_datetime

from arena.answers import battle_view
from arena.models import SIDES, Answer, Battle, Turn
from catalog.models import LanguageModel

PAGE = 20
SHOWN = 300  # characters of a question
LONGEST_SEARCH = 200
EXPORTED_AT_ONCE = 50
WRITTEN_PLACE = re.compile(r"(\S{1,40})_([0-9a-f-]{36})")
Place = tuple[datetime, UUID]  # when a battle was made, and its id: their order
NAMED = Q(state=Battle.State.VOTED) | Q(mode=Battle.Mode.SIDE_BY_SIDE)  # there the voter has chosen them


@dataclass(frozen=True)
class Page:
    """Battles, the newest first, each with its `question` and whether it is `named`; `older` leads on, or is empty."""

    battles: Sequence[Battle]
    older: str


def page(voter_id: UUID, words: str = "", place: str = "") -> Page:
    """Those in whose questions, or known names of models, the words occur, from a place on."""
    found = _searched(_of(voter_id), words[:LONGEST_SEARCH])
    if after := _parsed(place):
        at, key = after
        found = found.filter(Q(created_at__lt=at) | Q(created_at=at, id__lt=key))
    shown = list(with_question(found)[: PAGE + 1])
    last = shown[PAGE - 1] if len(shown) > PAGE else None
    return Page(shown[:PAGE], f"{last.created_at.isoformat()}_{last.pk}" if last else "")


def with_question(battles: QuerySet[Battle]) -> QuerySet[Battle]:
    """The same, each with the first SHOWN characters of its first question as `question`; no other text is read."""
    first = Turn.objects.filter(battle=OuterRef("pk"), number=1).values(start=Left("prompt", SHOWN))[:1]
    return battles.annotate(question=Subquery(first))


def _of(voter_id: UUID) -> QuerySet[Battle]:
    battles = Battle.objects.filter(voter=voter_id).select_related("model_a", "model_b", "vote")
    return battles.annotate(named=NAMED).order_by("-created_at", "-id")


def _searched(battles: QuerySet[Battle], words: str) -> QuerySet[Battle]:
    words = words.replace("\x00", "").strip()
    if not words:
        return battles
    asked = Exists(Turn.objects.filter(battle=OuterRef("pk"), prompt__icontains=words))
    names = [Q(**{f"model_{side}__name__icontains": words}) for side in SIDES]
    return battles.filter(asked | Q(NAMED & (names[0] | names[1])))


def _parsed(place: str) -> Place | None:
    match = WRITTEN_PLACE.fullmatch(place)
    try:
        at = parse_datetime(match[1]) if match else None
        return (at, UUID(match[2])) if match and at and at.tzinfo else None
    except ValueError:
        return None


def export(voter_id: UUID, after: Place | None = None) -> list[dict[str, Any]]:
    """The next battles of the voter for a file of their own, the oldest first, after a place; none at the end."""
    battles = _of(voter_id).reverse().prefetch_related("turns__answers")
    if after:
        at, key = after
        battles = battles.filter(Q(created_at__gt=at) | Q(created_at=at, id__gt=key))
    return [_record(battle) for battle in battles[:EXPORTED_AT_ONCE]]


def place_of(record: Mapping[str, Any]) -> Place:
    """Where the export goes on after this record."""
    return record["created_at"], record["id"]


def _record(battle: Battle) -> dict[str, Any]:
    vote = getattr(battle, "vote", None)
    named = battle.named  # type: ignore[attr-defined]  # annotated by `_of`
    return {
        "id": battle.pk,
        "created_at": battle.created_at,
        "mode": battle.mode,
        "state": battle.state,
        "shared_at": battle.shared_at,
        "models": {side: _model(getattr(battle, f"model_{side}")) for side in SIDES} if named else None,
        "turns": [
            {"number": turn.number, "prompt": turn.prompt, "answers": [_answer(battle, a) for a in turn.answers.all()]}
            for turn in battle.turns.all()
        ],
        "vote": vote and {key: getattr(vote, key) for key in ("winner", "reasons", "comment", "created_at")},
    }


def _model(model: LanguageModel) -> dict[str, str]:
    return {"slug": model.slug, "name": model.name}


def _answer(battle: Battle, answer: Answer) -> dict[str, Any]:
    failed = answer.state == Answer.State.FAILED
    return {
        "side": answer.side,
        "text": answer.text,
        "failure": battle_view.reason(battle, answer.failure) if failed else None,
    }
