"""Where a program shows its key."""

from django.http import HttpRequest

SCHEME = "bearer"
START = "arena_"  # of every key
MISPLACED = ""  # which opens nothing


def sent(request: HttpRequest) -> str | None:
    """The key that a request to the API brings, whatever it is worth; another scheme is a proxy's business.

    A key of ours under another one is a mistake: as nobody, its program would fight in the pool of people.
    """
    if not request.path.startswith("/api/"):
        return None
    header = request.headers.get("Authorization", "")
    scheme, _, secret = header.partition(" ")
    if scheme.lower() == SCHEME:
        return secret.strip()
    return MISPLACED if START in header else None
