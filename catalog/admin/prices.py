"""Inline form for a model's prices."""

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
            "input": gettext_lazy("Input ($ per million tokens)"),
            "output": gettext_lazy("Output ($ per million tokens)"),
            "cached_input": gettext_lazy("Cached input ($ per million tokens)"),
        }

    def clean_tiers(self) -> list[dict[str, float]]:
        try:
            return parse_tiers(self.cleaned_data["tiers"])
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None

    def clean_as_of(self) -> date:
        """Reject implausible years and future dates, as for submitted scores."""
        as_of: date = self.cleaned_data["as_of"]
        if as_of.year not in VALID_YEARS or is_in_future(as_of):
            raise forms.ValidationError(
                _("Enter a date no earlier than %(year)s. It must not be in the future."),
                params={"year": VALID_YEARS[0]},
            )
        return as_of

    def clean(self) -> dict[str, Any]:
        """Check that cached input costs no more than uncached input, if the user changed one of the two prices.

        Imported prices can break this rule. That must not prevent changes to other fields.
        """
        cleaned = super().clean() or {}
        uncached = cleaned.get("input")
        cached = cleaned.get("cached_input")
        is_higher = uncached is not None and cached is not None and cached > uncached
        if is_higher and {"input", "cached_input"} & set(self.changed_data):
            self.add_error("cached_input", _("This must not be higher than the uncached input price."))
        return cleaned


class PriceInline(LabeledInline):
    model = Price
    form = PriceForm
    extra = 0
    ordering = ("-as_of",)
    formfield_overrides = FORMFIELD_OVERRIDES
