"""Adds headers to Django's responses: a permissions policy, and `Cache-Control` for personal responses."""

from django.http import HttpRequest, HttpResponseBase

from core.http.middleware import Handler

PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer", "browsing-topics", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer",
        "microphone", "midi", "payment", "usb",
    )
)  # fmt: skip


def headers_middleware(get_response: Handler) -> Handler:
    """Return middleware that denies device features to pages and keeps personal responses out of shared caches.

    It must come before all middleware that sets cookies.
    """

    def handle(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response.headers["Permissions-Policy"] = PERMISSIONS_POLICY
        # A page with a CSRF token sets a cookie, and a response that depends on the client has `Vary: Cookie`.
        if response.cookies or "cookie" in response.headers.get("Vary", "").lower():
            response.headers.setdefault("Cache-Control", "private")
        return response

    return handle
