"""Helpers for reading the OpenAPI document."""

from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from arena.api.document import build_document


def plain(schema: Any) -> Any:
    """Convert an OpenAPI 3.0 schema to JSON Schema, which has no `nullable`."""
    if isinstance(schema, list):
        return [plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    converted = {key: plain(value) for key, value in schema.items() if key != "nullable"}
    return {"anyOf": [converted, {"type": "null"}]} if schema.get("nullable") is True else converted


@cache
def _build_components() -> Any:
    return plain(build_document()["components"])


def errors(schema: Any, value: Any) -> list[str]:
    """Return the errors in a value according to a schema in the document."""
    whole = {**plain(schema), "components": _build_components()}
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(whole).iter_errors(value)]


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    """Return the path, method, and operation of each call."""
    return [
        (path, method, converted)
        for path, methods in build_document()["paths"].items()
        for method, converted in methods.items()
    ]
