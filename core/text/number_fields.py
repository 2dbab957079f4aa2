"""Form fields for numbers like 70B, 1.4T, 5.88e23, or 70,000,000,000, and forms with defaults."""

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
# If the maximum of a field is not below these, its error message contains large numbers as examples.
LARGE_NUMBER = 1e12
LARGE_WHOLE_NUMBER = 1e9
SIZE_WORDS = ((1e15, _("quadrillion")), (1e12, _("trillion")), (1e9, _("billion")), (1e6, _("million")))
MAX_IN_WORDS = 1e18
BOOLEAN_WORDS = {
    **dict.fromkeys(("true", "1", "on", "yes"), True),
    **dict.fromkeys(("", "false", "0", "off", "no"), False),
}
SEPARATORS = re.compile(r"[\s,_$]+")


class AmountField(forms.Field):
    """A number from `low` to `high`: a Decimal, an int if `whole` is True, or None if the field is empty.

    `default` is the value of an empty field (see `get_default`). It is shown as a placeholder. An initial value would
    be submitted, and would make URLs longer.
    """

    widget = forms.TextInput

    def __init__(
        self, *, low: float = 0, high: float = 1e12, whole: bool = False, default: int | None = None, **options: Any
    ) -> None:
        super().__init__(**{"required": False, **options})
        self.low = low
        self.high = high
        self.whole = whole
        self.default = default if whole or default is None else Decimal(default)
        self.widget.attrs |= {"autocomplete": "off", "maxlength": MAX_NUMBER_LENGTH}
        if default is not None:
            self.widget.attrs["placeholder"] = f"{default:,}"

    def to_python(self, value: Any) -> Decimal | int | None:
        text = SEPARATORS.sub("", value or "").lower()
        if not text:
            return None
        match = NUMBER_PATTERN.fullmatch(text) if len(text) <= MAX_NUMBER_LENGTH else None
        if match is None:
            message = _("Enter a number, such as %(examples)s.")
            is_large = self.high > LARGE_NUMBER or (self.whole and self.high >= LARGE_WHOLE_NUMBER)
            small_examples = "250" if self.whole else "2.5"
            examples = _("250, 70B, 1.4T, or 5.9e23") if is_large else small_examples
            raise ValidationError(message, params={"examples": examples})
        number = Decimal(match[1]) * UNIT_SIZES.get(match[2], 1)
        if self.whole and number != number.to_integral_value():
            raise ValidationError(_("Enter a whole number."))
        return int(number) if self.whole else number

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value is not None and not self.low <= value <= self.high:
            message = _("Enter a number from %(low)s to %(high)s.")
            raise ValidationError(message, params={"low": format_bound(self.low), "high": format_bound(self.high)})


def format_bound(number: float) -> str:
    """Return a bound as text, such as "1 quadrillion". Bounds of at least 1e18 are written like "6e36"."""
    if number < MAX_IN_WORDS:
        for size, word in SIZE_WORDS:
            if number >= size:
                return f"{number / size:,.12g} {word}"
    return f"{number:,.12g}".replace("e+", "e")


class RawCheckboxInput(forms.CheckboxInput):
    """A checkbox that returns the value from the URL unchanged."""

    def value_from_datadict(self, data: Mapping[str, Any], files: object, name: str) -> Any:
        return data.get(name, "")


class StrictBooleanField(forms.BooleanField):
    """A boolean in a URL. Django's own field treats most texts as true, even `no`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            required=False, widget=RawCheckboxInput(check_test=lambda value: _parse_boolean(value) is True), **options
        )

    def to_python(self, value: Any) -> bool:
        boolean = _parse_boolean(value)
        if boolean is None:
            raise ValidationError(_("This must be true or false."))
        return boolean


def _parse_boolean(value: Any) -> bool | None:
    """Return the boolean that the value represents, or None if it represents neither."""
    text = "" if value is None else str(value)
    return BOOLEAN_WORDS.get(text.strip().lower())


def get_default(field: forms.Field) -> Any:
    return field.default if isinstance(field, AmountField) else field.initial


class DefaultsForm(forms.Form):
    """A form with only optional fields. `get_value` returns the default of an empty field."""

    use_required_attribute = False

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        for field in self.fields.values():
            if isinstance(field, forms.ChoiceField):
                choices: Any = field.choices  # without groups of options
                keys = ", ".join(str(key) for key, _label in choices if key)
                field.error_messages["invalid_choice"] = _("This must be one of: %s.") % keys

    def get_value(self, name: str) -> Any:
        """Return the value of a field in a valid form, or its default."""
        value = self.cleaned_data.get(name)
        return get_default(self.fields[name]) if value in (None, "") else value
