"""Models, what is known about them, and their prices."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from arena.models_file import SLUG
from catalog.fact_words import WORDS
from catalog.models import LanguageModel, License, Organization, Price
from config.admin.bases import Choosing, Form, Page, Rows

SHORT = forms.Textarea(attrs={"rows": 2, "cols": 60})
FIELDSETS: Any = (
    (None, {"fields": ("name", "slug", "organization", "license", "open_weights", "kind", "base_model")}),
    (gettext_lazy("Life"), {"fields": ("status", "release_date", "knowledge_cutoff", "retires_on")}),
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


class PriceInline(Rows):
    model = Price
    extra = 0
    ordering = ("-as_of",)
    formfield_overrides = {models.JSONField: {"widget": SHORT}}


class LanguageModelForm(Form):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        """The fields are called what the pages call them."""
        super().__init__(*arguments, **options)
        for name, (label, why) in WORDS.items():
            if name in self.fields:
                self.fields[name].label = label
                self.fields[name].help_text = self.fields[name].help_text or why

    def clean_slug(self) -> str:
        """By the rule of the models file: it becomes a part of addresses."""
        slug: str = self.cleaned_data["slug"]
        if not SLUG.fullmatch(slug):
            raise forms.ValidationError(_("It must be made of a-z 0-9 . -"))
        return slug


@admin.register(LanguageModel)
class LanguageModelAdmin(Choosing):
    form = LanguageModelForm
    fieldsets = FIELDSETS
    list_display = ("name", "organization", "license", "open_weights", "status", "release_date", "answers_here", "slug")
    list_filter = ("status", "open_weights", ("endpoint", admin.EmptyFieldListFilter), "license__commercial")
    list_select_related = ("organization", "license", "endpoint")
    search_fields = ("name", "slug")
    autocomplete_fields = ("base_model",)
    formfield_overrides = {models.JSONField: {"widget": SHORT}}
    inlines = (PriceInline,)

    @admin.display(description="answers here", boolean=True)
    def answers_here(self, model: LanguageModel) -> bool:
        endpoint = getattr(model, "endpoint", None)
        return bool(endpoint and endpoint.enabled)

    def get_readonly_fields(self, request: HttpRequest, obj: LanguageModel | None = None) -> tuple[str, ...]:
        """The slug is in addresses, files and published boards."""
        return ("slug",) if obj else ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[LanguageModel]:
        return super().get_queryset(request).order_by("name", "pk")


class _Counted(Page):
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
class OrganizationAdmin(_Counted):
    list_display = ("name", "slug", "models")


@admin.register(License)
class LicenseAdmin(_Counted):
    list_display = ("name", "commercial", "derivatives", "research_only", "models", "source")
    list_filter = ("commercial", "derivatives", "research_only")
