"""The API key in the `Authorization` header of a request."""

from django.http import HttpRequest

AUTH_SCHEME = "bearer"
KEY_PREFIX = "arena_"  # every key begins with it
MISPLACED_KEY = ""  # never a valid key


def read_bearer_key(request: HttpRequest) -> str | None:
    """The key of an API request, valid or not, or None without one. Other schemes are left to proxies.

    One of our keys under another scheme gives `MISPLACED_KEY`, which is refused. Otherwise the program would be an
    anonymous voter, and its votes would count in the pool of people.
    """
    if not request.path.startswith("/api/"):
        return None
    header = request.headers.get("Authorization", "")
    scheme, _, secret = header.partition(" ")
    if scheme.lower() == AUTH_SCHEME:
        return secret.strip()
    return MISPLACED_KEY if KEY_PREFIX in header else None
