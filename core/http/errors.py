"""What can be wrong with a request, in our words; pages and API show the same sentence."""

from typing import IO, Any

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from rest_framework import exceptions
from rest_framework.parsers import JSONParser
from rest_framework.request import Request, is_form_media_type
from rest_framework.response import Response

UNAUTHORIZED = 401
CONFLICT, TOO_MANY_REQUESTS = 409, 429
MAX_ECHO_LENGTH = 60
SAFE_METHODS = ("GET", "HEAD")
INVALID_REQUEST = "The request is not as it should be."


class RequestError(Exception):
    """A request that changes nothing: `code` for programs, `detail` for people, `status` for HTTP."""

    def __init__(self, code: str, detail: str, status: int, **extra: Any) -> None:
        super().__init__(detail)
        self.code, self.detail, self.status, self.extra = code, detail, status, extra

    @property
    def headers(self) -> dict[str, str]:
        """`retry_after`, in seconds, is told here; and whom we do not know, how to say who it is."""
        asked = {"WWW-Authenticate": "Bearer"} if self.status == UNAUTHORIZED else {}
        return asked | ({"Retry-After": str(self.extra["retry_after"])} if "retry_after" in self.extra else {})

    def on(self, page: HttpResponse) -> HttpResponse:
        """The page that shows the sentence, with what else has to be told."""
        for name, value in self.headers.items():
            page.headers[name] = value
        return page

    @property
    def body(self) -> dict[str, Any]:
        told = {name: value for name, value in self.extra.items() if name != "retry_after"}
        return {"error": {"code": self.code, "detail": self.detail, **told}}


def field_error(field: str, detail: str) -> RequestError:
    return RequestError("invalid", detail, 400, fields={sanitize_name(field): [detail]})


def sanitize_name(name: str) -> str:
    """What a request calls something, to be told back: names may be as long as a body, and hold what is no text."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in _truncate_name(name))


def _truncate_name(name: str) -> str:
    return name if len(name) <= MAX_ECHO_LENGTH else f"{name[:MAX_ECHO_LENGTH]}…"


def not_found_error(what: str, name: str, hint: str = "") -> RequestError:
    """hint: a sentence on which there are."""
    return RequestError("not_found", f"There is no {what} {_truncate_name(name)!r}. {hint}".strip(), 404)


def unknown_model_error(slug: str) -> RequestError:
    return not_found_error("model", slug, "All are listed at /api/v1/models/.")


def too_large_error(most: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE) -> RequestError:
    """most: bytes."""
    return RequestError("too_large", f"The body is larger than {most // 1000:,} kB.", 413)


class Utf8UploadHandler(MemoryFileUploadHandler):
    """Refuses multipart forms of another charset than UTF-8, as Django does with all other forms.

    A request may name any codec of Python's, and Django tries some that are none of texts.
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
    """A body of JSON; of one that is none we say so, whatever is wrong with it."""

    def parse(self, *arguments: Any, **options: Any) -> Any:
        try:
            return super().parse(*arguments, **options)
        except (exceptions.ParseError, RecursionError):  # the latter where it is nested without end
            raise exceptions.ParseError("The body is not JSON.") from None


def read_json_body(request: Request) -> Any:
    """What was sent. Of a form that the look at its token has read before, DRF would say that it is empty."""
    if is_form_media_type(request.content_type or ""):
        raise exceptions.UnsupportedMediaType(request.content_type)
    return request.data


def handle_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: every error as `{"error": {"code", "detail", "fields"?}}`."""
    if isinstance(error, RequestDataTooBig):
        error = too_large_error()
    if isinstance(error, exceptions.UnsupportedMediaType):
        error = RequestError(
            "unsupported_media_type", f"The body must be JSON, with Content-Type: {StrictJsonParser.media_type}.", 415
        )
    if isinstance(error, RequestError):
        return Response(error.body, status=error.status, headers=error.headers)
    if isinstance(error, Http404):
        error = exceptions.NotFound("There is nothing here, or it is not yours.")
    if not isinstance(error, exceptions.APIException):
        return None
    codes = error.get_codes()
    if isinstance(error.detail, dict):
        error.detail = {sanitize_name(name): told for name, told in error.detail.items()}
    body: dict[str, Any] = {"code": codes if isinstance(codes, str) else "invalid", "detail": _format_detail(error)}
    if isinstance(error.detail, dict):
        body["fields"] = error.detail
    return Response({"error": body}, status=error.status_code)


def reject_unsafe_method(request: HttpRequest, detail: str) -> HttpResponse | None:
    """The answer to whoever does not only read, at an address where nothing else can be done."""
    if request.method in SAFE_METHODS:
        return None
    return build_error_response(RequestError("method_not_allowed", detail, 405), Allow=", ".join(SAFE_METHODS))


def build_error_response(error: RequestError, **headers: str) -> JsonResponse:
    """The same where no view of DRF's is."""
    return JsonResponse(error.body, status=error.status, headers={**error.headers, **headers})


def _format_detail(error: exceptions.APIException) -> str:
    """Of single fields what is wrong with each, so that whoever reads only this knows too."""
    if isinstance(error.detail, str):
        return str(error.detail)
    told = error.detail.items() if isinstance(error.detail, dict) else ()
    return " ".join(f"{name}: {each}" for name, all_of_it in told for each in all_of_it) or INVALID_REQUEST


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Where Django gives up, as for a foreign Host or a form of another charset; an API answers in JSON."""
    return _build_api_error(request, 400, "bad_request", INVALID_REQUEST) or _render_bare_page("400.html", 400)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "404.html", status=404)


def render_error_page(request: HttpRequest, error: RequestError, **shown: object) -> HttpResponse:
    """The page for a refusal: too many requests, a conflict, or nothing found."""
    template = {TOO_MANY_REQUESTS: "429.html", CONFLICT: "409.html"}.get(error.status, "404.html")
    return error.on(render(request, template, {"detail": error.detail, **shown}, status=error.status))


def too_many_attempts(request: HttpRequest) -> HttpResponse:
    """Where allauth refuses one more attempt; its limits of an address are by the minute."""
    page = render(request, "429.html", status=429)
    page.headers["Retry-After"] = "60"
    return page


def server_error(request: HttpRequest) -> HttpResponse:
    return _build_api_error(request, 500, "error", "Something went wrong on our side.") or _render_bare_page(
        "500.html", 500
    )


def _render_bare_page(template: str, status: int) -> HttpResponse:
    """Django's own handlers look at the token of the form once more, and fail where it cannot be read."""
    return HttpResponse(render_to_string(template), status=status)


def _build_api_error(request: HttpRequest, status: int, code: str, detail: str) -> HttpResponse | None:
    if not request.path.startswith("/api/"):
        return None
    return JsonResponse({"error": {"code": code, "detail": detail}}, status=status)
