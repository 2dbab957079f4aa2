"""The OpenAPI document, and the same read out for people: calls by subject, with their fields in rows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from drf_spectacular.generators import SchemaGenerator

OpenApiSchema = Mapping[str, Any]
FORMAT_NAMES = {"date-time": "time", "date": "date", "uuid": "UUID", "uri": "address"}


@dataclass(frozen=True)
class FieldDoc:
    """One line of a table: `rows[].rating`, its type in words, and what it means."""

    name: str
    type: str
    says: SafeString
    required: bool = False


@dataclass(frozen=True)
class CallDoc:
    """One call: its request and its answer as fields and as an example in text, and other answers by status."""

    name: str
    method: str
    path: str
    title: str
    says: SafeString
    parameters: list[FieldDoc]
    body: list[FieldDoc]
    request: str
    status: str
    media: str
    answer: list[FieldDoc]
    example: str
    others: dict[str, SafeString]


@cache
def build_document() -> dict[str, Any]:
    """The whole document; it depends on nothing but the code."""
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]  # has no types
    return found


@cache
def build_calls() -> dict[str, list[CallDoc]]:
    """All calls by subject, in the order of their addresses."""
    found: dict[str, list[CallDoc]] = {}
    for path, methods in build_document()["paths"].items():
        for method, operation in methods.items():
            found.setdefault(operation["tags"][0], []).append(_build_call(path, method, operation))
    return found


def _build_call(path: str, method: str, operation: OpenApiSchema) -> CallDoc:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    (status, answer), *others = operation["responses"].items()
    ((media, content),) = answer["content"].items()
    return CallDoc(
        name=operation["operationId"],
        method=method.upper(),
        path=path,
        title=operation["summary"],
        says=render_code_spans(operation["description"]),
        parameters=[_build_parameter(each) for each in operation.get("parameters", [])],
        body=[*_iter_fields(body.get("schema", {}))],
        request=_render_example(body),
        status=status,
        media=media,
        answer=[*_iter_fields(content["schema"])],
        example=_render_example(content),
        others={status: render_code_spans(other["description"]) for status, other in others},
    )


def _render_example(content: OpenApiSchema) -> str:
    """Its example as it would come over the wire, laid out."""
    if "example" in content:
        return str(content["example"])
    for example in content.get("examples", {}).values():
        return orjson.dumps(example["value"], option=orjson.OPT_INDENT_2).decode()
    return ""


def _build_parameter(each: OpenApiSchema) -> FieldDoc:
    return FieldDoc(
        each["name"],
        _describe_type(each["schema"]),
        render_code_spans(each.get("description", "")),
        each.get("required", False),
    )


def render_code_spans(text: str) -> SafeString:
    """What stands between backticks is code."""
    parts = enumerate(text.split("`"))
    return format_html_join(
        "", "{}", ((format_html("<code>{}</code>", part) if at % 2 else part,) for at, part in parts)
    )


def _iter_fields(schema: OpenApiSchema, prefix: str = "") -> Iterator[FieldDoc]:
    """All fields in it, those of what it holds behind the name of that."""
    schema = _resolve_references(schema)
    for name, each in schema.get("properties", {}).items():
        inner, path = _resolve_references(each), prefix + name
        yield FieldDoc(
            path,
            _describe_type(each),
            render_code_spans(inner.get("description", "")),
            name in schema.get("required", []),
        )
        while inner.get("type") == "array":
            inner, path = _resolve_references(inner["items"]), f"{path}[]"
        yield from _iter_fields(inner, f"{path}.")


def _resolve_references(schema: OpenApiSchema) -> OpenApiSchema:
    """What it refers to, with what is said beside the reference."""
    beside = {key: value for key, value in schema.items() if key not in ("$ref", "allOf")}
    parts = [*([schema] if "$ref" in schema else []), *schema.get("allOf", [])]
    for part in parts:
        beside = {**build_document()["components"]["schemas"][part["$ref"].rsplit("/", 1)[1]], **beside}
    return beside


def _describe_type(schema: OpenApiSchema) -> str:
    schema = _resolve_references(schema)
    if "enum" in schema:
        words: Any = " | ".join(str(each) for each in schema["enum"] if each is not None)
    elif schema.get("type") == "array":
        words = f"list of {_describe_type(schema['items'])}"
    else:
        words = FORMAT_NAMES.get(schema.get("format", ""), schema.get("type", "object"))
    return f"{words} or null" if schema.get("nullable") else str(words)
