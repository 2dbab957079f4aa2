"""Error pages, and Django's handlers of errors, which return JSON for the API."""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.http.errors import INVALID_REQUEST, RequestError, build_error_response
from core.storage.database import release_connection

PAGE_TITLES: dict[int, Any] = {
    HTTPStatus.FORBIDDEN: gettext_lazy("Not allowed"),
    HTTPStatus.CONFLICT: gettext_lazy("Not possible right now"),
    HTTPStatus.TOO_MANY_REQUESTS: gettext_lazy("Too many requests"),
}
INVALID_REQUEST_TITLE = gettext_lazy("Invalid request")


def render_error_page(request: HttpRequest, error: RequestError, **context: object) -> HttpResponse:
    """Return the page for an error, which is not to be stored. If something is missing, it has a search for models."""
    context = {"title": PAGE_TITLES.get(error.status, INVALID_REQUEST_TITLE), "detail": error.detail, **context}
    template = "404.html" if error.status == HTTPStatus.NOT_FOUND else "message.html"
    page = error.add_headers(render(request, template, context, status=error.status))
    page.headers["Cache-Control"] = "no-store"
    return page


def handle_bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Handle requests that Django rejects, for example because of an unknown Host. Returns JSON for API paths."""
    return _render_bare_error(request, RequestError("bad_request", INVALID_REQUEST, 400))


def handle_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    try:
        return render(request, "404.html", status=404)
    finally:
        release_connection()  # rendering can load the session, in a thread that does not release its connection


def handle_too_many_attempts(request: HttpRequest) -> HttpResponse:
    """Return the page for requests over allauth's limits. Most of these limits are per minute."""
    context = {"title": _("Too many attempts"), "detail": _("Wait a minute, then try again.")}
    page = render(request, "message.html", context, status=HTTPStatus.TOO_MANY_REQUESTS)
    page.headers["Retry-After"] = "60"
    return page


def handle_server_error(request: HttpRequest) -> HttpResponse:
    return _render_bare_error(request, RequestError("error", "Something went wrong on our side.", 500))


def _render_bare_error(request: HttpRequest, error: RequestError) -> HttpResponse:
    """Return JSON for API paths, or a page that does not depend on the request.

    Django's own handlers would read the CSRF token from the request, and fail again if the request is unreadable.
    """
    if request.path.startswith("/api/"):
        return build_error_response(error)
    return HttpResponse(render_to_string(f"{error.status}.html"), status=error.status)
