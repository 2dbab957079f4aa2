"""The color scheme that this browser has chosen: a context processor, and the view of the switch."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

OPPOSITE_SCHEMES = {"light": "dark", "dark": "light"}  # and the one that the switch offers
SCHEME_COOKIE = "scheme"
COOKIE_MAX_AGE_S = 365 * 24 * 3600


def color_scheme(request: HttpRequest) -> dict[str, str]:
    """The variable `scheme` for all templates: "light", "dark", or "" if this browser has not chosen."""
    scheme = request.COOKIES.get(SCHEME_COOKIE, "")
    return {"scheme": scheme if scheme in OPPOSITE_SCHEMES else ""}


@require_POST
def set_color_scheme(request: HttpRequest) -> HttpResponse:
    """Store the color scheme in a cookie: light or dark. Any other value restores the system's scheme."""
    next_url = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(next_url, {request.get_host()}, require_https=request.is_secure()):
        next_url = "/"
    scheme = request.POST.get("scheme", "")
    if scheme not in OPPOSITE_SCHEMES:
        response = HttpResponseRedirect(next_url)
        response.delete_cookie(SCHEME_COOKIE)
        return response
    # The anchor returns the focus to the switch. Otherwise the page would set it when it opens.
    response = HttpResponseRedirect(f"{next_url}#to-{OPPOSITE_SCHEMES[scheme]}")
    response.set_cookie(SCHEME_COOKIE, scheme, max_age=COOKIE_MAX_AGE_S, samesite="Lax", secure=settings.SECURE)
    return response
