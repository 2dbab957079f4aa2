"""Where a program shows its key."""

from django.http import HttpRequest

AUTH_SCHEME = "bearer"
KEY_PREFIX = "arena_"  # of every key
MISPLACED_KEY = ""  # which opens nothing


def read_bearer_key(request: HttpRequest) -> str | None:
    """The key that a request to the API brings, whatever it is worth; another scheme is a proxy's business.

    A key of ours under another one is a mistake: as nobody, its program would fight in the pool of people.
    """
    if not request.path.startswith("/api/"):
        return None
    header = request.headers.get("Authorization", "")
    scheme, _, secret = header.partition(" ")
    if scheme.lower() == AUTH_SCHEME:
        return secret.strip()
    return MISPLACED_KEY if KEY_PREFIX in header else None
