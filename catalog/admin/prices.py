"""Inline form for a model's prices."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.admin.source_form import SourceForm
from catalog.facts.prices import parse_tiers
from catalog.models import Price
from core.admin.classes import LabeledInline
from core.admin.json_field import FORMFIELD_OVERRIDES


class PriceForm(SourceForm):
    class Meta:
        model = Price
        fields = ("input", "output", "cached_input", "tiers", "source", "as_of")
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

    def clean(self) -> dict[str, Any]:
        """Check that cached input costs no more than uncached input, if the user changed one of the two prices.

        Imported prices can break this rule. Such prices must not prevent changes to other fields.
        """
        cleaned = super().clean()
        uncached = cleaned.get("input")
        cached = cleaned.get("cached_input")
        is_cached_higher = uncached is not None and cached is not None and cached > uncached
        if is_cached_higher and {"input", "cached_input"} & set(self.changed_data):
            self.add_error("cached_input", _("This must not be higher than the uncached input price."))
        return cleaned

    def save(self, commit: bool = True) -> Price:  # noqa: FBT001, FBT002  # Django's signature
        """Save the price as one set by hand. An imported price stays in the price history, next to the new one."""
        if not self.instance.by_hand:
            self.instance.pk = None
            self.instance.by_hand = True
        price: Price = super().save(commit)
        return price


class PriceInline(LabeledInline):
    model = Price
    form = PriceForm
    extra = 0
    ordering = ("-by_hand", "-as_of")
    readonly_fields = ("by_hand",)
    formfield_overrides = FORMFIELD_OVERRIDES
