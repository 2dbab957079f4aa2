"""Read-only admin pages for battles, votes, and voters. A battle's page shows its calls and its stream events."""

import re
from collections import defaultdict
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from arena.answers import battle_view
from arena.answers.stream_events import Position, list_events
from arena.battles import review_queue
from arena.battles.feedback import BLAME, PRAISE
from arena.models import IS_LISTED, IS_SHARED, SIDES, Battle, Contestant, EndpointCall, Turn, Vote, Voter
from core.admin import audit
from core.admin.read_only import ReadOnlyAdmin

REASON_LABELS = PRAISE | BLAME
ID_PREFIX_PATTERN = re.compile(r"[0-9a-f]{4,32}")  # the beginning of an id, with no hyphens


class PublicationFilter(admin.SimpleListFilter):
    """Filters battles by publication state.

    Operators review battles in two lists: those waiting in the queue, and those reported by readers. The lists are
    separate, so that many reports cannot hide the battles in the queue.
    """

    title = "publication"
    parameter_name = "published"
    CHOICES: ClassVar[dict[str, tuple[str, Q]]] = {
        "waiting": ("Waiting for an operator", IS_SHARED & Q(review=Battle.Review.WAITING)),
        "reported": ("Reported by readers", IS_SHARED & Q(review=Battle.Review.REPORTED)),
        "listed": ("Listed", IS_LISTED),
        "yes": ("All published", IS_SHARED),
        "withdrawn": ("Withdrawn", Q(review=Battle.Review.WITHDRAWN)),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, label) for value, (label, _condition) in self.CHOICES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Battle]) -> QuerySet[Battle]:
        _label, condition = self.CHOICES.get(self.value() or "", ("", Q()))
        return queryset.filter(condition)


@admin.register(Battle)
class BattleAdmin(ReadOnlyAdmin):
    """Admin for battles. A battle's page shows its turns, its answers and their attempts, and its events."""

    list_display = (
        "created_at", "state", "winner", "contestant_a", "contestant_b", "pool", "mode", "review", "replacements",
        "propensity", "short_id",
    )  # fmt: skip
    search_help_text = "Search by battle or voter ID (or its first characters), or by model name or slug"
    list_filter = (PublicationFilter, "state", "mode", "pool", "prompt_source")
    list_select_related = ("contestant_a", "contestant_b", "pool", "vote")
    search_fields = ("id",)  # only makes Django show the search box (see get_search_results)
    # The template describes the first three fields in words. Reviewers do not need the network hashes.
    exclude = ("replaced", "standing", "among", "network", "shared_network")
    ordering = ("-created_at",)
    actions = ("list_on_model_pages", "leave_unlisted", "withdraw")
    change_form_template = "admin/arena/battle/inspect.html"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Battle], search_term: str
    ) -> tuple[QuerySet[Battle], bool]:
        """Search with indexes, because there can be millions of battles. Django would cast every id to text."""
        term = search_term.strip()
        if not term:
            return queryset, False
        found = Contestant.objects.filter(Q(slug__iexact=term) | Q(name__iexact=term))
        contestant_ids = list(found.values_list("pk", flat=True))
        condition = Q(contestant_a__in=contestant_ids) | Q(contestant_b__in=contestant_ids)
        if id_range := _parse_id_range(term):
            first, last = id_range
            condition |= Q(pk__gte=first, pk__lte=last) | Q(voter__gte=first, voter__lte=last)
        return queryset.filter(condition), False

    @admin.action(description="List selected published battles on model pages", permissions=["decide"])
    def list_on_model_pages(self, request: HttpRequest, battles: QuerySet[Battle]) -> None:
        self._decide(request, battles, Battle.Review.LISTED)

    @admin.action(description="Keep selected published battles available only by link", permissions=["decide"])
    def leave_unlisted(self, request: HttpRequest, battles: QuerySet[Battle]) -> None:
        self._decide(request, battles, Battle.Review.UNLISTED)

    @admin.action(description="Take down selected published battles permanently", permissions=["decide"])
    def withdraw(self, request: HttpRequest, battles: QuerySet[Battle]) -> None:
        self._decide(request, battles, Battle.Review.WITHDRAWN)

    def _decide(self, request: HttpRequest, battles: QuerySet[Battle], decision: Battle.Review) -> None:
        """Record a decision for the published battles in the selection, and report how many were changed."""
        decided_battles = [battle for battle in battles if review_queue.record_decision(battle.pk, decision)]
        for battle in decided_battles:
            audit.record_change(request.user.get_username(), decision.value, battle)
        message = _("%(number)s of %(total)s battles: %(decision)s.")
        values = {"number": len(decided_battles), "total": len(battles), "decision": decision.label}
        self.message_user(request, message % values, messages.SUCCESS if decided_battles else messages.WARNING)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("arena.change_battle")

    @admin.display(ordering="vote__winner")
    def winner(self, battle: Battle) -> str:
        vote = getattr(battle, "vote", None)
        return vote.get_winner_display() if vote else ""

    @admin.display(description="id")
    def short_id(self, battle: Battle) -> str:
        return str(battle.pk)[:8]

    @admin.display(description="replaced")
    def replacements(self, battle: Battle) -> int:
        return len(battle.replaced)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        inspection = build_inspection(object_id) if request.method == "GET" else {}
        return super().change_view(request, object_id, form_url, (extra_context or {}) | inspection)


def _parse_id_range(text: str) -> tuple[UUID, UUID] | None:
    """Return the first and the last id that can begin with this text, or None if no id can begin with it."""
    digits = text.replace("-", "").lower()
    if not ID_PREFIX_PATTERN.fullmatch(digits):
        return None
    return UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))


def build_inspection(object_id: str) -> dict[str, Any]:
    """Return the template context, or an empty dict if the battle does not exist."""
    try:
        battle = Battle.objects.select_related("contestant_a", "contestant_b").filter(pk=UUID(object_id)).first()
    except ValueError:
        battle = None
    if battle is None:
        return {}
    named_ids = battle.among or ()
    replaced_ids = [replacement["contestant"] for replacement in battle.replaced]
    contestants = Contestant.objects.in_bulk([*replaced_ids, *named_ids])
    events = list_events(Position(), battle_view.build_battle_view(battle_view.load_answers(battle.pk)))
    vote = Vote.objects.filter(battle=battle).first()
    return {
        "vote": vote,
        "report_count": battle.reports.count(),
        "sides": [_build_side(battle, vote, side) for side in SIDES],
        "among": [contestants[key] for key in named_ids if key in contestants],
        "turns": _load_turns(battle),
        "replacements": [
            replacement | {"contestant": contestants.get(replacement["contestant"])} for replacement in battle.replaced
        ],
        "events": [{"name": event.name, **event.data, "size": len(event.data.get("text", ""))} for event in events],
    }


def _load_turns(battle: Battle) -> list[Turn]:
    """Return the turns. Each answer has its failed calls of the last three days, which may be to other endpoints."""
    failed_calls = defaultdict(list)
    calls = EndpointCall.objects.filter(created_at__gte=battle.created_at, battle=battle.pk).exclude(failure="")
    for call in calls.prefetch_related("endpoint__contestants").order_by("pk"):
        failed_calls[call.answer].append(call)
    turns = list(Turn.objects.filter(battle=battle).prefetch_related("answers__contestant"))
    for turn in turns:
        for answer in turn.answers.all():
            answer.failed_calls = failed_calls[answer.pk]  # type: ignore[attr-defined]  # for the template
    return turns


def _build_side(battle: Battle, vote: Vote | None, side: str) -> dict[str, Any]:
    """Return a side's contestant, whether it won, the voter's reasons, and its standing before the vote."""
    reasons = vote.reasons.get(side, ()) if vote else ()
    return {
        "side": side,
        "contestant": battle.contestants_by_side[side],
        "won": vote is not None and vote.winner == side,
        "reasons": [REASON_LABELS.get(reason, reason) for reason in reasons],
        "standing": (battle.standing or {}).get(side),
    }


@admin.register(Vote)
class VoteAdmin(ReadOnlyAdmin):
    list_display = (
        "created_at", "counted", "winner", "contestant_a", "contestant_b", "pool", "reason", "multiplicity", "id",
    )  # fmt: skip
    list_filter = ("pool", "source", "winner", "counted")
    list_select_related = ("contestant_a", "contestant_b", "pool")
    search_fields = ("=id", "=battle__id")
    search_help_text = "Search by vote ID or battle ID"
    ordering = ("-pk",)
    exclude = ("prompt_hash", "network")


@admin.register(Voter)
class VoterAdmin(ReadOnlyAdmin):
    """Admin for voters. A voter is a random ID, stored without an IP address or user agent."""

    list_display = ("id", "created_at", "has_account", "battles_fought", "votes_cast")
    fields = list_display
    readonly_fields = list_display
    search_fields = ("=id",)
    ordering = ("-created_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Voter]:
        # The condition on `prompt_hash` lets the query use a partial index.
        votes = Vote.objects.filter(~Q(prompt_hash=""), voter=OuterRef("pk")).values("voter")
        battles = Battle.objects.filter(voter=OuterRef("pk")).values("voter")
        counts = {
            "battle_count": Coalesce(Subquery(battles.annotate(total=Count("pk")).values("total")), 0),
            "vote_count": Coalesce(Subquery(votes.annotate(total=Count("pk")).values("total")), 0),
        }
        voters: QuerySet[Voter] = super().get_queryset(request).annotate(**counts)
        return voters

    @admin.display(description="account", boolean=True)
    def has_account(self, voter: Voter) -> bool:
        return voter.user_id is not None

    @admin.display(description="battles")
    def battles_fought(self, voter: Any) -> int:
        return int(voter.battle_count)

    @admin.display(description="votes")
    def votes_cast(self, voter: Any) -> int:
        return int(voter.vote_count)
