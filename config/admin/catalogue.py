"""Models, what is known about them, and their prices."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from arena.models_file import SLUG
from catalog.models import LanguageModel, License, Organization, Price
from config.admin.bases import Form, Page, Rows


class PriceInline(Rows):
    model = Price
    extra = 0
    ordering = ("-as_of",)


class LanguageModelForm(Form):
    def clean_slug(self) -> str:
        """By the rule of the models file: it becomes a part of addresses."""
        slug: str = self.cleaned_data["slug"]
        if not SLUG.fullmatch(slug):
            raise forms.ValidationError(_("It must be made of a-z 0-9 . -"))
        return slug


@admin.register(LanguageModel)
class LanguageModelAdmin(Page):
    form = LanguageModelForm
    list_display = ("name", "slug", "organization", "license", "open_weights", "status", "release_date")
    list_filter = ("status", "open_weights")
    list_select_related = ("organization", "license")
    search_fields = ("name", "slug")
    raw_id_fields = ("base_model",)
    inlines = (PriceInline,)

    def get_readonly_fields(self, request: HttpRequest, obj: LanguageModel | None = None) -> tuple[str, ...]:
        """The slug is in addresses, files and published boards."""
        return ("slug",) if obj else ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[LanguageModel]:
        return super().get_queryset(request).order_by("name", "pk")


@admin.register(Organization)
class OrganizationAdmin(Page):
    list_display = ("name", "slug")
    search_fields = ("name",)


@admin.register(License)
class LicenseAdmin(Page):
    list_display: Any = ("name", "slug", "commercial")
    list_filter = ("commercial",)
    search_fields = ("name",)
