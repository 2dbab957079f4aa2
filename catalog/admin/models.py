"""Admin pages for models, organizations, and licenses."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.admin.prices import PriceInline
from catalog.admin.source_form import SOURCE_FIELDS, SourceForm
from catalog.facts.claims import HAND_SOURCE, RELATED_MODELS, record_edits
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
from core.admin.classes import AutocompleteAdmin, ModelAdmin
from core.text.slugs import SLUG_PATTERN

FIELDSETS: Any = (
    (None, {"fields": ("name", "slug", "organization", "license", "open_weights", "kind", "base_model")}),
    (
        gettext_lazy("Lifecycle"),
        {
            "fields": ("status", "release_date", "knowledge_cutoff", "retires_on", "successor", "demo"),
            "description": gettext_lazy("Models cannot be deleted. Set the status to retired instead."),
        },
    ),
    (
        gettext_lazy("Size and training"),
        {"fields": ("parameters_total", "parameters_active", "training_tokens", "layers", "kv_heads", "head_dim")},
    ),
    (
        gettext_lazy("Capabilities and limits"),
        {
            "fields": (
                "context_window", "max_input", "max_output", "modalities", "tools", "web_search", "fine_tuning",
                "requests_per_minute", "tokens_per_minute",
            )
        },
    ),
    (
        gettext_lazy("Source of your changes"),
        {
            "fields": SOURCE_FIELDS,
            "description": gettext_lazy(
                "The facts that you change on this page are marked “entered manually” on the public pages, with this"
                " source and day. Imports do not change them. If your facts have different sources, save them one after"
                " another."
            ),
        },
    ),
)  # fmt: skip


class LanguageModelForm(SourceForm):
    """Form for a model. It validates values by the same rules as facts (see `catalog.facts.fields`)."""

    kind = forms.ChoiceField(choices=[("", "---------"), *zip(MODEL_KINDS, MODEL_KINDS, strict=True)], required=False)
    modalities = forms.MultipleChoiceField(
        choices=list(zip(MODALITIES, MODALITIES, strict=True)), widget=forms.CheckboxSelectMultiple, required=False
    )
    fine_tuning = forms.ChoiceField(
        choices=[("", "---------"), *zip(TUNING_OPTIONS, TUNING_OPTIONS, strict=True)], required=False
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Use the labels and help text from the public pages. The source and day are optional, with defaults."""
        super().__init__(*arguments, **options)
        for name in SOURCE_FIELDS:
            self.fields[name].required = False
        for name, (label, help_text) in FIELD_LABELS.items():
            if name in self.fields:
                self.fields[name].label = label
                self.fields[name].help_text = self.fields[name].help_text or help_text

    def clean_slug(self) -> str:
        """Allow only slugs that the models file also allows, because slugs are part of URLs."""
        slug: str = self.cleaned_data["slug"]
        if not SLUG_PATTERN.fullmatch(slug):
            raise forms.ValidationError(
                _("Use only lowercase letters, digits, periods, and hyphens, with at least one letter or digit.")
            )
        return slug

    def clean_base_model(self) -> LanguageModel | None:
        base: LanguageModel | None = self.cleaned_data["base_model"]
        if base is not None and base == self.instance:
            raise forms.ValidationError(_("A model cannot be its own base model."))
        return base

    def clean(self) -> dict[str, Any]:
        """Parse each fact as its field demands, and check fields that the user changed against each other.

        Imported values can break the order of two fields. Such values must not prevent changes to other fields.
        """
        cleaned = super().clean()
        for field in FACT_FIELDS.keys() - RELATED_MODELS.keys():
            value: Any = cleaned.get(field)
            if value not in BLANK_VALUES:
                try:
                    parsed = parse_value(field, value.isoformat() if field in DATE_FIELDS else value)
                    cleaned[field] = to_column_value(field, parsed)
                except ValueError as error:
                    self.add_error(field, str(error))
        for low, high in ORDERED_PAIRS:
            given = [cleaned[name] for name in (low, high) if cleaned.get(name) is not None]
            if {low, high} & set(self.changed_data) and len(given) == 2 and given[0] > given[1]:
                message = _("This must not be greater than “%(other)s”.")
                self.add_error(low, message % {"other": self.fields[high].label})
        return cleaned


@admin.register(LanguageModel)
class LanguageModelAdmin(AutocompleteAdmin):
    form = LanguageModelForm
    fieldsets = FIELDSETS
    list_display = (
        "name",
        "organization",
        "license",
        "open_weights",
        "status",
        "release_date",
        "is_enabled_in_arena",
        "slug",
    )
    list_filter = (
        "status",
        "open_weights",
        ("contestants__endpoint", admin.EmptyFieldListFilter),
        "license__commercial",
    )
    list_select_related = ("organization", "license")
    search_fields = ("name", "slug")
    autocomplete_fields = ("base_model",)
    inlines = (PriceInline,)

    @admin.display(description="enabled in the arena", boolean=True)
    def is_enabled_in_arena(self, model: LanguageModel) -> bool:
        contestants: Any = getattr(model, "contestants")  # noqa: B009  # of a higher app, unknown to the types
        return any(contestant.is_enabled for contestant in contestants.all())

    def save_model(self, request: HttpRequest, obj: LanguageModel, form: Any, change: Any) -> None:
        """Save the model, and record its changed facts with their source."""
        super().save_model(request, obj, form, change)
        source, as_of = (form.cleaned_data[name] for name in SOURCE_FIELDS)
        record_edits(obj.pk, source or HAND_SOURCE, as_of)

    def get_readonly_fields(self, request: HttpRequest, obj: LanguageModel | None = None) -> tuple[str, ...]:
        """Make an existing model's slug read-only, because URLs, files, and published boards contain it."""
        return ("slug",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: LanguageModel | None = None) -> bool:
        """Return False, because votes and facts refer to models."""
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[LanguageModel]:
        return super().get_queryset(request).prefetch_related("contestants").order_by("name", "pk")


class _ModelCountAdmin(ModelAdmin):
    """Base class for admin pages whose lists show the number of models."""

    search_fields = ("name", "slug")
    ordering = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).annotate(model_count=Count("languagemodel"))
        return rows

    @admin.display(description="models", ordering="model_count")
    def models(self, row: Any) -> int:
        return int(row.model_count)


@admin.register(Organization)
class OrganizationAdmin(_ModelCountAdmin):
    list_display = ("name", "slug", "models")


class LicenseForm(SourceForm):
    class Meta:
        model = License
        fields = (
            "name", "slug", "commercial", "conditions", "derivatives", "obligations", "research_only", *SOURCE_FIELDS,
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Clean like `SourceForm`, but keep the source, because it is the license itself. Only the day can be reset."""
        source = self.cleaned_data.get("source")
        return super().clean() | {"source": source}


@admin.register(License)
class LicenseAdmin(_ModelCountAdmin):
    form = LicenseForm
    list_display = ("name", "commercial", "derivatives", "research_only", "models", "source")
    list_filter = ("commercial", "derivatives", "research_only")

    def save_model(self, request: HttpRequest, obj: License, form: Any, change: Any) -> None:
        obj.by_hand = obj.by_hand or form.has_changed()
        super().save_model(request, obj, form, change)
