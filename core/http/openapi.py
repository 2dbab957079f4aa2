"""A call in the OpenAPI document, and the shapes that calls of all parts share. Nothing is parsed by them.

What the document does not know is refused, and what comes twice where it has one value: a board or a limit that is
misspelt, or overwritten, would be another answer without a word.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any, TypeVar

from django.conf import settings
from django.http import QueryDict
from django.utils.translation import gettext as say
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

FloatField, IntegerField = serializers.FloatField, serializers.IntegerField
CharField, BooleanField = serializers.CharField, serializers.BooleanField


# The shape of a JSON object. Its component in the document has the name of the class without `Schema`.
# This is no docstring: the document would repeat it as the description of each component.
class Schema(serializers.Serializer[Any]):
    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        extend_schema_serializer(component_name=cls.__name__.removesuffix("Schema"))(cls)


class ErrorDetailSchema(Schema):
    code = CharField(help_text="for programs")
    detail = CharField(help_text="one sentence, for people")
    fields = serializers.DictField(  # type: ignore[assignment]  # the name is that of the API
        child=serializers.ListField(child=CharField()), required=False, help_text="what is wrong with which"
    )


class ErrorSchema(Schema):
    error = ErrorDetailSchema()


class PageSchema(Schema):
    next = serializers.URLField(allow_null=True, help_text="address of the next page")
    previous = serializers.URLField(allow_null=True)


ERROR_DESCRIPTIONS = {
    400: "Something in the request is not as it should be; `fields` says what.",
    401: "The API key is not valid any more, or never was.",
    403: "`csrf`: X-CSRFToken is missing. Or the key may not do this.",
    404: "There is nothing here, or it is somebody else's.",
    409: "The battle is in another state: `code` says in which way.",
    413: (
        f"The body is larger than {settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1000} kB, or 10 MB for submissions to the "
        "catalogue."
    ),
    415: "The body is not `application/json`.",
    422: "The `Idempotency-Key` came with another request before.",
    429: "Too many: `Retry-After` says when to try again.",
    503: "Not possible just now: `Retry-After` says when to try again.",
}
STREAM_ERRORS = (401, 403, 404, 429, 503)
READ_ERRORS, WRITE_ERRORS = (400, 401, 403, 404, 429, 503), (400, 401, 403, 404, 409, 413, 415, 429, 503)
CSRF_HEADER = OpenApiParameter(
    "X-CSRFToken", str, OpenApiParameter.HEADER, description="With a `voter` cookie: what the cookie `csrftoken` says."
)
# Of an answer that is sent again only if it changed.
IF_NONE_MATCH_HEADER = OpenApiParameter(
    "If-None-Match", str, OpenApiParameter.HEADER, description="The `ETag` of an earlier answer."
)
ETAG_HEADER = OpenApiParameter(
    "ETag", str, OpenApiParameter.HEADER, response=[200, 304], description="Of this answer, for `If-None-Match`."
)
NOT_MODIFIED = OpenApiResponse(None, "It is still what `If-None-Match` says, and comes without a body.")
PAGE_PARAMETERS = (
    OpenApiParameter("cursor", str, description="As the address of the next page says."),
    OpenApiParameter(
        "page_size", {"type": "integer", "minimum": 1}, description="At most 100; more means 100.", default=100
    ),
)
View = TypeVar("View", bound=Callable[..., Any])
Decorator = Callable[[View], View]


def describe_operation(
    name: str,
    tag: str,
    says: tuple[str, str],
    gives: tuple[Any, Any],
    *,
    takes: tuple[Any, Any] | None = None,
    status: int = 200,
    parameters: Iterable[OpenApiParameter] = (),
    errors: Iterable[int] = READ_ERRORS,
    etag: bool = False,
) -> Decorator[Any]:
    """A call in the document. says: a title and a text. gives, takes: a shape and an example of it."""
    parameters = list(parameters)
    known = [each for each in parameters if each.location == OpenApiParameter.QUERY]
    document = extend_schema(
        operation_id=name,
        tags=[tag],
        summary=says[0],
        description=says[1],
        parameters=[
            *parameters,
            *([CSRF_HEADER] if 415 in errors else []),
            *([IF_NONE_MATCH_HEADER, ETAG_HEADER] if etag else []),
        ],
        request=takes and takes[0],
        responses={
            status: OpenApiResponse(gives[0], says[0]),
            **({304: NOT_MODIFIED} if etag else {}),
            **{number: OpenApiResponse(ErrorSchema, ERROR_DESCRIPTIONS[number]) for number in errors},
        },
        examples=[
            OpenApiExample("Answer", gives[1], response_only=True, status_codes=[str(status)]),
            *([OpenApiExample("Request", takes[1], request_only=True)] if takes else []),
        ],
    )
    return lambda view: document(_check_parameters(known, view))


def describe_stream(
    name: str,
    tag: str,
    says: tuple[str, str],
    sent: tuple[str, str],
    parameters: Iterable[dict[str, Any]],
    errors: Iterable[int] = STREAM_ERRORS,
) -> dict[str, Any]:
    """A path of a view that is not DRF's. sent: the media type, and an example."""
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    found = {"schema": {"type": "string"}, "example": sent[1]}
    refused = {str(number): {"description": ERROR_DESCRIPTIONS[number], "content": error} for number in errors}
    return {
        "get": {
            "operationId": name,
            "tags": [tag],
            "summary": says[0],
            "description": says[1],
            "security": [{"voter": []}, {"key": []}, {}],
            "parameters": [*parameters],
            "responses": {"200": {"description": says[0], "content": {sent[0]: found}}, **refused},
        }
    }


def _check_parameters(known: Sequence[OpenApiParameter], view: View) -> Any:
    @wraps(view)
    def checked(of: object, request: Request, *arguments: Any, **more: Any) -> Any:
        if problems := find_parameter_errors(request.query_params, known):
            raise ValidationError(problems)
        return view(of, request, *arguments, **more)

    return checked


def find_parameter_errors(given: QueryDict, known: Sequence[OpenApiParameter]) -> dict[str, list[str]]:
    """What is wrong with each parameter: it is not known, or it comes again where one value is taken."""
    by_name = {each.name: each for each in known}
    found = {name: [_unknown_message(by_name)] for name in given if name not in by_name}
    again = (by_name[name] for name, values in given.lists() if name in by_name and len(values) > 1)
    return found | {each.name: [_repeated_message(each)] for each in again if not each.many or each.explode is False}


def _unknown_message(known: Iterable[str]) -> str:
    if names := ", ".join(known):
        return say("There is no such parameter. Known are: %s.") % names
    return say("There is no such parameter: none is known here.")


def _repeated_message(parameter: OpenApiParameter) -> str:
    if parameter.many:
        return say("This is given once, with commas between the values.")
    return say("This is given once.")
