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
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

NUMBER, WHOLE = serializers.FloatField, serializers.IntegerField
Text, Yes = serializers.CharField, serializers.BooleanField


class ErrorDetail(serializers.Serializer[Any]):
    code = Text(help_text="for programs")
    detail = Text(help_text="one sentence, for people")
    fields = serializers.DictField(  # type: ignore[assignment]  # the name is that of the API
        child=serializers.ListField(child=Text()), required=False, help_text="what is wrong with which"
    )


class Error(serializers.Serializer[Any]):
    error = ErrorDetail()


class Page(serializers.Serializer[Any]):
    next = serializers.URLField(allow_null=True, help_text="address of the next page")
    previous = serializers.URLField(allow_null=True)


ERRORS = {
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
STREAMED = (401, 403, 404, 429, 503)
READ, WRITE = (400, 401, 403, 404, 429, 503), (400, 401, 403, 404, 409, 413, 415, 429, 503)
CSRF = OpenApiParameter(
    "X-CSRFToken", str, OpenApiParameter.HEADER, description="With a `voter` cookie: what the cookie `csrftoken` says."
)
# Of an answer that is sent again only if it changed.
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match", str, OpenApiParameter.HEADER, description="The `ETag` of an earlier answer."
)
ETAG = OpenApiParameter(
    "ETag", str, OpenApiParameter.HEADER, response=[200, 304], description="Of this answer, for `If-None-Match`."
)
UNCHANGED = OpenApiResponse(None, "It is still what `If-None-Match` says, and comes without a body.")
PAGING = (
    OpenApiParameter("cursor", str, description="As the address of the next page says."),
    OpenApiParameter(
        "page_size", {"type": "integer", "minimum": 1}, description="At most 100; more means 100.", default=100
    ),
)
View = TypeVar("View", bound=Callable[..., Any])
Decorator = Callable[[View], View]


def call(
    name: str,
    tag: str,
    says: tuple[str, str],
    gives: tuple[Any, Any],
    *,
    takes: tuple[Any, Any] | None = None,
    status: int = 200,
    parameters: Iterable[OpenApiParameter] = (),
    errors: Iterable[int] = READ,
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
        parameters=[*parameters, *([CSRF] if 415 in errors else []), *([IF_NONE_MATCH, ETAG] if etag else [])],
        request=takes and takes[0],
        responses={
            status: OpenApiResponse(gives[0], says[0]),
            **({304: UNCHANGED} if etag else {}),
            **{number: OpenApiResponse(Error, ERRORS[number]) for number in errors},
        },
        examples=[
            OpenApiExample("Answer", gives[1], response_only=True, status_codes=[str(status)]),
            *([OpenApiExample("Request", takes[1], request_only=True)] if takes else []),
        ],
    )
    return lambda view: document(_knowing(known, view))


def streamed(
    name: str,
    tag: str,
    says: tuple[str, str],
    sent: tuple[str, str],
    parameters: Iterable[dict[str, Any]],
    errors: Iterable[int] = STREAMED,
) -> dict[str, Any]:
    """A path of a view that is not DRF's. sent: the media type, and an example."""
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    found = {"schema": {"type": "string"}, "example": sent[1]}
    refused = {str(number): {"description": ERRORS[number], "content": error} for number in errors}
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


def _knowing(known: Sequence[OpenApiParameter], view: View) -> Any:
    @wraps(view)
    def checked(of: object, request: Request, *arguments: Any, **more: Any) -> Any:
        if problems := wrong(request.query_params, known):
            raise ValidationError(problems)
        return view(of, request, *arguments, **more)

    return checked


def wrong(given: QueryDict, known: Sequence[OpenApiParameter]) -> dict[str, list[str]]:
    """What is wrong with each parameter: it is not known, or it comes again where one value is taken."""
    by_name = {each.name: each for each in known}
    found = {name: [_unknown(by_name)] for name in given if name not in by_name}
    again = (by_name[name] for name, values in given.lists() if name in by_name and len(values) > 1)
    return found | {each.name: [_once(each)] for each in again if not each.many or each.explode is False}


def _unknown(known: Iterable[str]) -> str:
    if names := ", ".join(known):
        return say("There is no such parameter. Known are: %s.") % names
    return say("There is no such parameter: none is known here.")


def _once(parameter: OpenApiParameter) -> str:
    if parameter.many:
        return say("This is given once, with commas between the values.")
    return say("This is given once.")
