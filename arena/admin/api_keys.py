"""The admin page for API keys. People manage their own keys on their account page."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import ngettext

from arena.identity import api_keys
from arena.models import ApiKey
from core.admin import audit
from core.admin.read_only import ReadOnlyAdmin


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = ("name", "key_prefix", "account", "scope_list", "created_at", "used_at", "expires_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    list_select_related = ("user",)
    search_fields = ("name", "prefix", "user__username")
    fields = list_display
    ordering = ("-pk",)
    actions = ("revoke",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow deletion only on the admin pages of accounts, where a key is deleted with its account."""
        match = request.resolver_match
        return match is not None and str(match.url_name).startswith("auth_user_")

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("arena.change_apikey")

    @admin.display(description="begins with")
    def key_prefix(self, key: ApiKey) -> str:
        return f"{key.prefix}…"

    @admin.display(description="account", ordering="user__username", empty_value="none (created from the command line)")
    def account(self, key: ApiKey) -> Any:
        return key.user

    @admin.display(description="scopes")
    def scope_list(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @admin.action(description="Revoke selected keys", permissions=["revoke"])
    def revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        unrevoked_keys = list(keys.filter(revoked_at=None))
        api_keys.revoke_keys(keys)
        for key in unrevoked_keys:
            audit.record_change(request.user.get_username(), "revoked", key)
        message = ngettext("%(number)s key revoked.", "%(number)s keys revoked.", len(unrevoked_keys))
        self.message_user(request, message % {"number": len(unrevoked_keys)})
