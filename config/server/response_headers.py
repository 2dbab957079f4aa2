"""What every answer of Django's tells browsers and caches."""

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponseBase

PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer", "browsing-topics", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer",
        "microphone", "midi", "payment", "usb",
    )
)  # fmt: skip
Handler = Callable[[HttpRequest], Any]


def headers_middleware(get_response: Handler) -> Handler:
    """Outside of all that gives cookies: our pages use no device, and what is made for one person is for no cache that
    others share."""
    if iscoroutinefunction(get_response):

        async def asynchronous(request: HttpRequest) -> HttpResponseBase:
            return _add_headers(await get_response(request))

        return asynchronous

    def synchronous(request: HttpRequest) -> HttpResponseBase:
        return _add_headers(get_response(request))

    return synchronous


headers_middleware.sync_capable = headers_middleware.async_capable = True  # type: ignore[attr-defined]  # how Django asks


def _add_headers(response: HttpResponseBase) -> HttpResponseBase:
    response.headers["Permissions-Policy"] = PERMISSIONS_POLICY
    # A page with a token of forms sets its cookie, and what depends on who asks names the cookie in `Vary`.
    if response.cookies or "cookie" in response.headers.get("Vary", "").lower():
        response.headers.setdefault("Cache-Control", "private")
    return response
