"""Numbers as people write them in the forms of the calculators: 70B, 1.4T, 5.88e23, 70,000,000,000."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from core.text.number_format import UNITS

MAX_NUMBER_LENGTH = 40
UNIT_SIZES = {letter.lower(): size for size, letter in UNITS}
NUMBER_PATTERN = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,2})?)([kmbt]?)", re.ASCII)
BOOLEAN_WORDS = {
    **dict.fromkeys(("true", "1", "on", "yes"), True),
    **dict.fromkeys(("", "false", "0", "off", "no"), False),
}
SEPARATORS = re.compile(r"[\s,_$]+")


class AmountField(forms.Field):
    """A number from `low` to `high`, as an exact decimal; None if nothing was written. `whole` ones are integers.

    `get_default` is what holds where nothing was written. It is shown, but not filled in: an address stays short.
    """

    widget = forms.TextInput

    def __init__(
        self, *, low: float = 0, high: float = 1e12, whole: bool = False, usual: int | None = None, **options: Any
    ) -> None:
        super().__init__(**{"required": False, **options})
        self.low, self.high, self.whole = low, high, whole
        self.usual = usual if whole or usual is None else Decimal(usual)
        self.widget.attrs |= {"autocomplete": "off", "maxlength": MAX_NUMBER_LENGTH}
        if usual is not None:
            self.widget.attrs["placeholder"] = f"{usual:,}"

    def to_python(self, value: Any) -> Decimal | int | None:
        text = SEPARATORS.sub("", value or "").lower()
        if not text:
            return None
        found = NUMBER_PATTERN.fullmatch(text) if len(text) <= MAX_NUMBER_LENGTH else None
        if found is None:
            raise ValidationError(_("This is no number: write it like 250, 70B, 1.4T or 5.9e23."))
        number = Decimal(found[1]) * UNIT_SIZES.get(found[2], 1)
        if self.whole and number != number.to_integral_value():
            raise ValidationError(_("This must be a whole number."))
        return int(number) if self.whole else number

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value is not None and not self.low <= value <= self.high:
            words = _("This must be from %(low)s to %(high)s.")
            raise ValidationError(words, params={"low": f"{self.low:,.12g}", "high": f"{self.high:,.12g}"})


class RawCheckboxInput(forms.CheckboxInput):
    """What an address says of a box that may be ticked."""

    def value_from_datadict(self, data: Mapping[str, Any], files: object, name: str) -> Any:
        return data.get(name, "")


class StrictBooleanField(forms.BooleanField):
    """Django's own takes whatever stands in an address for a yes: `no` and 0 too."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            required=False, widget=RawCheckboxInput(check_test=lambda value: _parse_boolean(value) is True), **options
        )

    def to_python(self, value: Any) -> bool:
        if (yes := _parse_boolean(value)) is None:
            raise ValidationError(_("This is true or false."))
        return yes


def _parse_boolean(value: Any) -> bool | None:
    """None where it says neither."""
    return BOOLEAN_WORDS.get(str("" if value is None else value).strip().lower())


def get_default(field: forms.Field) -> Any:
    return field.usual if isinstance(field, AmountField) else field.initial


def _list_choices(field: forms.ChoiceField) -> list[str]:
    choices: Any = field.choices  # none of ours is in groups
    return [str(key) for key, _words in choices if key]


class DefaultsForm(forms.Form):
    """A form whose fields may be left out: then they are as usual."""

    use_required_attribute = False

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for field in self.fields.values():
            if isinstance(field, forms.ChoiceField):
                field.error_messages["invalid_choice"] = _("This is one of: %s.") % ", ".join(_list_choices(field))

    def given(self, name: str) -> Any:
        value = self.cleaned_data.get(name)
        return get_default(self.fields[name]) if value in (None, "") else value
