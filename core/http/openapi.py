"""Describes API calls for the OpenAPI document, and defines the schemas that several apps share.

Described views reject unknown parameters and repeated single-value parameters. Without this, a typo in a parameter
could silently change the response.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from operator import attrgetter
from typing import Any, TypeVar

from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext as _
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_serializer,
)
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from core.http.openapi_examples import SCHEMA_SUFFIX, build_example

BooleanField = serializers.BooleanField
CharField = serializers.CharField
FloatField = serializers.FloatField
IntegerField = serializers.IntegerField


class FractionField(FloatField):
    """A fraction from 0 to 1. The source value is in percent."""

    def to_representation(self, percent: Any) -> Any:
        return super().to_representation(percent / 100)


class BlankAsNullField(CharField):
    """A text field that renders an empty string as null."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_null=True, **options)

    def to_representation(self, text: Any) -> Any:
        return super().to_representation(text) if text else None


class PluckField(serializers.ListField):
    """A list field that returns one attribute of each item, such as `candidate.slug`. By default, it is text."""

    child = CharField()

    def __init__(self, attribute: str, **options: Any) -> None:
        super().__init__(**options)
        self.get_value_of = attrgetter(attribute)

    def to_representation(self, items: Any) -> Any:
        return [self.get_value_of(item) for item in items]


# Base class of all response schemas, also used as a serializer: `BoardSchema(board).data` is a response. The component
# in the document has the class name without `Schema`. This comment is not a docstring, because the OpenAPI document
# would repeat a docstring in each component.
class Schema(serializers.Serializer[Any]):
    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        extend_schema_serializer(component_name=cls.__name__.removesuffix(SCHEMA_SUFFIX))(cls)


class ErrorDetailSchema(Schema):
    code = CharField(help_text="A short error code for programs.")
    detail = CharField(help_text="A sentence that explains the error.")
    fields = serializers.DictField(  # type: ignore[assignment]  # the API's name
        child=serializers.ListField(child=CharField()),
        required=False,
        help_text="The error messages for each invalid field.",
    )


class ErrorSchema(Schema):
    error = ErrorDetailSchema()


class PageSchema(Schema):
    next = serializers.URLField(allow_null=True, help_text="URL of the next page. Null on the last page.")
    previous = serializers.URLField(allow_null=True, help_text="URL of the previous page. Null on the first page.")


ERROR_DESCRIPTIONS = {
    400: "Invalid request. `fields` contains the error messages for each field.",
    401: "Invalid or expired API key.",
    403: "`X-CSRFToken` is missing or wrong (code `csrf`), or the API key does not allow this call (other codes).",
    404: "The object does not exist or belongs to someone else.",
    409: "Not possible in the current state of the battle. `code` contains the reason.",
    413: (
        f"The body is too large. The limit is {settings.MAX_BODY_BYTES // 1000} kB, or 2 MB for "
        "submissions to the catalog."
    ),
    415: "The `Content-Type` is not `application/json`.",
    422: "A different request has already used this `Idempotency-Key`.",
    429: "Too many requests. Try again after `Retry-After` seconds.",
    503: "Temporarily unavailable. Try again after `Retry-After` seconds.",
}
STREAM_ERRORS = (401, 403, 404, 429, 503)
READ_ERRORS = (400, 401, 403, 404, 429, 503)
WRITE_ERRORS = (400, 401, 403, 404, 409, 413, 415, 429, 503)
CSRF_HEADER = OpenApiParameter(
    "X-CSRFToken",
    str,
    OpenApiParameter.HEADER,
    description="The value of the `csrftoken` cookie. Required if the request has a `voter` cookie.",
)
# Allows clients to download a response only if it has changed.
IF_NONE_MATCH_HEADER = OpenApiParameter(
    "If-None-Match",
    str,
    OpenApiParameter.HEADER,
    description="The `ETag` of an earlier response. If nothing has changed, the status is 304.",
)
ETAG_HEADER = OpenApiParameter(
    "ETag",
    str,
    OpenApiParameter.HEADER,
    response=[200, 304],
    description="Identifies this version of the response. Send it as `If-None-Match`.",
)
NOT_MODIFIED = OpenApiResponse(None, "The response is still the version named in `If-None-Match`. There is no body.")
PAGE_PARAMETERS = (
    OpenApiParameter("cursor", str, description="The cursor from the URL in `next` or `previous`."),
    OpenApiParameter(
        "page_size",
        {"type": "integer", "minimum": 1},
        description="Number of entries per page, up to 100. Larger values are reduced to 100.",
        default=100,
    ),
)
View = TypeVar("View", bound=Callable[..., Any])
Decorator = Callable[[View], View]


def describe_call(
    operation_id: str,
    *,
    tag: str,
    response: type[Schema],
    request: type[Schema] | None = None,
    status: int = 200,
    parameters: Iterable[OpenApiParameter] = (),
    errors: Iterable[int] = READ_ERRORS,
    etag: bool = False,
) -> Decorator[Any]:
    """Return a decorator that adds a view method to the document and checks its query parameters.

    The first line of the method's docstring is the summary of the call, and the rest is its description. `response` is
    the schema of the response with status `status`. `errors` are the possible error statuses. With `etag`, the call
    supports `If-None-Match`.
    """
    parameters = list(parameters)
    query_parameters = [parameter for parameter in parameters if parameter.location == OpenApiParameter.QUERY]
    headers = [CSRF_HEADER] if 415 in errors else []  # calls that can return 415 have a body and change data
    if etag:
        headers += [IF_NONE_MATCH_HEADER, ETAG_HEADER]
    not_modified = {304: NOT_MODIFIED} if etag else {}
    examples = [
        OpenApiExample(
            "Response", build_example(response, operation_id), response_only=True, status_codes=[str(status)]
        )
    ]
    if request:
        examples.append(OpenApiExample("Request", build_example(request), request_only=True))

    def describe(view: View) -> Any:
        summary, description = split_docstring(view)
        decorate = extend_schema(
            operation_id=operation_id,
            tags=[tag],
            summary=summary,
            description=description,
            parameters=[*parameters, *headers],
            request=request,
            responses={
                status: OpenApiResponse(response, summary),
                **not_modified,
                **{number: OpenApiResponse(ErrorSchema, ERROR_DESCRIPTIONS[number]) for number in errors},
            },
            examples=examples,
        )
        return decorate(_check_parameters(query_parameters, view))

    return describe


def split_docstring(view: Callable[..., Any]) -> tuple[str, str]:
    """Return the summary and the description of a call, each as one line."""
    summary, _separator, description = (view.__doc__ or "").partition("\n\n")
    return " ".join(summary.split()).removesuffix("."), " ".join(description.split())


def describe_stream_call(
    view: Callable[..., Any],
    *,
    operation_id: str,
    tag: str,
    media_type: str,
    example: str,
    parameters: Iterable[dict[str, Any]] = (),
    errors: Iterable[int] = STREAM_ERRORS,
) -> dict[str, Any]:
    """Return the path item for a view that does not use DRF. The view's docstring is the summary and description."""
    summary, description = split_docstring(view)
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    content = {"schema": {"type": "string"}, "example": example}
    error_responses = {str(number): {"description": ERROR_DESCRIPTIONS[number], "content": error} for number in errors}
    return {
        "get": {
            "operationId": operation_id,
            "tags": [tag],
            "summary": summary,
            "description": description,
            "security": [{"voter": []}, {"key": []}, {}],
            "parameters": [*parameters],
            "responses": {"200": {"description": summary, "content": {media_type: content}}, **error_responses},
        }
    }


def _check_parameters(known_parameters: Sequence[OpenApiParameter], view: View) -> Any:
    """Return the view, wrapped in a check of its query parameters."""

    @wraps(view)
    def checked_view(instance: object, request: Request, *arguments: Any, **options: Any) -> Any:
        if errors := find_parameter_errors(request.query_params, known_parameters):
            raise ValidationError(errors)
        return view(instance, request, *arguments, **options)

    return checked_view


def find_parameter_errors(query: QueryDict, known_parameters: Sequence[OpenApiParameter]) -> dict[str, list[str]]:
    """Return an error for each unknown query parameter, and for each repeated single-value parameter."""
    by_name = {parameter.name: parameter for parameter in known_parameters}
    names = ", ".join(by_name)
    accepted = _("This call accepts: %s.") % names if names else _("This call accepts no parameters.")
    errors = {name: [_("Unknown parameter. %s") % accepted] for name in query if name not in by_name}
    for name, values in query.lists():
        parameter = by_name.get(name)
        if parameter and len(values) > 1 and not parameter.many:
            errors[name] = [_("Send this parameter once.")]
        elif parameter and len(values) > 1 and parameter.explode is False:
            errors[name] = [_("Send this parameter once, and separate values with commas.")]
    return errors
