"""Models and what is known about them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.admin.prices import PriceInline
from catalog.facts.claims import RELATED_MODELS
from catalog.facts.fields import (
    DATE_FIELDS,
    FACT_FIELDS,
    MODALITIES,
    MODEL_KINDS,
    ORDERED_PAIRS,
    TUNING_OPTIONS,
    parse_value,
    to_column_value,
)
from catalog.facts.labels import BLANK_VALUES, FIELD_LABELS
from catalog.models import LanguageModel, License, Organization
from core.admin.classes import AutocompleteAdmin, ModelAdmin, ModelForm
from core.text.slugs import SLUG_PATTERN

FIELDSETS: Any = (
    (None, {"fields": ("name", "slug", "organization", "license", "open_weights", "kind", "base_model")}),
    (
        gettext_lazy("Life"),
        {
            "fields": ("status", "release_date", "knowledge_cutoff", "retires_on"),
            "description": gettext_lazy("A model cannot be deleted: retire it."),
        },
    ),
    (
        gettext_lazy("Size and training"),
        {"fields": ("parameters_total", "parameters_active", "training_tokens", "layers", "kv_heads", "head_dim")},
    ),
    (
        gettext_lazy("What it can do"),
        {
            "fields": (
                "context_window", "max_input", "max_output", "modalities", "tools", "web_search", "fine_tuning",
                "requests_per_minute", "tokens_per_minute",
            )
        },
    ),
)  # fmt: skip


class LanguageModelForm(ModelForm):
    """Takes what facts may say: see `catalog.facts.fields`."""

    kind = forms.ChoiceField(choices=[("", "---------"), *zip(MODEL_KINDS, MODEL_KINDS, strict=True)], required=False)
    modalities = forms.MultipleChoiceField(
        choices=list(zip(MODALITIES, MODALITIES, strict=True)), widget=forms.CheckboxSelectMultiple, required=False
    )
    fine_tuning = forms.ChoiceField(
        choices=[("", "---------"), *zip(TUNING_OPTIONS, TUNING_OPTIONS, strict=True)], required=False
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """The fields are called what the pages call them."""
        super().__init__(*arguments, **options)
        for name, (label, why) in FIELD_LABELS.items():
            if name in self.fields:
                self.fields[name].label = label
                self.fields[name].help_text = self.fields[name].help_text or why

    def clean_slug(self) -> str:
        """By the rule of the models file: it becomes a part of addresses."""
        slug: str = self.cleaned_data["slug"]
        if not SLUG_PATTERN.fullmatch(slug):
            raise forms.ValidationError(_("It must be made of a-z 0-9 . - and hold a letter or digit."))
        return slug

    def clean_base_model(self) -> LanguageModel | None:
        base: LanguageModel | None = self.cleaned_data["base_model"]
        if base is not None and base == self.instance:
            raise forms.ValidationError(_("A model is not made from itself."))
        return base

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for field in FACT_FIELDS.keys() - RELATED_MODELS.keys():
            if cleaned.get(field) not in BLANK_VALUES:
                self._read(field, cleaned[field])
        for low, high in ORDERED_PAIRS:
            self._compare(low, high)
        return cleaned

    def _read(self, field: str, value: Any) -> None:
        try:
            said = parse_value(field, value.isoformat() if field in DATE_FIELDS else value)
        except ValueError as error:
            self.add_error(field, str(error))
        else:
            self.cleaned_data[field] = to_column_value(field, said)

    def _compare(self, low: str, high: str) -> None:
        """Sources may say what does not fit together, and that is in nobody's way who changes something else."""
        first, second = (self.cleaned_data.get(name) for name in (low, high))
        if {low, high} & set(self.changed_data) and first is not None and second is not None and first > second:
            self.add_error(low, _("This lies beyond “%(other)s”.") % {"other": self.fields[high].label})


@admin.register(LanguageModel)
class LanguageModelAdmin(AutocompleteAdmin):
    form = LanguageModelForm
    fieldsets = FIELDSETS
    list_display = ("name", "organization", "license", "open_weights", "status", "release_date", "answers_here", "slug")
    list_filter = ("status", "open_weights", ("endpoint", admin.EmptyFieldListFilter), "license__commercial")
    list_select_related = ("organization", "license", "endpoint")
    search_fields = ("name", "slug")
    autocomplete_fields = ("base_model",)
    inlines = (PriceInline,)

    @admin.display(description="answers here", boolean=True)
    def answers_here(self, model: LanguageModel) -> bool:
        endpoint = getattr(model, "endpoint", None)
        return bool(endpoint and endpoint.enabled)

    def get_readonly_fields(self, request: HttpRequest, obj: LanguageModel | None = None) -> tuple[str, ...]:
        """The slug is in addresses, files and published boards."""
        return ("slug",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: LanguageModel | None = None) -> bool:
        """What is known of it is kept, and votes name it."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[LanguageModel]:
        return super().get_queryset(request).order_by("name", "pk")


class _CountedAdmin(ModelAdmin):
    """With how many models have it."""

    search_fields = ("name", "slug")
    ordering = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        found: QuerySet[Any] = super().get_queryset(request).annotate(number=Count("languagemodel"))
        return found

    @admin.display(description="models", ordering="number")
    def models(self, row: Any) -> int:
        return int(row.number)


@admin.register(Organization)
class OrganizationAdmin(_CountedAdmin):
    list_display = ("name", "slug", "models")


@admin.register(License)
class LicenseAdmin(_CountedAdmin):
    list_display = ("name", "commercial", "derivatives", "research_only", "models", "source")
    list_filter = ("commercial", "derivatives", "research_only")
