"""Serves `/.well-known/security.txt` with the contact for vulnerability reports (RFC 9116)."""

from datetime import timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.timezone import now

VALIDITY = timedelta(days=180)  # the RFC recommends less than a year


def show_security_txt(request: HttpRequest) -> HttpResponse:
    """Return the contact and its expiry date. The status is 404 if `ARENA_SECURITY_CONTACT` is not set."""
    if not settings.SECURITY_CONTACT:
        raise Http404
    expires = (now() + VALIDITY).replace(microsecond=0)
    lines = [f"Contact: {settings.SECURITY_CONTACT}", f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}"]
    return HttpResponse("\n".join([*lines, ""]), content_type="text/plain; charset=utf-8")
