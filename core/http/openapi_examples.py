"""Examples of requests and responses for the OpenAPI document, built from the schemas.

The file `examples.json` beside a module of schemas has the values of their fields: component → field → value. A
component has the values of its base classes too. A nested schema is filled in from its own component, so its value in
the file may be partial; a nullable field without a value is null. Under the name of a call are the values that differ
in the response of this call.
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


def build_example(schema: type[Any], call: str = "") -> dict[str, Any]:
    """The example of a schema, with the fields in their order; `call`: the name of a call whose response it is."""
    return _build_object(schema, _load_values(schema.__module__).get(call, {}))


def _build_object(schema: type[Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for part in reversed(schema.__mro__):
        if issubclass(part, serializers.Serializer):
            values |= _load_values(part.__module__).get(part.__name__.removesuffix(SCHEMA_SUFFIX), {})
    values |= changes
    return {
        name: _build_value(field, values.get(name, ...))
        for name, field in schema().fields.items()
        if name in values or (field.required and (field.allow_null or isinstance(field, serializers.BaseSerializer)))
    }


def _build_value(field: Any, value: Any) -> Any:
    """The value with its nested schemas filled in; an ellipsis stands for a value that the file does not have."""
    if value is None:
        return None
    if isinstance(field, serializers.ListSerializer):
        return [_build_value(field.child, item) for item in ([...] if value is ... else value)]
    if isinstance(field, serializers.Serializer):
        return _build_object(type(field), {} if value is ... else value)
    return None if value is ... else value


@cache
def _load_values(module: str) -> dict[str, dict[str, Any]]:
    path = Path(str(sys.modules[module].__file__)).with_name(FILE_NAME)
    values: dict[str, dict[str, Any]] = orjson.loads(path.read_bytes()) if path.exists() else {}
    return values
