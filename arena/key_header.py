"""Where a program shows its key."""

from django.http import HttpRequest

SCHEME = "bearer"


def sent(request: HttpRequest) -> str | None:
    """The key that a request to the API brings, whatever it is worth; another scheme is a proxy's business."""
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == SCHEME and request.path.startswith("/api/") else None
