"""What pages of the admin have in common that are only read."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from config.admin.bases import Page
from ratings.models import Pool

Lookups = Iterable[tuple[str, str]]


class ReadOnly(Page):
    """Rows that operators may see and nobody may change by hand."""

    show_full_result_count = False  # there may be millions
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class OfPool(admin.SimpleListFilter):
    """By pool; the names come from the table of pools, for a list of all that votes name takes a second."""

    title = "pool"
    parameter_name = "pool"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        return list(Pool.objects.order_by("pk").values_list("slug", "name")[:50])

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(pool=self.value()) if self.value() else queryset
