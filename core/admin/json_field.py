"""The form field for JSON in the admin."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.forms.fields import InvalidJSONInput
from django.utils.translation import gettext as _

from core.text.json_values import MAX_JSON_DEPTH, is_storable_json


class StrictJsonField(forms.JSONField):
    """JSON that the database can store. Django's own field accepts values that the database rejects, and fails on
    JSON that Python cannot parse.

    An empty field means the default of the column, an empty list or object.
    """

    def to_python(self, value: Any) -> Any:
        try:
            parsed = super().to_python(value)
        except (ValueError, RecursionError):
            parsed = NotImplemented  # not storable
        if not is_storable_json(parsed):
            raise ValidationError(
                _(
                    "This JSON cannot be stored. Remove NUL characters, lone surrogates, and numbers that are too"
                    " large, and nest it at most %(deepest)s levels deep."
                ),
                params={"deepest": MAX_JSON_DEPTH},
            )
        if parsed is None and callable(self.initial):
            return self.initial()
        return parsed

    def bound_data(self, data: Any, initial: Any) -> Any:
        """The original text if it is invalid, so that the form shows it again."""
        try:
            self.to_python(data)
        except ValidationError:
            return InvalidJSONInput(data)
        return super().bound_data(data, initial)


FORMFIELD_OVERRIDES: dict[Any, Any] = {
    models.JSONField: {"form_class": StrictJsonField, "widget": forms.Textarea(attrs={"rows": 3, "cols": 40})}
}
