"""Read-only admin page for the log of operators' changes. `core.admin.audit` adds the entries."""

from django.contrib import admin

from core.admin.read_only import ReadOnlyAdmin
from core.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("at", "who", "kind", "thing", "name")
    list_filter = ("kind",)
    date_hierarchy = "at"
    search_fields = ("who", "name", "key")
    fields = ("at", "who", "kind", "thing", "key", "name", "before", "after")
    readonly_fields = ("thing",)

    @admin.display(description="what", ordering="what")
    def thing(self, entry: AuditEntry) -> str:
        return entry.thing
