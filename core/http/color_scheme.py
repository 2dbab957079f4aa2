"""The color scheme that this browser has chosen, as a context processor."""

from django.http import HttpRequest

OPPOSITE_SCHEMES = {"light": "dark", "dark": "light"}  # and the one that the switch offers
SCHEME_COOKIE = "scheme"


def color_scheme(request: HttpRequest) -> dict[str, str]:
    """The variable `scheme` for all templates: "light", "dark", or "" if this browser has not chosen."""
    scheme = request.COOKIES.get(SCHEME_COOKIE, "")
    return {"scheme": scheme if scheme in OPPOSITE_SCHEMES else ""}
