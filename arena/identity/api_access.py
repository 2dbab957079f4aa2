"""Who may call the API: a program with a key, a known voter, or anybody; and what pages of other hosts may read."""

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import Resolver404, resolve

from arena.identity import api_keys, voters
from arena.identity.bearer import read_bearer_key
from core.http import outages
from core.http.errors import RequestError, build_error_response
from core.storage.database import database_sync_to_async

API_PREFIX = "/api/"
PRIVATE_PREFIXES = ("/api/v1/battles/", "/api/v1/submissions/")
PREFLIGHT_HEADERS = {
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "If-None-Match, Last-Event-ID",
    "Access-Control-Max-Age": "86400",
}
Handler = Callable[[HttpRequest], Any]


def api_access_middleware(get_response: Handler) -> Handler:
    """After `arena.identity.voters`, before everything else that asks who it is. Only a key is looked up anywhere."""
    if iscoroutinefunction(get_response):
        look = database_sync_to_async(_authenticate_by_key)

        async def asynchronous(request: HttpRequest) -> HttpResponseBase:
            away = None
            if request.path.startswith(API_PREFIX):
                secret = read_bearer_key(request)
                away = _handle_keyless_request(request) if secret is None else await look(request, secret)
            return _add_cors_headers(request, away or await get_response(request))

        return asynchronous

    def synchronous(request: HttpRequest) -> HttpResponseBase:
        away = None
        if request.path.startswith(API_PREFIX):
            secret = read_bearer_key(request)
            away = _handle_keyless_request(request) if secret is None else _authenticate_by_key(request, secret)
        return _add_cors_headers(request, away or get_response(request))

    return synchronous


api_access_middleware.sync_capable = api_access_middleware.async_capable = True  # type: ignore[attr-defined]  # how Django asks


def _authenticate_by_key(request: HttpRequest, secret: str) -> HttpResponse | None:
    """Whoever has a key is the voter of the key, whatever cookies come along; the answer to one that is not good."""
    try:
        key = api_keys.authenticate_key(secret)
        api_keys.check_scope(key, request.method, _resolve_view_name(request))
    except RequestError as error:
        return build_error_response(error)
    except (OperationalError, InterfaceError):
        return outages.render_unavailable(request)
    voters.set_voter_id(request, key.voter_id)
    request.api_key = key  # type: ignore[attr-defined]  # Django's requests are open
    return None


def _resolve_view_name(request: HttpRequest) -> str | None:
    try:
        return resolve(request.path_info).url_name
    except Resolver404:
        return None


def _handle_keyless_request(request: HttpRequest) -> HttpResponse | None:
    """Our own pages come with the cookie that they were given; where nobody else may call, a call gives none."""
    if _is_public_call(request) and "Access-Control-Request-Method" in request.headers and request.method == "OPTIONS":
        voters.suppress_voter_cookie(request)
        return HttpResponse(status=204, headers=PREFLIGHT_HEADERS)
    if settings.ENVIRONMENT.arena_api_anonymous or voters.is_known_voter(request):
        return None
    voters.suppress_voter_cookie(request)
    return build_error_response(RequestError("key_required", "This arena answers programs that have an API key.", 401))


def _is_public_call(request: HttpRequest) -> bool:
    return request.path.startswith(API_PREFIX) and not request.path.startswith(PRIVATE_PREFIXES)


def _add_cors_headers(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Pages of any host may read what is the same for everybody, if they come without a name."""
    named = request.headers.get("Cookie") or request.headers.get("Authorization")
    if _is_public_call(request) and not named and request.method in ("GET", "HEAD", "OPTIONS"):
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Expose-Headers"] = "ETag, Retry-After"
    return response
