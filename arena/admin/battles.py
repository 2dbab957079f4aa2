"""What happened: battles with both texts, votes, and who cast them. All of it is read only."""

import re
from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.apps import apps
from django.contrib import admin, messages
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from arena.admin.battle_detail import build_inspection
from arena.battles import review_queue
from arena.models import IS_LISTED, IS_SHARED, Battle, Vote, Voter
from catalog.models import LanguageModel
from core.admin import audit
from core.admin.read_only import ReadOnlyAdmin

ID_PREFIX_PATTERN = re.compile(r"[0-9a-f]{4,32}")  # of an id, without its hyphens


class PublicationFilter(admin.SimpleListFilter):
    """Two of its choices are for an operator to look at: the queue, and apart from it what readers reported, which has
    no places, so that whoever reports many hides nobody in the queue."""

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
        return [(value, label) for value, (label, _) in self.CHOICES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Battle]) -> QuerySet[Battle]:
        _, condition = self.CHOICES.get(self.value() or "", ("", Q()))
        return queryset.filter(condition)


class PoolFilter(admin.SimpleListFilter):
    """By pool; the names come from the table of pools, for a list of all that votes name takes a second."""

    title = "pool"
    parameter_name = "pool"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        pools: Any = apps.get_model("ratings", "Pool")  # `ratings` builds on `arena`, and is not imported here
        return list(pools.objects.order_by("pk").values_list("slug", "name")[:50])

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(pool=self.value()) if self.value() else queryset


@admin.register(Battle)
class BattleAdmin(ReadOnlyAdmin):
    """The page of one battle shows all there is: turns, answers with their attempts, and the events of its stream."""

    list_display = (
        "created_at",
        "state",
        "review",
        "model_a",
        "model_b",
        "pool",
        "mode",
        "propensity",
        "replacements",
        "short",
    )
    search_help_text = "The id of a battle or of a voter, or how it begins; the name or the slug of a model"
    list_filter = (PublicationFilter, "state", "mode", PoolFilter, "prompt_source")
    list_select_related = ("model_a", "model_b")
    search_fields = ("id",)  # for the field alone, see get_search_results
    # The first three are in words below; nobody needs the hashes of networks to decide.
    exclude = ("replaced", "standing", "among", "network", "shared_network")
    ordering = ("-created_at",)
    actions = ("show_on_models", "leave_unlisted", "withdraw")
    change_form_template = "admin/arena/battle/inspect.html"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Battle], search_term: str
    ) -> tuple[QuerySet[Battle], bool]:
        """By indexes alone, for there may be millions: Django's own search would read every id as a text."""
        term = search_term.strip()
        if not term:
            return queryset, False
        keys = LanguageModel.objects.filter(Q(slug__iexact=term) | Q(name__iexact=term)).values_list("pk", flat=True)
        models = [*keys]
        wanted = Q(model_a__in=models) | Q(model_b__in=models)
        if ids := _parse_id_range(term):
            first, last = ids
            wanted |= Q(pk__gte=first, pk__lte=last) | Q(voter__gte=first, voter__lte=last)
        return queryset.filter(wanted), False

    @admin.action(description="Published: list on the pages of its models", permissions=["decide"])
    def show_on_models(self, request: HttpRequest, battles: QuerySet[Battle]) -> None:
        self._decide(request, battles, Battle.Review.LISTED)

    @admin.action(description="Published: leave it reachable by its link alone", permissions=["decide"])
    def leave_unlisted(self, request: HttpRequest, battles: QuerySet[Battle]) -> None:
        self._decide(request, battles, Battle.Review.UNLISTED)

    @admin.action(description="Published: take it down for good", permissions=["decide"])
    def withdraw(self, request: HttpRequest, battles: QuerySet[Battle]) -> None:
        self._decide(request, battles, Battle.Review.WITHDRAWN)

    def _decide(self, request: HttpRequest, battles: QuerySet[Battle], decision: Battle.Review) -> None:
        """Says how many; the others are not published, or not any more."""
        decided = [battle for battle in battles if review_queue.decide_review(battle.pk, decision)]
        for battle in decided:
            audit.record_change(request.user.get_username(), decision.value, battle)
        said = _("%(number)s of %(of)s: %(decision)s.")
        words = {"number": len(decided), "of": len(battles), "decision": decision.label}
        self.message_user(request, said % words, messages.SUCCESS if decided else messages.WARNING)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("arena.change_battle")

    @admin.display(description="id")
    def short(self, battle: Battle) -> str:
        return str(battle.pk)[:8]

    @admin.display(description="replaced")
    def replacements(self, battle: Battle) -> int:
        return len(battle.replaced)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        seen = build_inspection(object_id) if request.method == "GET" else {}
        return super().change_view(request, object_id, form_url, (extra_context or {}) | seen)


def _parse_id_range(text: str) -> tuple[UUID, UUID] | None:
    """The first and the last id that begin with these digits."""
    digits = text.replace("-", "").lower()
    if not ID_PREFIX_PATTERN.fullmatch(digits):
        return None
    return UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))


@admin.register(Vote)
class VoteAdmin(ReadOnlyAdmin):
    list_display = ("id", "created_at", "pool", "model_a", "model_b", "winner", "multiplicity", "counted", "reason")
    list_filter = (PoolFilter, "source", "winner", "counted")
    list_select_related = ("model_a", "model_b")
    search_fields = ("=id", "=battle__id")
    search_help_text = "The id of a vote or of its battle"
    ordering = ("-pk",)
    exclude = ("prompt_hash",)


@admin.register(Voter)
class VoterAdmin(ReadOnlyAdmin):
    """A voter is a random number here: neither an address nor a browser is shown, not as a hash either."""

    list_display = ("id", "created_at", "has_account", "battles_fought", "votes_cast")
    fields = ("id", "created_at", "has_account", "battles_fought", "votes_cast")
    readonly_fields = fields
    search_fields = ("=id",)
    ordering = ("-created_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Voter]:
        votes = Vote.objects.filter(~Q(prompt_hash=""), voter=OuterRef("pk")).values("voter")
        battles = Battle.objects.filter(voter=OuterRef("pk")).values("voter")
        counted = {
            "fought": Coalesce(Subquery(battles.annotate(n=Count("pk")).values("n")), 0),
            "cast": Coalesce(Subquery(votes.annotate(n=Count("pk")).values("n")), 0),
        }
        found: QuerySet[Voter] = super().get_queryset(request).annotate(**counted)
        return found

    @admin.display(description="account", boolean=True)
    def has_account(self, voter: Voter) -> bool:
        return voter.user_id is not None

    @admin.display(description="battles")
    def battles_fought(self, voter: Any) -> int:
        return int(voter.fought)

    @admin.display(description="votes")
    def votes_cast(self, voter: Any) -> int:
        return int(voter.cast)
