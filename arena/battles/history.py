"""Lists, searches, exports, and summarizes a voter's battles. The models of open blind battles stay hidden."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Left
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor
from rest_framework.request import Request

from arena.battles.feedback import build_vote_data
from arena.battles.transcript import Transcript
from arena.identity.voters import get_voter_id
from arena.models import IS_SHARED, NAMES_KNOWN, SIDES, Battle, Turn, Visibility, Vote
from core.http.pagination import NewestFirstPagination

PAGE_SIZE = 20
QUESTION_PREVIEW_LENGTH = 300  # characters
MAX_SEARCH_LENGTH = 200
EXPORT_BATCH_SIZE = 50
MIN_FAVORITE_WINS = 2
MIN_BATTLES_FOR_FAVORITE = 10
MAX_COMPARED_VOTES = 1000
MIN_COMPARED_VOTES = 10
IS_CLOSED = Q(state__in=(Battle.State.SKIPPED, Battle.State.VOID, Battle.State.EXPIRED))

# The label and the condition of each kind of battles that a voter can list.
KINDS = {
    "open": (_("Open"), Q(state__in=(Battle.State.ANSWERING, Battle.State.READY))),
    "ties": (_("Ties"), Q(vote__winner__in=(Vote.Winner.TIE, Vote.Winner.BOTH_BAD))),
    "published": (_("Published"), IS_SHARED),
    "closed": (_("Failed, skipped, or expired"), IS_CLOSED),
}


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
class VoterModelRecord:
    """A model's results in one voter's votes.

    wins, losses: the number of votes for and against the model; a tie or “both bad” counts as neither
    """

    slug: str
    name: str
    organization: str
    battles: int
    wins: int
    losses: int

    @property
    def ties(self) -> int:
        return self.battles - self.wins - self.losses

    @property
    def share(self) -> float:
        """The share of votes won. A tie or “both bad” counts as half a win."""
        return (self.wins + self.ties / 2) / self.battles


@dataclass(frozen=True)
class VoterRecord:
    """A summary of a voter's judgments.

    judged: the number of battles that the voter has judged
    favorite: the model with the most wins in these battles, or None if there are fewer than `MIN_BATTLES_FOR_FAVORITE`
        battles or no model has at least `MIN_FAVORITE_WINS` wins
    """

    judged: int
    favorite: VoterModelRecord | None = None


@dataclass(frozen=True)
class Agreement:
    """How often a voter chose the model with the higher rating.

    Votes for neither side are excluded, and so are pairs with an unrated model or with equal ratings.
    """

    agreed: int
    votes: int

    @property
    def percent(self) -> int | None:
        """The share of votes that agree, in percent, or None if there are fewer than `MIN_COMPARED_VOTES`."""
        return round(100 * self.agreed / self.votes) if self.votes >= MIN_COMPARED_VOTES else None


@dataclass(frozen=True)
class HistoryPage:
    """One page of battles, newest first. Each battle is annotated with `question`.

    `older_url` is the relative URL of the next page, or None on the last page.
    """

    battles: Sequence[Battle]
    older_url: str | None


def load_page(request: HttpRequest, search: str = "", kind: str = "") -> HistoryPage:
    """Return the requested page of the voter's battles.

    search: text to find in the questions or in the names of revealed models
    kind: a key of `KINDS`. Any other value selects all battles in a search, and all except closed ones in a plain list.
    """
    _label, condition = KINDS.get(kind, ("", Q() if search else ~IS_CLOSED))
    battles = _list_battles(get_voter_id(request)).filter(condition)
    battles = _search_battles(battles, search[:MAX_SEARCH_LENGTH])
    paginator = HistoryPagination()
    rows = paginator.paginate_queryset(annotate_question(battles), Request(request)) or []
    query = {key: value for key, value in (("q", search), ("show", kind)) if value}
    paginator.base_url = f"?{urlencode(query)}" if query else ""
    return HistoryPage(rows, paginator.get_next_link())


def build_voter_record(models: Sequence[VoterModelRecord]) -> VoterRecord:
    """Return the record from the results of all models that the voter has judged."""
    judged = sum(model.battles for model in models) // 2
    favorite = max(models, key=lambda model: (model.wins, -model.battles, model.name), default=None)
    if judged < MIN_BATTLES_FOR_FAVORITE or favorite is None or favorite.wins < MIN_FAVORITE_WINS:
        return VoterRecord(judged)
    return VoterRecord(judged, favorite)


def load_voter_models(voter_id: UUID) -> list[VoterModelRecord]:
    """Return the models that the voter has judged, sorted by number of votes and then by share of votes won."""
    counts: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for side, other in (SIDES, SIDES[::-1]):
        names = [f"contestant_{side}__{field}" for field in ("slug", "name", "model__organization__name")]
        win_count = Count("pk", filter=Q(winner=side))
        loss_count = Count("pk", filter=Q(winner=other))
        votes = Vote.objects.filter(battle__voter=voter_id).values_list(*names).order_by()
        rows = votes.annotate(Count("pk"), win_count=win_count, loss_count=loss_count)
        for slug, name, maker, battles, wins, losses in rows:
            counts[slug, name, maker or ""].update(battles=battles, wins=wins, losses=losses)
    models = [VoterModelRecord(*key, tally["battles"], tally["wins"], tally["losses"]) for key, tally in counts.items()]
    return sorted(models, key=lambda model: (-model.battles, -model.share, model.name))


def load_agreement(voter_id: UUID) -> Agreement:
    """Return how often the newest `MAX_COMPARED_VOTES` votes agree with the ratings at the time of the vote."""
    fields = ("vote__winner", "standing__a__rating", "standing__b__rating")
    battles = Battle.objects.filter(voter=voter_id, vote__winner__in=SIDES).order_by("-created_at")
    rows = battles.values_list(*fields)[:MAX_COMPARED_VOTES]
    agreements = [
        winner == ("a" if rating_a > rating_b else "b")
        for winner, rating_a, rating_b in rows
        if None not in (rating_a, rating_b) and rating_a != rating_b
    ]
    return Agreement(sum(agreements), len(agreements))


def annotate_question(battles: QuerySet[Battle]) -> QuerySet[Battle]:
    """Annotate battles with `question`, the first `QUESTION_PREVIEW_LENGTH` characters of the first question.

    The query reads no other text.
    """
    first_turn = Turn.objects.filter(battle=OuterRef("pk"), number=1)
    preview = first_turn.values(start=Left("prompt", QUESTION_PREVIEW_LENGTH))[:1]
    return battles.annotate(question=Subquery(preview))


def _list_battles(voter_id: UUID) -> QuerySet[Battle]:
    battles = Battle.objects.filter(voter=voter_id).select_related("contestant_a", "contestant_b", "vote")
    return battles.order_by("-created_at", "-id")


def _search_battles(battles: QuerySet[Battle], search: str) -> QuerySet[Battle]:
    search = search.replace("\x00", "").strip()
    if not search:
        return battles
    in_question = Exists(Turn.objects.filter(battle=OuterRef("pk"), prompt__icontains=search))
    in_names = Q(contestant_a__name__icontains=search) | Q(contestant_b__name__icontains=search)
    return battles.filter(in_question | Q(NAMES_KNOWN & in_names))


def load_export_batch(voter_id: UUID, after: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """Return the records of the next `EXPORT_BATCH_SIZE` of the voter's battles, oldest first.

    after: the last record of the batch before
    """
    battles = _list_battles(voter_id).reverse().prefetch_related("turns__answers")
    if after:
        is_newer = Q(created_at__gt=after["created_at"]) | Q(created_at=after["created_at"], id__gt=after["id"])
        battles = battles.filter(is_newer)
    return [_build_export_record(battle) for battle in battles[:EXPORT_BATCH_SIZE]]


def _build_export_record(battle: Battle) -> dict[str, Any]:
    transcript = Transcript.load(battle, Visibility.of_voter(battle.mode, battle.state))
    names = {side: {"slug": each.slug, "name": each.name} for side, each in transcript.contestants.items()}
    vote = getattr(battle, "vote", None)
    return {
        "id": battle.pk,
        "created_at": battle.created_at,
        "mode": battle.mode,
        "state": battle.state,
        "shared_at": battle.shared_at,
        "models": names or None,
        "turns": [
            {
                "number": turn.number,
                "prompt": turn.prompt,
                "answers": [
                    {"side": answer.side, "text": answer.text, "failure": answer.reason} for answer in turn.answers
                ],
            }
            for turn in transcript.turns
        ],
        "vote": vote and build_vote_data(vote),
    }
