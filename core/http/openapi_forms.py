"""The fields of a form as parameters of a call in the OpenAPI document."""

from typing import Any

from django import forms
from drf_spectacular.utils import OpenApiParameter

from core.text.number_fields import Amount, GivenForm, usual

# Somewhat narrower than what is read: it shows how a number is written.
WRITTEN = r"^[+-]?[0-9][0-9,]*(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?[kKmMbBtT]?$"
TYPES: tuple[tuple[type[forms.Field], dict[str, Any]], ...] = (
    (Amount, {"type": "string", "pattern": WRITTEN}),
    (forms.BooleanField, {"type": "boolean"}),
    (forms.DateField, {"type": "string", "format": "date"}),
    (forms.SlugField, {"type": "string", "pattern": r"^[-a-zA-Z0-9_]+$"}),
)


def parameters(form: type[GivenForm]) -> list[OpenApiParameter]:
    return [_parameter(name, field) for name, field in form.base_fields.items()]


def _parameter(name: str, field: forms.Field) -> OpenApiParameter:
    default = usual(field)
    return OpenApiParameter(
        name,
        next((schema for kind, schema in TYPES if isinstance(field, kind)), str),
        enum=_keys(field),
        default=None if default in (None, "") else str(default),
        many=isinstance(field, forms.MultipleChoiceField),
        description=str(field.label),
    )


def _keys(field: forms.Field) -> list[str] | None:
    """What may be chosen, without the empty choice."""
    choices: Any = getattr(field, "choices", None)
    return None if choices is None else [key for key, _ in choices if key]
