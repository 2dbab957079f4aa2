"""Admin page for exclusions. An exclusion removes votes from the ratings until an operator withdraws it."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from celery import current_app
from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from arena.models import Battle, Pool, Vote
from core.admin import audit
from core.admin.classes import ModelAdmin, ModelForm
from ratings.models import Exclusion


class ExclusionForm(ModelForm):
    battle = forms.UUIDField(
        required=False,
        help_text="ID of a battle. Excludes votes from the network of its voter. Networks are stored for 30 days.",
    )

    vote = forms.IntegerField(
        required=False, min_value=1, max_value=2**63 - 1, help_text="ID of a vote, also if its battle was deleted."
    )

    class Meta:
        model = Exclusion
        fields = ("pool", "voter", "battle", "vote", "start", "end", "reason")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        kinds = (Pool.Kind.REFERENCE, Pool.Kind.IMPORT)
        self.fields["pool"].queryset = Pool.objects.exclude(kind__in=kinds).order_by("pk")  # type: ignore[attr-defined]  # a model choice field

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name, model in (("battle", Battle), ("vote", Vote)):
            if key := cleaned.get(name):
                self.instance.network = self._load_network(name, model, key)
        start = cleaned.get("start")
        end = cleaned.get("end")
        if start and end and end <= start:
            raise ValidationError({"end": _("The end must be after the start.")})
        if not (cleaned.get("voter") or self.instance.network or start or end):
            raise ValidationError(_("Set a voter, a battle, a vote, a start, or an end."))
        return cleaned

    @staticmethod
    def _load_network(name: str, model: type[Battle | Vote], key: Any) -> str:
        row = model._default_manager.filter(pk=key).exclude(network="").values_list("network", flat=True).first()
        if row is None:
            message = _("There is no such %(name)s, or its network is no longer stored.")
            raise ValidationError({name: message % {"name": name}})
        return str(row)


@admin.register(Exclusion)
class ExclusionAdmin(ModelAdmin):
    """Admin pages for exclusions. To preserve the history, exclusions can be withdrawn, but not edited or deleted."""

    form = ExclusionForm
    list_display = ("reason", "pool", "vote_count", "state", "created_by", "created_at")
    list_select_related = ("pool",)
    ordering = ("-pk",)
    actions = ("withdraw",)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Return initial field values from the query string of a link to this form. An invalid start is ignored.

        `ratings.admin.overview` builds such links.
        """
        initial: dict[str, Any] = super().get_changeform_initial_data(request)
        with suppress(ValueError):
            return initial | {"start": datetime.fromisoformat(initial.pop("start", ""))}
        return initial

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_withdraw_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("ratings.change_exclusion")

    def save_model(self, request: HttpRequest, obj: Exclusion, form: Any, change: bool) -> None:  # noqa: FBT001  # Django's signature
        obj.created_by = request.user.get_username()
        super().save_model(request, obj, form, change)
        transaction.on_commit(self._queue)

    @admin.action(description="Withdraw the selected exclusions, so their votes count again", permissions=["withdraw"])
    def withdraw(self, request: HttpRequest, selected: QuerySet[Exclusion]) -> None:
        for exclusion in selected.filter(withdrawn_at=None):
            exclusion.withdrawn_at = timezone.now()
            exclusion.save(update_fields=["withdrawn_at"])
            audit.record_change(request.user.get_username(), "withdrawn", exclusion)
        transaction.on_commit(self._queue)
        self.message_user(request, _("The votes will count again within a few seconds."), messages.SUCCESS)

    @staticmethod
    def _queue() -> None:
        """Queue the task that applies changes. If the broker is down, Celery beat queues it within a minute."""
        try:
            current_app.send_task("ratings.apply_exclusions", expires=60)
        except OperationalError:
            return

    @admin.display(description="votes")
    def vote_count(self, exclusion: Exclusion) -> int | None:
        return None if exclusion.votes is None else len(exclusion.votes)

    @admin.display(description="state")
    def state(self, exclusion: Exclusion) -> str:
        if exclusion.withdrawn_at:
            return _("being withdrawn") if exclusion.is_in_force else _("withdrawn")
        return _("in force") if exclusion.is_in_force else _("being applied")
