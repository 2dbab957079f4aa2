"""Errors of requests: pages and API show the same sentence."""

from typing import IO, Any

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.parsers import JSONParser
from rest_framework.request import Request, is_form_media_type
from rest_framework.response import Response

from core.storage.database import release_connection

UNAUTHORIZED = 401
CONFLICT = 409
TOO_MANY_REQUESTS = 429
MAX_ECHO_LENGTH = 60
SAFE_METHODS = ("GET", "HEAD")
INVALID_REQUEST = "Invalid request."


class RequestError(Exception):
    """A rejected request, which has changed nothing.

    code: for programs. detail: one sentence for people. status: of the HTTP response. extra: further fields of the JSON
    error; `retry_after`, in seconds, becomes the header Retry-After instead.
    """

    def __init__(self, code: str, detail: str, status: int, **extra: Any) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.status = status
        self.extra = extra

    @property
    def headers(self) -> dict[str, str]:
        headers = {}
        if self.status == UNAUTHORIZED:
            headers["WWW-Authenticate"] = "Bearer"
        if "retry_after" in self.extra:
            headers["Retry-After"] = str(self.extra["retry_after"])
        return headers

    def add_headers(self, response: HttpResponse) -> HttpResponse:
        """The same response with the headers of this error."""
        for name, value in self.headers.items():
            response.headers[name] = value
        return response

    @property
    def body(self) -> dict[str, Any]:
        fields = {name: value for name, value in self.extra.items() if name != "retry_after"}
        return {"error": {"code": self.code, "detail": self.detail, **fields}}


def field_error(field: str, detail: str) -> RequestError:
    return RequestError("invalid", detail, 400, fields={sanitize_name(field): [detail]})


def clean_form(form: BaseForm) -> dict[str, Any]:
    """The cleaned data of a form. Raises RequestError 400 with all errors of an invalid one."""
    if form.is_valid():
        return form.cleaned_data
    fields = {name: [str(message) for message in messages] for name, messages in form.errors.items()}
    detail = _("Some fields are invalid. Correct them and try again.")
    raise RequestError("invalid", detail, 400, fields=fields)


def sanitize_name(name: str) -> str:
    """The name short and printable for an error message: in a request it may be long and contain any characters."""
    short_name = _truncate_name(name)
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in short_name)


def _truncate_name(name: str) -> str:
    return name if len(name) <= MAX_ECHO_LENGTH else f"{name[:MAX_ECHO_LENGTH]}…"


def not_found_error(noun: str, name: str, hint: str = "") -> RequestError:
    """The 404 error for a name that does not exist. hint: a sentence that says where the existing names are listed."""
    return RequestError("not_found", f"There is no {noun} {_truncate_name(name)!r}. {hint}".strip(), 404)


def unknown_model_error(slug: str) -> RequestError:
    return not_found_error("model", slug, "All are listed at /api/v1/models/.")


def too_large_error(max_bytes: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE) -> RequestError:
    """The error for a body of more than `max_bytes` bytes."""
    return RequestError("too_large", f"The body is larger than {max_bytes // 1000:,} kB.", 413)


class Utf8UploadHandler(MemoryFileUploadHandler):
    """Rejects multipart forms in charsets other than UTF-8, as Django does with all other forms.

    A request may name any codec of Python, and Django tries even codecs that do not decode to text.
    """

    def handle_raw_input(
        self,
        input_data: IO[bytes],
        META: dict[str, str],  # noqa: N803  # Django's name
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        if encoding and encoding.lower() != "utf-8":
            raise BadRequest("A form must be UTF-8.")
        super().handle_raw_input(input_data, META, content_length, boundary, encoding)


class StrictJsonParser(JSONParser):
    """Parses a JSON body; every mistake gives the same error."""

    def parse(self, *arguments: Any, **options: Any) -> Any:
        try:
            return super().parse(*arguments, **options)
        except (exceptions.ParseError, RecursionError):  # RecursionError: it is nested too deep
            raise exceptions.ParseError("The body is not JSON.") from None


def read_json_body(request: Request) -> Any:
    """The JSON body. DRF would return an empty one for a form, which the CSRF check has already read."""
    if is_form_media_type(request.content_type or ""):
        raise exceptions.UnsupportedMediaType(request.content_type)
    return request.data


def handle_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: returns every error as `{"error": {"code", "detail", "fields"?}}`."""
    if isinstance(error, RequestDataTooBig):
        error = too_large_error()
    if isinstance(error, exceptions.UnsupportedMediaType):
        error = RequestError(
            "unsupported_media_type", f"The body must be JSON, with Content-Type: {StrictJsonParser.media_type}.", 415
        )
    if isinstance(error, Http404):
        error = exceptions.NotFound("Not found, or not yours.")
    if isinstance(error, exceptions.APIException):
        error = _convert_api_error(error)
    if not isinstance(error, RequestError):
        return None
    return Response(error.body, status=error.status, headers=error.headers)


def _convert_api_error(error: exceptions.APIException) -> RequestError:
    """DRF's error as ours; `detail` has all errors of all fields, for clients that read nothing else."""
    if not isinstance(error.detail, dict):
        codes = error.get_codes()
        detail = error.detail if isinstance(error.detail, str) else INVALID_REQUEST
        return RequestError(codes if isinstance(codes, str) else "invalid", str(detail), error.status_code)
    fields = {sanitize_name(name): details for name, details in error.detail.items()}
    detail = " ".join(f"{name}: {detail}" for name, details in fields.items() for detail in details)
    return RequestError("invalid", detail or INVALID_REQUEST, error.status_code, fields=fields)


def reject_unsafe_method(request: HttpRequest, detail: str) -> HttpResponse | None:
    """An error response if the method does not only read, else None."""
    if request.method in SAFE_METHODS:
        return None
    return build_error_response(RequestError("method_not_allowed", detail, 405), Allow=", ".join(SAFE_METHODS))


def build_error_response(error: RequestError, **headers: str) -> JsonResponse:
    """The JSON response for this error outside of DRF's views."""
    return JsonResponse(error.body, status=error.status, headers={**error.headers, **headers})


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The response if Django rejects a request, such as for a foreign Host or charset. The API returns JSON."""
    return _render_bare_error(request, RequestError("bad_request", INVALID_REQUEST, 400))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    try:
        return render(request, "404.html", status=404)
    finally:
        release_connection()  # the page may load the session, in a thread that nobody releases


def render_error_page(request: HttpRequest, error: RequestError, **context: object) -> HttpResponse:
    """The page for too many requests, a conflict, or nothing found."""
    template = {TOO_MANY_REQUESTS: "429.html", CONFLICT: "409.html"}.get(error.status, "404.html")
    page = render(request, template, {"detail": error.detail, **context}, status=error.status)
    return error.add_headers(page)


def too_many_attempts(request: HttpRequest) -> HttpResponse:
    """The page for an attempt beyond allauth's limits. Its limits per address are per minute."""
    page = render(request, "429.html", status=429)
    page.headers["Retry-After"] = "60"
    return page


def server_error(request: HttpRequest) -> HttpResponse:
    return _render_bare_error(request, RequestError("error", "Something went wrong on our side.", 500))


def _render_bare_error(request: HttpRequest, error: RequestError) -> HttpResponse:
    """JSON for the API. A page is rendered without the request: Django's own handlers read the CSRF token again, and
    fail if it cannot be read."""
    if request.path.startswith("/api/"):
        return build_error_response(error)
    return HttpResponse(render_to_string(f"{error.status}.html"), status=error.status)
