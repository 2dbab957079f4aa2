"""The color scheme that a browser has chosen, as a context processor."""

from django.http import HttpRequest

OPPOSITE_SCHEMES = {"light": "dark", "dark": "light"}  # and what the switch then offers
SCHEME_COOKIE = "scheme"


def color_scheme(request: HttpRequest) -> dict[str, str]:
    """For every template: the color scheme that this browser has chosen, if any."""
    chosen = request.COOKIES.get(SCHEME_COOKIE, "")
    return {"scheme": chosen if chosen in OPPOSITE_SCHEMES else ""}
