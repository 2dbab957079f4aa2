"""Request errors. Pages and the API show the same messages."""

from typing import IO, Any

from django.core.exceptions import BadRequest
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.storage.database import release_connection

UNAUTHORIZED = 401
CONFLICT = 409
TOO_MANY_REQUESTS = 429
PAGE_TITLES = {CONFLICT: gettext_lazy("Not possible right now"), TOO_MANY_REQUESTS: gettext_lazy("Too many requests")}
MAX_ECHO_LENGTH = 60
READ_METHODS = ("GET", "HEAD")
INVALID_REQUEST = "Invalid request."


class RequestError(Exception):
    """Raised to reject a request before it changes anything.

    `code` is for programs, and `detail` is a sentence for people. `extra` contains further fields of the JSON error.
    `retry_after` in `extra`, a number of seconds, is instead sent as the Retry-After header.
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
        """Add the headers of this error to the response and return it."""
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
    """Return the cleaned data of a form. Raises RequestError (400) with all errors if the form is invalid."""
    if form.is_valid():
        return form.cleaned_data
    fields = {name: [str(message) for message in messages] for name, messages in form.errors.items()}
    detail = _("Some fields are invalid. Correct them and try again.")
    raise RequestError("invalid", detail, 400, fields=fields)


def sanitize_name(name: str) -> str:
    """Shorten a name from a request and replace nonprintable characters, for use in an error message."""
    short_name = _truncate_name(name)
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in short_name)


def _truncate_name(name: str) -> str:
    return name if len(name) <= MAX_ECHO_LENGTH else f"{name[:MAX_ECHO_LENGTH]}…"


def not_found_error(noun: str, name: str, hint: str = "") -> RequestError:
    """Return a 404 error for a name. `hint` is a sentence that says where to find the existing names."""
    return RequestError("not_found", f"There is no {noun} {_truncate_name(name)!r}. {hint}".strip(), 404)


def unknown_model_error(slug: str) -> RequestError:
    return not_found_error("model", slug, "See /api/v1/models/ for a list of models.")


def too_large_error(max_bytes: int) -> RequestError:
    """Return a 413 error for a body of more than `max_bytes` bytes."""
    return RequestError("too_large", f"The body is larger than {max_bytes // 1000:,} kB.", 413)


class Utf8UploadHandler(MemoryFileUploadHandler):
    """Rejects multipart forms that are not in UTF-8. Django already rejects such URL-encoded forms.

    The charset of a multipart form can name any Python codec, and Django tries even codecs that do not return text.
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
            raise BadRequest("Forms must be encoded in UTF-8.")
        super().handle_raw_input(input_data, META, content_length, boundary, encoding)


def reject_unsafe_method(request: HttpRequest, detail: str) -> HttpResponse | None:
    """Return a 405 response, or None if the method is GET or HEAD."""
    if request.method in READ_METHODS:
        return None
    return build_error_response(RequestError("method_not_allowed", detail, 405), Allow=", ".join(READ_METHODS))


def build_error_response(error: RequestError, **headers: str) -> JsonResponse:
    """Return the JSON response for an error outside DRF's views."""
    return JsonResponse(error.body, status=error.status, headers={**error.headers, **headers})


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Handle requests that Django rejects, for example because of an unknown Host. Returns JSON for API paths."""
    return _render_bare_error(request, RequestError("bad_request", INVALID_REQUEST, 400))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    try:
        return render(request, "404.html", status=404)
    finally:
        release_connection()  # rendering can load the session, in a thread that does not release its connection


def render_error_page(request: HttpRequest, error: RequestError, **context: object) -> HttpResponse:
    """Return the error page for too many requests, a conflict, or a missing object."""
    title = PAGE_TITLES.get(error.status, "")
    template = "message.html" if title else "404.html"
    page = render(request, template, {"title": title, "detail": error.detail, **context}, status=error.status)
    return error.add_headers(page)


def too_many_attempts(request: HttpRequest) -> HttpResponse:
    """Return the page for requests over allauth's limits. Most of these limits are per minute."""
    context = {"title": _("Too many attempts"), "detail": _("Wait a minute, then try again.")}
    page = render(request, "message.html", context, status=TOO_MANY_REQUESTS)
    page.headers["Retry-After"] = "60"
    return page


def server_error(request: HttpRequest) -> HttpResponse:
    return _render_bare_error(request, RequestError("error", "Something went wrong on our side.", 500))


def _render_bare_error(request: HttpRequest, error: RequestError) -> HttpResponse:
    """Return JSON for API paths, or a page that does not depend on the request.

    Django's own handlers would read the CSRF token from the request, and fail again if the request is unreadable.
    """
    if request.path.startswith("/api/"):
        return build_error_response(error)
    return HttpResponse(render_to_string(f"{error.status}.html"), status=error.status)
