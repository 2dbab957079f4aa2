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

PAGE_SIZE = 20
QUESTION_PREVIEW_LENGTH = 300  # characters of a question
MAX_SEARCH_LENGTH = 200
EXPORT_BATCH_SIZE = 50
CURSOR_PATTERN = re.compile(r"(\S{1,40})_([0-9a-f-]{36})")
HistoryCursor = tuple[datetime, UUID]  # when a battle was made, and its id: their order
NAMES_VISIBLE = Q(state=Battle.State.VOTED) | Q(mode=Battle.Mode.SIDE_BY_SIDE)  # there the voter has chosen them


@dataclass(frozen=True)
class HistoryPage:
    """Battles, the newest first, each with its `question` and whether it is `named`; `older` leads on, or is empty."""

    battles: Sequence[Battle]
    older: str


def load_page(voter_id: UUID, words: str = "", place: str = "") -> HistoryPage:
    """Those in whose questions, or known names of models, the words occur, from a place on."""
    found = _search_battles(_list_battles(voter_id), words[:MAX_SEARCH_LENGTH])
    if after := _parse_cursor(place):
        at, key = after
        found = found.filter(Q(created_at__lt=at) | Q(created_at=at, id__lt=key))
    shown = list(annotate_question(found)[: PAGE_SIZE + 1])
    last = shown[PAGE_SIZE - 1] if len(shown) > PAGE_SIZE else None
    return HistoryPage(shown[:PAGE_SIZE], f"{last.created_at.isoformat()}_{last.pk}" if last else "")


def annotate_question(battles: QuerySet[Battle]) -> QuerySet[Battle]:
    """The same, each with the first SHOWN characters of its first question as `question`; no other text is read."""
    first = Turn.objects.filter(battle=OuterRef("pk"), number=1).values(start=Left("prompt", QUESTION_PREVIEW_LENGTH))[
        :1
    ]
    return battles.annotate(question=Subquery(first))


def _list_battles(voter_id: UUID) -> QuerySet[Battle]:
    battles = Battle.objects.filter(voter=voter_id).select_related("model_a", "model_b", "vote")
    return battles.annotate(named=NAMES_VISIBLE).order_by("-created_at", "-id")


def _search_battles(battles: QuerySet[Battle], words: str) -> QuerySet[Battle]:
    words = words.replace("\x00", "").strip()
    if not words:
        return battles
    asked = Exists(Turn.objects.filter(battle=OuterRef("pk"), prompt__icontains=words))
    names = [Q(**{f"model_{side}__name__icontains": words}) for side in SIDES]
    return battles.filter(asked | Q(NAMES_VISIBLE & (names[0] | names[1])))


def _parse_cursor(place: str) -> HistoryCursor | None:
    match = CURSOR_PATTERN.fullmatch(place)
    try:
        at = parse_datetime(match[1]) if match else None
        return (at, UUID(match[2])) if match and at and at.tzinfo else None
    except ValueError:
        return None


def load_export_batch(voter_id: UUID, after: HistoryCursor | None = None) -> list[dict[str, Any]]:
    """The next battles of the voter for a file of their own, the oldest first, after a place; none at the end."""
    battles = _list_battles(voter_id).reverse().prefetch_related("turns__answers")
    if after:
        at, key = after
        battles = battles.filter(Q(created_at__gt=at) | Q(created_at=at, id__gt=key))
    return [_build_record(battle) for battle in battles[:EXPORT_BATCH_SIZE]]


def get_export_cursor(record: Mapping[str, Any]) -> HistoryCursor:
    """Where the export goes on after this record."""
    return record["created_at"], record["id"]


def _build_record(battle: Battle) -> dict[str, Any]:
    vote = getattr(battle, "vote", None)
    named = battle.named  # type: ignore[attr-defined]  # annotated by `_list_battles`
    return {
        "id": battle.pk,
        "created_at": battle.created_at,
        "mode": battle.mode,
        "state": battle.state,
        "shared_at": battle.shared_at,
        "models": {side: _build_model(getattr(battle, f"model_{side}")) for side in SIDES} if named else None,
        "turns": [
            {
                "number": turn.number,
                "prompt": turn.prompt,
                "answers": [_build_answer(battle, a) for a in turn.answers.all()],
            }
            for turn in battle.turns.all()
        ],
        "vote": vote and {key: getattr(vote, key) for key in ("winner", "reasons", "comment", "created_at")},
    }


def _build_model(model: LanguageModel) -> dict[str, str]:
    return {"slug": model.slug, "name": model.name}


def _build_answer(battle: Battle, answer: Answer) -> dict[str, Any]:
    failed = answer.state == Answer.State.FAILED
    return {
        "side": answer.side,
        "text": answer.text,
        "failure": battle_view.get_public_reason(battle, answer.failure) if failed else None,
    }
