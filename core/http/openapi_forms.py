"""Documents form fields as query parameters in the OpenAPI document."""

from typing import Any

from django import forms
from drf_spectacular.utils import OpenApiParameter

from core.text.number_fields import AmountField, DefaultsForm, get_default

# The notation that the document describes. The form also accepts others, such as numbers with underscores.
NUMBER_PATTERN = r"^[+-]?[0-9][0-9,]*(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?[kKmMbBtT]?$"
FIELD_SCHEMAS: tuple[tuple[type[forms.Field], dict[str, Any]], ...] = (
    (AmountField, {"type": "string", "pattern": NUMBER_PATTERN}),
    (forms.BooleanField, {"type": "boolean"}),
    (forms.DateField, {"type": "string", "format": "date"}),
    (forms.SlugField, {"type": "string", "pattern": r"^[-a-zA-Z0-9_]+$"}),
)


def build_parameters(form: type[DefaultsForm]) -> list[OpenApiParameter]:
    return [_build_parameter(name, field) for name, field in form.base_fields.items()]


def _build_parameter(name: str, field: forms.Field) -> OpenApiParameter:
    default = get_default(field)
    return OpenApiParameter(
        name,
        next((schema for kind, schema in FIELD_SCHEMAS if isinstance(field, kind)), str),
        enum=_list_choices(field),
        default=None if default in (None, "") else str(default),
        many=isinstance(field, forms.MultipleChoiceField),
        description=f"{field.label}. {field.help_text}" if field.help_text else str(field.label),
    )


def _list_choices(field: forms.Field) -> list[str] | None:
    """Return the keys of all choices except the empty one, or None if the field has no choices."""
    choices: Any = getattr(field, "choices", None)
    return None if choices is None else [key for key, _ in choices if key]
