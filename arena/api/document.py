"""The OpenAPI document, and the same read out for people: calls by subject, with their fields in rows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from drf_spectacular.generators import SchemaGenerator

Schema = Mapping[str, Any]
FORMATS = {"date-time": "time", "date": "date", "uuid": "UUID", "uri": "address"}


@dataclass(frozen=True)
class Field:
    """One line of a table: `rows[].rating`, its type in words, and what it means."""

    name: str
    type: str
    says: SafeString
    required: bool = False


@dataclass(frozen=True)
class Call:
    """One call: its request and its answer as fields and as an example in text, and other answers by status."""

    name: str
    method: str
    path: str
    title: str
    says: SafeString
    parameters: list[Field]
    body: list[Field]
    request: str
    status: str
    media: str
    answer: list[Field]
    example: str
    others: dict[str, SafeString]


@cache
def document() -> dict[str, Any]:
    """The whole document; it depends on nothing but the code."""
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]  # has no types
    return found


@cache
def calls() -> dict[str, list[Call]]:
    """All calls by subject, in the order of their addresses."""
    found: dict[str, list[Call]] = {}
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            found.setdefault(operation["tags"][0], []).append(_call(path, method, operation))
    return found


def _call(path: str, method: str, operation: Schema) -> Call:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    (status, answer), *others = operation["responses"].items()
    ((media, content),) = answer["content"].items()
    return Call(
        name=operation["operationId"],
        method=method.upper(),
        path=path,
        title=operation["summary"],
        says=words(operation["description"]),
        parameters=[_parameter(each) for each in operation.get("parameters", [])],
        body=[*_fields(body.get("schema", {}))],
        request=_example(body),
        status=status,
        media=media,
        answer=[*_fields(content["schema"])],
        example=_example(content),
        others={status: words(other["description"]) for status, other in others},
    )


def _example(content: Schema) -> str:
    """Its example as it would come over the wire, laid out."""
    if "example" in content:
        return str(content["example"])
    for example in content.get("examples", {}).values():
        return orjson.dumps(example["value"], option=orjson.OPT_INDENT_2).decode()
    return ""


def _parameter(each: Schema) -> Field:
    return Field(each["name"], _type(each["schema"]), words(each.get("description", "")), each.get("required", False))


def words(text: str) -> SafeString:
    """What stands between backticks is code."""
    parts = enumerate(text.split("`"))
    return format_html_join(
        "", "{}", ((format_html("<code>{}</code>", part) if at % 2 else part,) for at, part in parts)
    )


def _fields(schema: Schema, prefix: str = "") -> Iterator[Field]:
    """All fields in it, those of what it holds behind the name of that."""
    schema = _resolved(schema)
    for name, each in schema.get("properties", {}).items():
        inner, path = _resolved(each), prefix + name
        yield Field(path, _type(each), words(inner.get("description", "")), name in schema.get("required", []))
        while inner.get("type") == "array":
            inner, path = _resolved(inner["items"]), f"{path}[]"
        yield from _fields(inner, f"{path}.")


def _resolved(schema: Schema) -> Schema:
    """What it refers to, with what is said beside the reference."""
    beside = {key: value for key, value in schema.items() if key not in ("$ref", "allOf")}
    parts = [*([schema] if "$ref" in schema else []), *schema.get("allOf", [])]
    for part in parts:
        beside = {**document()["components"]["schemas"][part["$ref"].rsplit("/", 1)[1]], **beside}
    return beside


def _type(schema: Schema) -> str:
    schema = _resolved(schema)
    if "enum" in schema:
        words: Any = " | ".join(str(each) for each in schema["enum"] if each is not None)
    elif schema.get("type") == "array":
        words = f"list of {_type(schema['items'])}"
    else:
        words = FORMATS.get(schema.get("format", ""), schema.get("type", "object"))
    return f"{words} or null" if schema.get("nullable") else str(words)
