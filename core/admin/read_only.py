"""Base class for read-only admin pages."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest

from core.admin.classes import ModelAdmin

Lookups = Iterable[tuple[str, str]]


class ReadOnlyAdmin(ModelAdmin):
    """An admin page whose rows operators can view, but not add, change, or delete."""

    show_full_result_count = False  # counting millions of rows is slow
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
