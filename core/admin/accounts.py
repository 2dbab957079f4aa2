"""Admin pages for accounts, groups, and the log of operators' changes. Only superusers can give permissions.

Otherwise, someone who may change accounts could make themselves a superuser, or set a superuser's password.
"""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest

from core.admin.read_only import ReadOnlyAdmin
from core.models import AuditEntry

PERMISSION_FIELDS = ("is_staff", "is_superuser", "groups", "user_permissions")

admin.site.unregister([User, Group])


@admin.register(User)
class AccountAdmin(UserAdmin):  # type: ignore[type-arg]  # generic only in Django's type stubs
    """Accounts. Someone who is not a superuser can change and delete only accounts that are not operators' accounts."""

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        fields = tuple(super().get_readonly_fields(request, obj))
        return fields if request.user.is_superuser else (*fields, *PERMISSION_FIELDS)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and _may_edit(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_edit(request, obj)


def _may_edit(request: HttpRequest, account: User | None) -> bool:
    is_operator = account is not None and (account.is_staff or account.is_superuser)
    return bool(request.user.is_superuser) or not is_operator


@admin.register(Group)
class PermissionGroupAdmin(GroupAdmin):
    """Groups. Someone who is not a superuser can only view them."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and bool(request.user.is_superuser)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    """The log. `core.admin.audit` adds the entries."""

    list_display = ("at", "who", "kind", "thing", "name")
    list_filter = ("kind",)
    date_hierarchy = "at"
    search_fields = ("who", "name", "key")
    fields = ("at", "who", "kind", "thing", "key", "name", "before", "after")
    readonly_fields = ("thing",)

    @admin.display(description="what", ordering="what")
    def thing(self, entry: AuditEntry) -> str:
        return entry.thing
