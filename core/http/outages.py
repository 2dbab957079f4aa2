"""While the database is down, every request gets a 503 at once, and nothing is changed."""

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

RETRY_AFTER_S = "3"
UNAVAILABLE_ERROR = {
    "code": "unavailable",
    "detail": "The service can't reach its data right now. Try again in a moment.",
}


def render_unavailable(request: HttpRequest) -> HttpResponse:
    if request.path.startswith("/api/"):
        response: HttpResponse = JsonResponse({"error": UNAVAILABLE_ERROR}, status=503)
    else:
        response = render(request, "503.html", status=503)
    response.headers["Retry-After"] = RETRY_AFTER_S
    return response


class OutageMiddleware:
    """Turns errors of the database connection into a 503. It must be inside all middleware that a page needs."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return render_unavailable(request) if isinstance(error, OperationalError | InterfaceError) else None
