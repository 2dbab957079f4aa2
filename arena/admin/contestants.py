"""The admin page for contestants: what they send, and the endpoint that answers."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from arena.endpoints.models_file import (
    NEW_SLUG_HINT,
    OWN_DEFAULTS,
    SENT_FIELDS,
    InvalidFieldError,
    check_settings,
    find_frozen_field,
)
from arena.models import Contestant, get_or_create_plain
from catalog.models import LanguageModel
from core.admin.classes import AutocompleteAdmin, ModelForm
from core.admin.json_field import FORMFIELD_OVERRIDES
from core.text.slugs import SLUG_PATTERN

NAME_FIELDS = ("model", "name", "slug", "predecessor")
FOLLOWED_FIELDS = ("model", "name", "slug", "system")  # a plain contestant has these from its model


class ContestantForm(ModelForm):
    name = forms.CharField(required=False, max_length=200)
    slug = forms.CharField(
        required=False, max_length=200, help_text=gettext_lazy("Leave it empty for the catalog model as it is.")
    )

    class Meta:
        model = Contestant
        fields = (*NAME_FIELDS, "pool", "endpoint", *OWN_DEFAULTS, "enabled", "retired_at")
        labels = {
            "max_tokens": gettext_lazy("Maximum answer length (tokens)"),
            "thinking_tokens": gettext_lazy("Maximum reasoning tokens"),
            "parameters": gettext_lazy("Additional parameters"),
            "system": gettext_lazy("System prompt"),
            "enabled": gettext_lazy("Enabled"),
        }
        help_texts = {
            "enabled": gettext_lazy("To remove a contestant from battles, disable it here. It cannot be deleted."),
            "thinking_tokens": gettext_lazy("For reasoning models, in addition to the maximum answer length."),
            "parameters": gettext_lazy(
                'JSON, for example {"top_p": 0.9}. Never enter a key, because operators can read it.'
            ),
        }

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        frozen = (*(["pool"] if self.instance.pk else []), *(FOLLOWED_FIELDS if self.instance.plain else []))
        for field in frozen:
            self.fields[field].disabled = True

    def clean(self) -> dict[str, Any]:
        """Check the fields against the rules for the models file."""
        cleaned = super().clean() or {}
        cleaned["system"] = cleaned.get("system") or None
        if self.errors:
            return cleaned
        settings = {field: cleaned[field] for field in OWN_DEFAULTS if cleaned[field] not in (None, "")}
        try:
            check_settings(str(_("This contestant")), settings)
        except InvalidFieldError as error:
            self.add_error(error.field, f"It {error.problem}.")
        if cleaned["slug"]:
            self._check_variant(cleaned)
        elif cleaned["pool"]:
            self.add_error("slug", _("A contestant of a pool needs its own slug and name."))
        elif cleaned["model"] is None:
            self.add_error("model", _("Choose the catalog model, or enter a slug and a name."))
        elif cleaned["system"] is not None:
            self.add_error("slug", _("A model with another system prompt is a variant, which needs its own slug."))
        elif cleaned["model"].contestants.filter(plain=True, endpoint__isnull=False).exists():
            self.add_error("model", _("This model already has an endpoint. Edit its contestant instead."))
        return cleaned

    def _check_variant(self, cleaned: dict[str, Any]) -> None:
        if self.instance.plain:
            return
        if not SLUG_PATTERN.fullmatch(cleaned["slug"]):
            message = _("Use only lowercase letters, digits, periods, and hyphens, with at least one letter or digit.")
            self.add_error("slug", message)
        elif LanguageModel.objects.filter(slug=cleaned["slug"]).exists():
            self.add_error("slug", _("The catalog has a model with this slug."))
        if not cleaned["name"]:
            self.add_error("name", _("Enter a name."))
        predecessor = cleaned["predecessor"]
        if predecessor and predecessor.pool not in (None, cleaned["pool"]):
            self.add_error("predecessor", _("The predecessor belongs to another pool."))
        sent = {field: cleaned[field] for field in (*SENT_FIELDS, "model")}
        upstream_id = cleaned["endpoint"].upstream_id if cleaned["endpoint"] else ""
        if self.instance.pk and find_frozen_field(Contestant.objects.get(pk=self.instance.pk), sent, upstream_id):
            message = _("After its first answer, what a contestant sends cannot change: %(hint)s.")
            self.add_error(None, message % {"hint": NEW_SLUG_HINT})


@admin.register(Contestant)
class ContestantAdmin(AutocompleteAdmin):
    form = ContestantForm
    formfield_overrides = FORMFIELD_OVERRIDES
    list_display = ("name", "slug", "model", "endpoint", "plain", "enabled")
    list_filter = ("enabled", "plain", "pool", ("endpoint", admin.EmptyFieldListFilter))
    search_fields = ("name", "slug", "model__name")
    autocomplete_fields = ("model", "predecessor", "endpoint")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Contestant]:
        return super().get_queryset(request).select_related("model", "endpoint").order_by("name", "pk")

    def has_delete_permission(self, request: HttpRequest, obj: Contestant | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Contestant, form: Any, change: Any) -> None:
        """Save the contestant. Without a slug, it is the plain one of its model, which might exist already."""
        if not obj.slug and obj.model_id:
            plain = get_or_create_plain([obj.model_id])[obj.model_id]
            for field in ("pk", "slug", "name", "plain", "created_at"):
                setattr(obj, field, getattr(plain, field))
            change = True
        super().save_model(request, obj, form, change)
