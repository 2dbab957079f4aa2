"""Admin pages for pools and boards, with actions that recompute and verify them."""

from typing import Any

from celery import current_app
from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from arena.models import BUILT_IN_SLUGS, Pool
from core.admin import audit
from core.admin.classes import ModelAdmin
from core.admin.read_only import ReadOnlyAdmin
from ratings.boards import board_urls
from ratings.boards.snapshots import BoardKey, select_newest_fit
from ratings.models import Board, Category

EXPIRES_S = 600  # a task that has not started after this time is dropped


class EditOnlyAdmin(ModelAdmin):
    """Admin pages for objects that operators can edit, but cannot add or delete."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class RatingsTaskAdmin(ModelAdmin):
    """Admin actions that the ratings worker runs on pools. For selected boards, it runs them on the boards' pools."""

    actions = ("recompute", "recompute_from_scratch", "verify")

    def has_queue_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("arena.change_pool")

    @admin.action(description="Recompute all boards in the affected pools", permissions=["queue"])
    def recompute(self, request: HttpRequest, selected: QuerySet[Any]) -> None:
        self._queue(request, "recompute", selected, from_scratch=False)

    @admin.action(
        description="Recount all votes in the affected pools and recompute their boards", permissions=["queue"]
    )
    def recompute_from_scratch(self, request: HttpRequest, selected: QuerySet[Any]) -> None:
        self._queue(request, "recompute", selected, from_scratch=True)

    @admin.action(description="Verify the tallies of the affected pools", permissions=["queue"])
    def verify(self, request: HttpRequest, selected: QuerySet[Any]) -> None:
        self._queue(request, "verify", selected)

    def pools(self, selected: QuerySet[Any]) -> QuerySet[Pool]:
        """Return the pools of the selected rows."""
        return selected

    def _queue(self, request: HttpRequest, task: str, selected: QuerySet[Any], **options: Any) -> None:
        """Queue a task for each affected pool. The worker records the result in the audit log.

        The tasks do not run in the request, because they can take minutes with millions of votes.
        """
        username = request.user.get_username()
        try:
            for pool in self.pools(selected):
                current_app.send_task(f"ratings.{task}", (pool.slug, username), options, expires=EXPIRES_S)
                audit.record_change(username, f"asked to {task}", pool, after=options)
        except OperationalError:
            self.message_user(
                request, _("The broker is unavailable, so not all tasks were queued. Try again later."), messages.ERROR
            )
        else:
            self.message_user(request, _("The tasks are queued. Their results will appear in the audit entries."))


@admin.register(Pool)
class PoolAdmin(RatingsTaskAdmin, EditOnlyAdmin):
    list_display = ("name", "slug", "kind", "boards", "behind", "ordered", "revision")
    list_filter = ("kind", "visibility")
    list_select_related = ("counts",)
    search_fields = ("slug", "name")
    fields = (
        "slug", "name", "provenance", "kind", "visibility", "owner", "viewers", "paced", "ordered", "revision",
    )  # fmt: skip
    readonly_fields = ("slug", "kind", "owner", "ordered", "revision")
    autocomplete_fields = ("viewers",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Pool]:
        behind = Count("boards", filter=Q(boards__behind=True))
        pools: QuerySet[Pool] = super().get_queryset(request)
        return pools.annotate(board_count=Count("boards"), behind_count=behind).order_by("pk")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        is_built_in = obj is not None and obj.pk in BUILT_IN_SLUGS
        return (*self.readonly_fields, *(("visibility", "viewers") if is_built_in else ()))

    @admin.display(description="revision", ordering="counts__revision")
    def revision(self, pool: Any) -> int:
        return int(pool.counts.revision)

    @admin.display(description="boards")
    def boards(self, pool: Any) -> int:
        return int(pool.board_count)

    @admin.display(description="outdated boards")
    def behind(self, pool: Any) -> int:
        return int(pool.behind_count)


@admin.register(Board)
class BoardAdmin(RatingsTaskAdmin, ReadOnlyAdmin):
    """Admin pages for boards. The button “View on site” opens the ranking."""

    list_display = ("__str__", "votes", "published", "behind", "last_vote_id")
    list_filter = ("style_control", "behind", ("pool", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("pool", "category")
    fields = ("pool", "category", "style_control", "votes", "published", "behind", "last_vote_id")
    readonly_fields = ("votes", "published")
    ordering = ("pool", "pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Board]:
        boards: QuerySet[Board] = super().get_queryset(request)
        return boards.annotate(published_at=select_newest_fit("computed_at"), vote_count=select_newest_fit("votes"))

    def pools(self, selected: QuerySet[Any]) -> QuerySet[Pool]:
        return Pool.objects.filter(boards__in=selected.values("pk")).distinct().order_by("pk")

    def view_on_site(self, board: Board) -> str:
        board_key = BoardKey(pool=board.pool.slug, category=board.category.slug, style_control=board.style_control)
        return board_urls.build_board_url("leaderboard", board_key)

    @admin.display(description="votes")
    def votes(self, board: Any) -> int | None:
        return board.vote_count  # type: ignore[no-any-return]  # `get_queryset` adds it

    @admin.display(description="published")
    def published(self, board: Any) -> str | None:
        return board.published_at and date_format(board.published_at, "DATETIME_FORMAT")


@admin.register(Category)
class CategoryAdmin(EditOnlyAdmin):
    list_display = ("name", "slug")
    readonly_fields = ("slug",)
    ordering = ("slug",)
