"""Reads the API key from a request's `Authorization` header."""

from django.http import HttpRequest

AUTH_SCHEME = "bearer"
KEY_PREFIX = "arena_"
MISPLACED_KEY = ""  # an invalid key, so the request is rejected


def read_bearer_key(request: HttpRequest) -> str | None:
    """Return the key of an API request without checking it, or None if the request has no key.

    Other schemes are ignored, because they might be meant for a proxy. If an API key is sent with another scheme,
    return `MISPLACED_KEY`. Otherwise, the client would be an anonymous voter, whose votes count in the live pool.
    """
    if not request.path.startswith("/api/"):
        return None
    header = request.headers.get("Authorization", "")
    scheme, _, secret = header.partition(" ")
    if scheme.lower() == AUTH_SCHEME:
        return secret.strip()
    return MISPLACED_KEY if KEY_PREFIX in header else None
