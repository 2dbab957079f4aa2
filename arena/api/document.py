"""Builds the OpenAPI document and, from it, the calls for the API reference."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from drf_spectacular.generators import SchemaGenerator

from arena.api.conventions import list_rules
from arena.api.openapi import BATTLES_TAG
from arena.api.views import stream_battle_events
from core.http.openapi import describe_stream_call

OpenApiSchema = Mapping[str, Any]
FORMAT_NAMES = {"date-time": "timestamp", "date": "date", "uuid": "UUID", "uri": "URL"}
# Schemas of request bodies in which unknown fields are errors.
STRICT_BODIES = ("NewBattle", "NewTurn", "NewVote", "NewJudgment", "Reasons", "Sharing", "NewSubmission", "Proposal")
BATTLE_EVENT_PARAMETERS = (
    {"name": "battle_id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}},
    {
        "name": "Last-Event-ID",
        "in": "header",
        "schema": {"type": "string"},
        "description": "The ID of the last event that you received. The stream continues after that event.",
    },
)
BATTLE_EVENTS = """\
id: 1.5d3e1f0c-13-0.90c277ab-0-0.0
event: delta
data: {"turn": 1, "side": "a", "text": "Air scatters "}

event: done
data: {"turn": 1, "side": "a", "html": "<p>Air scatters blue light most.</p>"}

event: ready
data: {}
"""


@dataclass(frozen=True)
class FieldDoc:
    """One row of a table of fields. `name` is a path such as `rows[].rating`, and `type` is a description in words."""

    name: str
    type: str
    description: SafeString
    required: bool = False


@dataclass(frozen=True)
class CallDoc:
    """One API call, with the fields and examples of its request and its successful response.

    `other_responses` contains the descriptions of all other responses, keyed by status.
    """

    name: str
    method: str
    path: str
    title: str
    description: SafeString
    parameters: list[FieldDoc]
    body: list[FieldDoc]
    body_example: str
    status: str
    media_type: str
    response: list[FieldDoc]
    response_example: str
    other_responses: dict[str, SafeString]


def complete_document(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add what drf-spectacular cannot generate: common rules, tags, strict bodies, types, and the event stream."""
    result["info"]["description"] += "\n\n" + "\n".join(f"- {rule}" for rule in list_rules())
    result["servers"] = [{"url": "/"}]
    calls = [call for methods in result["paths"].values() for call in methods.values()]
    tags = dict.fromkeys(tag for call in calls for tag in call["tags"])
    result["tags"] = [{"name": tag} for tag in tags]
    for name in STRICT_BODIES:
        result["components"]["schemas"][name]["additionalProperties"] = False
    for component in result["components"]["schemas"].values():
        for field in component.get("properties", {}).values():
            if field.get("nullable") and "allOf" in field:
                field["type"] = "object"  # OpenAPI 3.0 ignores `nullable` beside a reference unless a type is named
    result["paths"]["/api/v1/battles/{battle_id}/events"] = describe_stream_call(
        stream_battle_events,
        operation_id="battle_events",
        tag=BATTLES_TAG,
        media_type="text/event-stream",
        example=BATTLE_EVENTS,
        parameters=BATTLE_EVENT_PARAMETERS,
    )
    return result


@cache
def build_document() -> dict[str, Any]:
    """Return the OpenAPI document. It depends only on code and settings, so it is cached."""
    document: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]  # drf-spectacular has no types
    return document


@cache
def build_calls() -> dict[str, list[CallDoc]]:
    """Return the calls, keyed by subject, in the same order as in the document."""
    calls: dict[str, list[CallDoc]] = {}
    for path, methods in build_document()["paths"].items():
        for method, operation in methods.items():
            calls.setdefault(operation["tags"][0], []).append(_build_call(path, method, operation))
    return calls


def _build_call(path: str, method: str, operation: OpenApiSchema) -> CallDoc:
    """Describe a call. Its first response must be the successful one and must have one media type."""
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    (status, response), *others = operation["responses"].items()
    ((media_type, content),) = response["content"].items()
    return CallDoc(
        name=operation["operationId"],
        method=method.upper(),
        path=path,
        title=operation["summary"],
        description=render_code_spans(operation["description"]),
        parameters=[_build_parameter(parameter) for parameter in operation.get("parameters", [])],
        body=list(_iter_fields(body.get("schema", {}))),
        body_example=_render_example(body),
        status=status,
        media_type=media_type,
        response=list(_iter_fields(content["schema"])),
        response_example=_render_example(content),
        other_responses={code: render_code_spans(other["description"]) for code, other in others},
    )


def _render_example(content: OpenApiSchema) -> str:
    """Return the first example as indented JSON or plain text, or "" if there is none."""
    if "example" in content:
        return str(content["example"])
    for example in content.get("examples", {}).values():
        return orjson.dumps(example["value"], option=orjson.OPT_INDENT_2).decode()
    return ""


def _build_parameter(parameter: OpenApiSchema) -> FieldDoc:
    return FieldDoc(
        name=parameter["name"],
        type=_describe_type(parameter["schema"]),
        description=render_code_spans(parameter.get("description", "")),
        required=parameter.get("required", False),
    )


def render_code_spans(text: str) -> SafeString:
    """Return the text as HTML, with text in backticks as code."""
    parts = text.split("`")
    parts[1::2] = [format_html("<code>{}</code>", code) for code in parts[1::2]]
    return format_html_join("", "{}", ((part,) for part in parts))


def _iter_fields(schema: OpenApiSchema, prefix: str = "") -> Iterator[FieldDoc]:
    """Yield all fields of a schema, depth first. The name of a nested field is its path, such as `rows[].rating`."""
    schema = _resolve_references(schema)
    for name, field in schema.get("properties", {}).items():
        value_schema = _resolve_references(field)
        path = prefix + name
        yield FieldDoc(
            name=path,
            type=_describe_type(field),
            description=render_code_spans(value_schema.get("description", "")),
            required=name in schema.get("required", []),
        )
        while value_schema.get("type") == "array":
            value_schema = _resolve_references(value_schema["items"])
            path = f"{path}[]"
        yield from _iter_fields(value_schema, f"{path}.")


def _resolve_references(schema: OpenApiSchema) -> OpenApiSchema:
    """Merge all referenced components into the schema. The schema's own keys take precedence."""
    resolved = {key: value for key, value in schema.items() if key not in ("$ref", "allOf")}
    references = list(schema.get("allOf", []))
    if "$ref" in schema:
        references.insert(0, schema)
    for reference in references:
        component = reference["$ref"].rsplit("/", 1)[1]
        resolved = {**build_document()["components"]["schemas"][component], **resolved}
    return resolved


def _describe_type(schema: OpenApiSchema) -> str:
    """Describe the type in words, for example `list of number` or `a | b or null`."""
    schema = _resolve_references(schema)
    if "enum" in schema:
        words = " | ".join(str(value) for value in schema["enum"] if value is not None)
    elif schema.get("type") == "array":
        words = f"list of {_describe_type(schema['items'])}"
    else:
        words = str(FORMAT_NAMES.get(schema.get("format", ""), schema.get("type", "object")))
    return f"{words} or null" if schema.get("nullable") else words
