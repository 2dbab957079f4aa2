"""What happened: battles with both texts, votes, and who cast them. All of it is read only."""

import re
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse

from arena import sharing
from arena.models import SHARED, Battle, Vote, Voter
from catalog.models import LanguageModel
from config import changes
from config.admin.inspecting import inspected
from config.admin.reading import OfPool, ReadOnly

BEGINNING = re.compile(r"[0-9a-f]{4,32}")  # of an id, without its hyphens


class IsShared(admin.SimpleListFilter):
    title = "who may read it"
    parameter_name = "shared"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "everybody")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Battle]) -> QuerySet[Battle]:
        return queryset.filter(SHARED) if self.value() else queryset


@admin.register(Battle)
class BattleAdmin(ReadOnly):
    """The page of one battle shows all there is: turns, answers with their attempts, and the events of its stream."""

    list_display = ("created_at", "state", "model_a", "model_b", "pool", "mode", "propensity", "replacements", "short")
    search_help_text = "The id of a battle or of a voter, or how it begins; the name or the slug of a model"
    list_filter = ("state", "mode", OfPool, "prompt_source", IsShared)
    list_select_related = ("model_a", "model_b")
    search_fields = ("id",)  # for the field alone, see get_search_results
    exclude = ("replaced", "standing", "among")  # in words below
    ordering = ("-created_at",)
    actions = ("withdraw",)
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
        if ids := _beginning(term):
            first, last = ids
            wanted |= Q(pk__gte=first, pk__lte=last) | Q(voter__gte=first, voter__lte=last)
        return queryset.filter(wanted), False

    @admin.action(description="Let nobody but its voter read it", permissions=["withdraw"])
    def withdraw(self, request: HttpRequest, battles: QuerySet[Battle]) -> None:
        for battle in battles.filter(SHARED):
            sharing.share(battle, shared=False)
            changes.note(request.user.get_username(), "withdrew", battle)

    def has_withdraw_permission(self, request: HttpRequest) -> bool:
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
        seen = inspected(object_id) if request.method == "GET" else {}
        return super().change_view(request, object_id, form_url, (extra_context or {}) | seen)


def _beginning(text: str) -> tuple[UUID, UUID] | None:
    """The first and the last id that begin with these digits."""
    digits = text.replace("-", "").lower()
    if not BEGINNING.fullmatch(digits):
        return None
    return UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))


@admin.register(Vote)
class VoteAdmin(ReadOnly):
    list_display = ("id", "created_at", "pool", "model_a", "model_b", "winner", "multiplicity", "counted", "reason")
    list_filter = (OfPool, "source", "winner", "counted")
    list_select_related = ("model_a", "model_b")
    search_fields = ("=id", "=battle__id")
    search_help_text = "The id of a vote or of its battle"
    ordering = ("-pk",)
    exclude = ("prompt_hash",)


@admin.register(Voter)
class VoterAdmin(ReadOnly):
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
