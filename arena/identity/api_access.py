"""Access to the API: authentication by key, anonymous access, and CORS headers."""

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import Resolver404, resolve

from arena.identity import api_keys, voters
from arena.identity.voters import read_bearer_key
from core.http import outages
from core.http.errors import RequestError, build_error_response
from core.http.middleware import Handler

API_PREFIX = "/api/"
PRIVATE_PREFIXES = tuple(f"/api/v1/{name}/" for name in ("battles", "evaluations", "rate", "ready", "submissions"))
PREFLIGHT_HEADERS = {
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "If-None-Match, Last-Event-ID",
    "Access-Control-Max-Age": "86400",
}


def api_access_middleware(get_response: Handler) -> Handler:
    """Authenticate API requests by key, and reject those that are not allowed.

    This middleware must come after `arena.identity.voters` and before all code that reads the voter. It queries the
    database only for requests with a key.
    """

    def handle(request: HttpRequest) -> HttpResponseBase:
        secret = read_bearer_key(request)
        response = _handle_keyless_request(request) if secret is None else _authenticate_by_key(request, secret)
        return _add_cors_headers(request, response or get_response(request))

    return handle


def _authenticate_by_key(request: HttpRequest, secret: str) -> HttpResponse | None:
    """Set the request's voter to the key's voter. Return an error response, or None if the key is valid."""
    try:
        key = api_keys.authenticate_key(secret)
        api_keys.check_scope(key, request.method, _resolve_view_name(request))
    except RequestError as error:
        return build_error_response(error)
    except (OperationalError, InterfaceError):
        return outages.render_unavailable(request)
    voters.set_voter_id(request, key.voter_id)
    request.api_key = key  # type: ignore[attr-defined]  # not declared by Django
    return None


def _resolve_view_name(request: HttpRequest) -> str | None:
    try:
        return resolve(request.path_info).url_name
    except Resolver404:
        return None


def _handle_keyless_request(request: HttpRequest) -> HttpResponse | None:
    """Return the response to a CORS preflight or to a forbidden anonymous API call, or None for all other requests.

    These responses do not set a voter cookie. Calls from Arena's pages are allowed because they send the cookie.
    """
    if not request.path.startswith(API_PREFIX) or request.path.startswith(voters.LINK_PATHS):
        return None
    if _is_public_call(request) and "Access-Control-Request-Method" in request.headers and request.method == "OPTIONS":
        voters.suppress_voter_cookie(request)
        return HttpResponse(status=204, headers=PREFLIGHT_HEADERS)
    if settings.ENVIRONMENT.arena_api_anonymous or voters.is_known_voter(request):
        return None
    voters.suppress_voter_cookie(request)
    detail = "This API requires a key. Send it as “Authorization: Bearer KEY”."
    return build_error_response(RequestError("key_required", detail, 401))


def _is_public_call(request: HttpRequest) -> bool:
    return request.path.startswith(API_PREFIX) and not request.path.startswith(PRIVATE_PREFIXES)


def _add_cors_headers(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Allow pages on any host to read the response to a public call.

    Browsers do not show it to them if they have sent a cookie with the request, because the header names no host.
    """
    if _is_public_call(request) and request.method in ("GET", "HEAD", "OPTIONS"):
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Expose-Headers"] = "ETag, Retry-After"
    return response
