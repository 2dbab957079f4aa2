"""Adds headers to Django's responses: a permissions policy, and `Cache-Control` for personal responses."""

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer", "browsing-topics", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer",
        "microphone", "midi", "payment", "usb",
    )
)  # fmt: skip
Handler = Callable[[HttpRequest], Any]


@sync_and_async_middleware
def headers_middleware(get_response: Handler) -> Handler:
    """Return middleware that denies device features to pages and keeps personal responses out of shared caches.

    It must come before all middleware that sets cookies.
    """
    if iscoroutinefunction(get_response):

        async def handle_async(request: HttpRequest) -> HttpResponseBase:
            return _add_headers(await get_response(request))

        return handle_async

    def handle_sync(request: HttpRequest) -> HttpResponseBase:
        return _add_headers(get_response(request))

    return handle_sync


def _add_headers(response: HttpResponseBase) -> HttpResponseBase:
    response.headers["Permissions-Policy"] = PERMISSIONS_POLICY
    # A page with a CSRF token sets a cookie, and a response that depends on the client has `Vary: Cookie`.
    if response.cookies or "cookie" in response.headers.get("Vary", "").lower():
        response.headers.setdefault("Cache-Control", "private")
    return response
