"""Prices of a model, on its page."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.facts.fields import VALID_YEARS, is_in_future
from catalog.facts.prices import parse_tiers
from catalog.models import Price
from core.admin.classes import LabeledInline, ModelForm
from core.admin.json_field import FORMFIELD_OVERRIDES


class PriceForm(ModelForm):
    class Meta:
        model = Price
        fields = ("input", "output", "cached_input", "tiers", "source", "as_of", "by_hand")
        labels = {
            "input": gettext_lazy("Input, $ for a million tokens"),
            "output": gettext_lazy("Output, $ for a million tokens"),
            "cached_input": gettext_lazy("Cached input, $ for a million tokens"),
        }

    def clean_tiers(self) -> list[dict[str, float]]:
        try:
            return parse_tiers(self.cleaned_data["tiers"])
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None

    def clean_as_of(self) -> date:
        """As of scores that are sent: nobody has asked it yet."""
        as_of: date = self.cleaned_data["as_of"]
        if as_of.year not in VALID_YEARS or is_in_future(as_of):
            raise forms.ValidationError(
                _("This must be a day since %(year)s that has come."), params={"year": VALID_YEARS[0]}
            )
        return as_of

    def clean(self) -> dict[str, Any]:
        """What an import has brought is not asked about as long as it stays."""
        cleaned = super().clean() or {}
        whole, cached = cleaned.get("input"), cleaned.get("cached_input")
        dearer = whole is not None and cached is not None and cached > whole
        if dearer and {"input", "cached_input"} & set(self.changed_data):
            self.add_error("cached_input", _("This must not be above the price of input that is not cached."))
        return cleaned


class PriceInline(LabeledInline):
    model = Price
    form = PriceForm
    extra = 0
    ordering = ("-as_of",)
    formfield_overrides = FORMFIELD_OVERRIDES
