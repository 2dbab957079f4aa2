"""JSON form field for the admin."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.forms.fields import InvalidJSONInput
from django.utils.translation import gettext as _

from core.text.storable import MAX_JSON_DEPTH, is_storable_json


class StrictJsonField(forms.JSONField):
    """A JSON field that accepts only values that PostgreSQL can store.

    Django's field accepts some values that PostgreSQL rejects, and crashes on deeply nested JSON. An empty field
    becomes the column's default, which is an empty list or object.
    """

    def to_python(self, value: Any) -> Any:
        try:
            parsed = super().to_python(value)
        except (ValueError, RecursionError):
            parsed = NotImplemented  # `is_storable_json` rejects this value
        if not is_storable_json(parsed):
            raise ValidationError(
                _(
                    "This JSON cannot be stored. Remove NUL characters, lone surrogates, and numbers that are too"
                    " large. Nest the JSON at most %(max_depth)s levels deep."
                ),
                params={"max_depth": MAX_JSON_DEPTH},
            )
        if parsed is None and callable(self.initial):
            return self.initial()
        return parsed

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Return the parsed input. Invalid input is returned unchanged, so that the form displays it again."""
        try:
            self.to_python(data)
        except ValidationError:
            return InvalidJSONInput(data)
        return super().bound_data(data, initial)


FORMFIELD_OVERRIDES: dict[Any, Any] = {
    models.JSONField: {"form_class": StrictJsonField, "widget": forms.Textarea(attrs={"rows": 3, "cols": 40})}
}
