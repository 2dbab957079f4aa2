"""The field for JSON in the forms of the admin."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.forms.fields import InvalidJSONInput
from django.utils.translation import gettext as _

from core.text.json_values import MAX_JSON_DEPTH, is_storable_json


class StrictJsonField(forms.JSONField):
    """Django's own takes what the database then refuses, and fails on what Python does not read.

    Nothing is what the column holds without a value: an empty list or table.
    """

    def to_python(self, value: Any) -> Any:
        try:
            found = super().to_python(value)
        except (ValueError, RecursionError):
            found = NotImplemented
        if not is_storable_json(found):
            raise ValidationError(
                _(
                    "This JSON cannot be kept: it holds NUL, half a letter or a number that is too large, or lies more "
                    "than %(deepest)s deep."
                ),
                params={"deepest": MAX_JSON_DEPTH},
            )
        return self.initial() if found is None and callable(self.initial) else found

    def bound_data(self, data: Any, initial: Any) -> Any:
        """As it was sent, where it is refused."""
        try:
            self.to_python(data)
        except ValidationError:
            return InvalidJSONInput(data)
        return super().bound_data(data, initial)


FORMFIELD_OVERRIDES: dict[Any, Any] = {
    models.JSONField: {"form_class": StrictJsonField, "widget": forms.Textarea(attrs={"rows": 3, "cols": 40})}
}
