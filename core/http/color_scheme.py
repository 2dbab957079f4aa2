"""The browser's color scheme: a context processor, and the view that changes it."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

OPPOSITE_SCHEMES = {"light": "dark", "dark": "light"}  # maps each scheme to the one offered by the switch
SCHEME_COOKIE = "scheme"
COOKIE_MAX_AGE_S = 365 * 24 * 3600


def color_scheme(request: HttpRequest) -> dict[str, str]:
    """Return the template variable `scheme`: "light", "dark", or "" for the system's color scheme."""
    scheme = request.COOKIES.get(SCHEME_COOKIE, "")
    return {"scheme": scheme if scheme in OPPOSITE_SCHEMES else ""}


@require_POST
def set_color_scheme(request: HttpRequest) -> HttpResponse:
    """Store the color scheme, light or dark, in a cookie. Any other value restores the system's color scheme."""
    next_url = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(next_url, {request.get_host()}, require_https=request.is_secure()):
        next_url = "/"
    scheme = request.POST.get("scheme", "")
    if scheme not in OPPOSITE_SCHEMES:
        response = HttpResponseRedirect(next_url)
        response.delete_cookie(SCHEME_COOKIE)
        return response
    # The anchor returns the focus to the switch. Without it, the page could set the focus elsewhere when it loads.
    response = HttpResponseRedirect(f"{next_url}#to-{OPPOSITE_SCHEMES[scheme]}")
    response.set_cookie(SCHEME_COOKIE, scheme, max_age=COOKIE_MAX_AGE_S, samesite="Lax", secure=settings.SECURE)
    return response
