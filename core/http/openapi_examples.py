"""Builds examples of requests and responses for the OpenAPI document.

`examples.json` in the folder of a module with schemas maps each schema component to the values of its fields:

- A component inherits the values of its base classes.
- Values that are missing in a nested schema come from the component of that schema.
- Other required nullable fields without a value are null. All other fields without a value are left out.
- An entry with the operation ID of a call overrides values in the response of that call.
"""

import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from rest_framework import serializers

FILE_NAME = "examples.json"
SCHEMA_SUFFIX = "Schema"
_MISSING = object()  # stands for a value that the file does not have


def build_example(schema: type[Any], call: str = "") -> dict[str, Any]:
    """Return an example of a schema. `call` is the operation ID of the call that returns this schema, if any."""
    return _build_object(schema, _load_values(schema.__module__).get(call, {}))


def _build_object(schema: type[Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for base in reversed(schema.__mro__):
        if issubclass(base, serializers.Serializer):
            values |= _load_values(base.__module__).get(base.__name__.removesuffix(SCHEMA_SUFFIX), {})
    values |= overrides
    return {
        name: _build_value(field, values.get(name, _MISSING))
        for name, field in schema().fields.items()
        if name in values or (field.required and (field.allow_null or isinstance(field, serializers.BaseSerializer)))
    }


def _build_value(field: Any, value: Any) -> Any:
    """Return the value with nested schemas filled in."""
    if value is None:
        return None
    if isinstance(field, serializers.ListSerializer):
        return [_build_value(field.child, item) for item in ([_MISSING] if value is _MISSING else value)]
    if isinstance(field, serializers.Serializer):
        return _build_object(type(field), {} if value is _MISSING else value)
    return None if value is _MISSING else value


@cache
def _load_values(module: str) -> dict[str, dict[str, Any]]:
    path = Path(str(sys.modules[module].__file__)).with_name(FILE_NAME)
    values: dict[str, dict[str, Any]] = orjson.loads(path.read_bytes()) if path.exists() else {}
    return values
