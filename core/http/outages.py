"""Returns status 503 for requests that need the database while it is down."""

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from core.http.errors import RequestError, build_error_response
from core.http.middleware import Handler

UNAVAILABLE = RequestError(
    "unavailable", "The database is unavailable right now. Try again in a moment.", 503, retry_after=3
)


def render_unavailable(request: HttpRequest) -> HttpResponse:
    if request.path.startswith("/api/"):
        return build_error_response(UNAVAILABLE)
    context = {
        "title": _("We cannot reach our data right now"),
        "detail": _("Your battles and votes are safe. Please try again in a moment."),
    }
    return UNAVAILABLE.add_headers(render(request, "message.html", context, status=503))


class OutageMiddleware:
    """Returns status 503 if a view cannot reach the database.

    In `MIDDLEWARE`, it must come after the middleware that the error page needs.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return render_unavailable(request) if isinstance(error, OperationalError | InterfaceError) else None
