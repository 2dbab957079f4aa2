"""Reading JSON and handling errors in DRF's views. Workers do not import this module, because DRF takes 8 MB."""

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import Http404
from rest_framework import exceptions
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response

from core.http.errors import INVALID_REQUEST, RequestError, sanitize_name, too_large_error

FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


class StrictJsonParser(JSONParser):
    """Parses a JSON body. Raises the same error for all invalid JSON."""

    def parse(self, *arguments: Any, **options: Any) -> Any:
        try:
            return super().parse(*arguments, **options)
        except (exceptions.ParseError, RecursionError):  # RecursionError means too much nesting
            raise exceptions.ParseError("The body is not valid JSON.") from None


def read_json_body(request: Request) -> Any:
    """Return the parsed JSON body. Raises UnsupportedMediaType for a form.

    DRF would return empty data for a form, because the CSRF check has already read the body.
    """
    if (request.content_type or "").startswith(FORM_TYPES):
        raise exceptions.UnsupportedMediaType(request.content_type)
    return request.data


def handle_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """Exception handler for DRF. Returns `{"error": {"code", "detail", "fields"?}}`, or None for a server error."""
    if isinstance(error, RequestDataTooBig):
        error = too_large_error(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    if isinstance(error, exceptions.UnsupportedMediaType):
        error = RequestError(
            "unsupported_media_type", f"The body must be JSON, with Content-Type: {StrictJsonParser.media_type}.", 415
        )
    if isinstance(error, Http404):
        error = exceptions.NotFound("This does not exist or belongs to someone else.")
    if isinstance(error, exceptions.APIException):
        error = _convert_api_error(error)
    if not isinstance(error, RequestError):
        return None
    return Response(error.body, status=error.status, headers=error.headers)


def _convert_api_error(error: exceptions.APIException) -> RequestError:
    """Convert a DRF error. `detail` contains the errors of all fields, for clients that do not read `fields`."""
    if not isinstance(error.detail, dict):
        codes = error.get_codes()
        detail = error.detail if isinstance(error.detail, str) else INVALID_REQUEST
        return RequestError(codes if isinstance(codes, str) else "invalid", str(detail), error.status_code)
    fields = {sanitize_name(name): messages for name, messages in error.detail.items()}
    detail = " ".join(f"{name}: {message}" for name, messages in fields.items() for message in messages)
    return RequestError("invalid", detail or INVALID_REQUEST, error.status_code, fields=fields)
