"""Base form for values that an operator sets by hand. It also asks for the value's source and the day it was read."""

from datetime import date
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminDateWidget, AdminTextInputWidget
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.facts.claims import HAND_SOURCE, MAX_SOURCE_LENGTH
from catalog.facts.fields import VALID_YEARS, is_in_future
from core.admin.classes import ModelForm

SOURCE_FIELDS = ("source", "as_of")


def get_today() -> date:
    return now().date()


class SourceForm(ModelForm):
    """A form with a source and a day, which are prefilled for a new value.

    If the user changes a value but not its source or day, the source and day are reset to their defaults, because the
    old ones apply only to the old value.
    """

    source = forms.CharField(
        label=gettext_lazy("Source"),
        max_length=MAX_SOURCE_LENGTH,
        initial=HAND_SOURCE,
        widget=AdminTextInputWidget,
        help_text=gettext_lazy("Where you found the value, such as a link or a contract. Visitors can see it."),
    )
    as_of = forms.DateField(
        label=gettext_lazy("Seen on"),
        initial=get_today,
        widget=AdminDateWidget,
        help_text=gettext_lazy("The day on which you found the value there. Visitors can see it."),
    )

    def clean_source(self) -> str:
        source: str = self.cleaned_data["source"]
        if not source.isprintable():
            raise forms.ValidationError(_("Use only printable characters."))
        return source

    def clean_as_of(self) -> date | None:
        """Reject implausible years and future dates, as for submitted scores."""
        as_of: date | None = self.cleaned_data["as_of"]
        if as_of and (as_of.year not in VALID_YEARS or is_in_future(as_of)):
            raise forms.ValidationError(
                _("Enter a date no earlier than %(year)s. It must not be in the future."),
                params={"year": VALID_YEARS[0]},
            )
        return as_of

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        changed = set(self.changed_data)
        if self.instance.pk and changed and changed.isdisjoint(SOURCE_FIELDS):
            cleaned |= {"source": HAND_SOURCE, "as_of": get_today()}
        return cleaned
