"""Lists, searches, and exports a voter's battles. The models of an open battle stay hidden."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Left
from django.http import HttpRequest
from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor
from rest_framework.request import Request

from arena.answers import battle_view
from arena.identity.voters import get_voter_id
from arena.models import SIDES, Answer, Battle, Turn, Vote
from catalog.models import LanguageModel
from core.http.pagination import NewestFirstPagination

PAGE_SIZE = 20
QUESTION_PREVIEW_LENGTH = 300  # characters
MAX_SEARCH_LENGTH = 200
EXPORT_BATCH_SIZE = 50
MIN_FAVORITE_WINS = 2
ExportCursor = tuple[datetime, UUID]  # creation time and id of a battle, the sort key of an export
# In a side-by-side battle, the voter chose the models.
IS_REVEALED = Q(state=Battle.State.VOTED) | Q(mode=Battle.Mode.SIDE_BY_SIDE)


class HistoryPagination(NewestFirstPagination):
    """Pages of `PAGE_SIZE` battles. An invalid cursor returns the first page."""

    cursor_query_param = "before"

    def get_page_size(self, request: Request) -> int:
        return PAGE_SIZE

    def decode_cursor(self, request: Request) -> Cursor | None:
        try:
            return super().decode_cursor(request)
        except NotFound:
            return None


@dataclass(frozen=True)
class OwnRecord:
    """What a voter has judged so far.

    favorite: the name of the model that has won most of these battles, or "" if none has won at least two
    wins, battles: the favorite's battles that it has won, and all that the voter has judged
    """

    judged: int
    favorite: str = ""
    wins: int = 0
    battles: int = 0


@dataclass(frozen=True)
class HistoryPage:
    """One page of battles, newest first. Each battle is annotated with `question` and `is_revealed`.

    `older_url` is the relative URL of the next page, or None on the last page.
    """

    battles: Sequence[Battle]
    older_url: str | None


def load_page(request: HttpRequest, search: str = "") -> HistoryPage:
    """Return the requested page of the voter's battles.

    search: a text that the questions or the revealed model names must contain
    """
    battles = _search_battles(_list_battles(get_voter_id(request)), search[:MAX_SEARCH_LENGTH])
    pages = HistoryPagination()
    rows = pages.paginate_queryset(annotate_question(battles), Request(request)) or []
    pages.base_url = f"?{urlencode({'q': search})}" if search else ""
    return HistoryPage(rows, pages.get_next_link())


def load_own_record(voter_id: UUID) -> OwnRecord:
    """Return the voter's record over all of their battles."""
    battles: Counter[str] = Counter()
    wins: Counter[str] = Counter()
    for side in SIDES:
        votes = Vote.objects.filter(battle__voter=voter_id).values_list(f"model_{side}__name").order_by()
        for name, count, won in votes.annotate(Count("pk"), won=Count("pk", filter=Q(winner=side))):
            battles[name] += count
            wins[name] += won
    judged = battles.total() // 2
    favorite = max(battles, key=lambda name: (wins[name], -battles[name], name), default="")
    if wins[favorite] < MIN_FAVORITE_WINS:
        return OwnRecord(judged)
    return OwnRecord(judged, favorite, wins[favorite], battles[favorite])


def annotate_question(battles: QuerySet[Battle]) -> QuerySet[Battle]:
    """Annotate battles with `question`, the first `QUESTION_PREVIEW_LENGTH` characters of the first question.

    The query reads no other text.
    """
    first_turn = Turn.objects.filter(battle=OuterRef("pk"), number=1)
    preview = first_turn.values(start=Left("prompt", QUESTION_PREVIEW_LENGTH))[:1]
    return battles.annotate(question=Subquery(preview))


def _list_battles(voter_id: UUID) -> QuerySet[Battle]:
    battles = Battle.objects.filter(voter=voter_id).select_related("model_a", "model_b", "vote")
    return battles.annotate(is_revealed=IS_REVEALED).order_by("-created_at", "-id")


def _search_battles(battles: QuerySet[Battle], search: str) -> QuerySet[Battle]:
    search = search.replace("\x00", "").strip()
    if not search:
        return battles
    in_question = Exists(Turn.objects.filter(battle=OuterRef("pk"), prompt__icontains=search))
    in_names = Q(model_a__name__icontains=search) | Q(model_b__name__icontains=search)
    return battles.filter(in_question | Q(IS_REVEALED & in_names))


def load_export_batch(voter_id: UUID, after: ExportCursor | None = None) -> list[dict[str, Any]]:
    """Return the next `EXPORT_BATCH_SIZE` of the voter's battles after a cursor, oldest first."""
    battles = _list_battles(voter_id).reverse().prefetch_related("turns__answers")
    if after:
        created_at, battle_id = after
        battles = battles.filter(Q(created_at__gt=created_at) | Q(created_at=created_at, id__gt=battle_id))
    return [_build_record(battle) for battle in battles[:EXPORT_BATCH_SIZE]]


def get_export_cursor(record: Mapping[str, Any]) -> ExportCursor:
    """Return the cursor for the batch after this record."""
    return record["created_at"], record["id"]


def _build_record(battle: Battle) -> dict[str, Any]:
    vote = getattr(battle, "vote", None)
    is_revealed = battle.is_revealed  # type: ignore[attr-defined]  # annotated by `_list_battles`
    return {
        "id": battle.pk,
        "created_at": battle.created_at,
        "mode": battle.mode,
        "state": battle.state,
        "shared_at": battle.shared_at,
        "models": {side: _build_model(getattr(battle, f"model_{side}")) for side in SIDES} if is_revealed else None,
        "turns": [
            {
                "number": turn.number,
                "prompt": turn.prompt,
                "answers": [_build_answer(battle, answer) for answer in turn.answers.all()],
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
