"""Request errors and their JSON responses. `core.http.error_pages` shows the same messages on pages."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

UNAUTHORIZED = 401
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


def reject_unsafe_method(request: HttpRequest, detail: str) -> HttpResponse | None:
    """Return a 405 response, or None if the method is GET or HEAD."""
    if request.method in READ_METHODS:
        return None
    return build_error_response(RequestError("method_not_allowed", detail, 405), Allow=", ".join(READ_METHODS))


def build_error_response(error: RequestError, **headers: str) -> JsonResponse:
    """Return the JSON response for an error outside DRF's views."""
    return JsonResponse(error.body, status=error.status, headers={**error.headers, **headers})
