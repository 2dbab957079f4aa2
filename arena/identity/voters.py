"""Who is asking: a signed cookie, or the session of an account (see `arena.identity.accounts`); nothing that names a
person."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.signing import BadSignature, TimestampSigner
from django.db import InterfaceError, OperationalError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware, get_token
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from arena.identity import hash_key
from arena.identity.bearer import read_bearer_key
from arena.models import Vote, Voter
from core.http import outages
from core.http.errors import RequestError
from core.storage.database import database_sync_to_async

VOTER_COOKIE = "voter"  # see `get_cookie_name`
SESSION_VOTER_KEY = "voter"  # in the session of an account: its voter's id
COOKIE_MAX_AGE_S = 365 * 24 * 3600
RENEW_COOKIE_AFTER = timedelta(days=30)
COOKIELESS_PATHS = ("/.well-known/",)
# Programs that only read are nobody; their answers may be stored for all.
COOKIELESS_READ_PATHS = ("/api/v1/", "/api/schema/")
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

cookie_signer = TimestampSigner(salt="arena.voter")
current_key_signer = TimestampSigner(salt="arena.voter", fallback_keys=[])
Handler = Callable[[HttpRequest], Any]


def voter_middleware(get_response: Handler) -> Handler:
    """Gives every request its voter's id, and a first contact its cookies; only a session is looked up anywhere, and
    once in a process the key of keyed hashes."""
    if iscoroutinefunction(get_response):
        look = database_sync_to_async(_load_key_and_session)

        async def asynchronous(request: HttpRequest) -> HttpResponseBase:
            _identify_by_cookie(request)
            needed = _has_session(request) or not (hash_key.is_key_loaded() or _is_cookieless_path(request))
            away = await look(request) if needed else None
            return away or _add_voter_cookie(request, await get_response(request))

        return asynchronous

    def synchronous(request: HttpRequest) -> HttpResponseBase:
        _identify_by_cookie(request)
        away = _load_key_and_session(request) if _has_session(request) else None
        return away or _add_voter_cookie(request, get_response(request))

    return synchronous


voter_middleware.sync_capable = voter_middleware.async_capable = True  # type: ignore[attr-defined]  # how Django asks


def _identify_by_cookie(request: HttpRequest) -> None:
    known = find_cookie_voter_id(request)
    set_voter_id(request, known or uuid.uuid4())
    request.came_known = known is not None  # type: ignore[attr-defined]  # Django's requests are open
    if _is_cookieless(request) or read_bearer_key(request) is not None or _is_cross_site(request):
        return
    if not known:
        get_token(request)
        assign_new_voter(request)
    elif _is_cookie_stale(request):
        request.new_voter = known  # type: ignore[attr-defined]  # see above


def _is_cookieless(request: HttpRequest) -> bool:
    """Whether it is no first contact: nothing comes of it that would need to know who it was."""
    paths = COOKIELESS_PATHS + COOKIELESS_READ_PATHS if request.method in SAFE_METHODS else COOKIELESS_PATHS
    return request.path.startswith(paths)


def _is_cross_site(request: HttpRequest) -> bool:
    """Whether a page of another site sends it: the browser leaves our cookies at home then, but would take new ones,
    and whose battles these are would be forgotten."""
    writes = request.method not in SAFE_METHODS and "Origin" in request.headers
    return writes and not _csrf_check.is_ours(request)


def _has_session(request: HttpRequest) -> bool:
    sent_one = settings.SESSION_COOKIE_NAME in request.COOKIES
    return sent_one and not _is_cookieless_path(request) and read_bearer_key(request) is None


def _is_cookieless_path(request: HttpRequest) -> bool:
    return request.path.startswith(COOKIELESS_PATHS)


def _load_key_and_session(request: HttpRequest) -> HttpResponse | None:
    """Whoever is logged in is the voter of the account; the answer to the request while the database is away."""
    try:
        hash_key.load_key()
        if _has_session(request):
            _identify_by_session(request)
    except (OperationalError, InterfaceError):
        request.user = AnonymousUser()
        return outages.render_unavailable(request)
    return None


def _identify_by_session(request: HttpRequest) -> None:
    if request.user.is_authenticated:
        request.logged_in = True  # type: ignore[attr-defined]  # Django's requests are open, and DRF empties `user`
        if known := request.session.get(SESSION_VOTER_KEY):
            set_voter_id(request, uuid.UUID(known))


def find_cookie_voter_id(request: HttpRequest) -> uuid.UUID | None:
    """The voter of the request's cookie, whoever is logged in; None without one that we have signed."""
    try:
        return uuid.UUID(cookie_signer.unsign(_get_cookie(request), max_age=COOKIE_MAX_AGE_S))
    except (BadSignature, ValueError):
        return None


def _is_cookie_stale(request: HttpRequest) -> bool:
    """Whether a cookie of ours should be sent anew: before it expires while its voter keeps coming, and before the
    fallback goes that signed it."""
    try:
        current_key_signer.unsign(_get_cookie(request), max_age=RENEW_COOKIE_AFTER)
    except BadSignature:
        return True
    return False


def _get_cookie(request: HttpRequest) -> str:
    return request.COOKIES.get(get_cookie_name(VOTER_COOKIE), "")


def get_cookie_name(name: str) -> str:
    """Behind https with a prefix by which browsers accept the cookie from this very host alone."""
    return f"__Host-{name}" if settings.SECURE else name


def set_cookie(response: HttpResponseBase, name: str, value: str, max_age: int) -> None:
    """Set a cookie that no script can read and no other host can set; max_age in seconds."""
    response.set_cookie(
        get_cookie_name(name), value, max_age=max_age, httponly=True, samesite="Lax", secure=settings.SECURE
    )


def set_voter_id(request: HttpRequest, voter_id: uuid.UUID) -> None:
    request.voter_id = voter_id  # type: ignore[attr-defined]  # Django's requests are open


def assign_new_voter(request: HttpRequest, voter_id: uuid.UUID | None = None) -> None:
    """From the response on the browser is somebody new, and the request itself that or the voter of an account."""
    new = uuid.uuid4()
    request.new_voter = new  # type: ignore[attr-defined]  # see above
    set_voter_id(request, voter_id or new)


def is_logged_in(request: HttpRequest) -> bool:
    """Whether the request came with the session of an account."""
    return getattr(request, "logged_in", False)


def is_known_voter(request: HttpRequest) -> bool:
    """Whether the request came as somebody, by a cookie that we have signed or by a session."""
    known: bool = request.came_known  # type: ignore[attr-defined]  # set by our middleware
    return known or request.user.is_authenticated


def suppress_voter_cookie(request: HttpRequest) -> None:
    """Give the browser no cookie by the answer to this request."""
    request.new_voter = None  # type: ignore[attr-defined]  # see above


def _add_voter_cookie(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if _is_cross_site(request):
        request.META["CSRF_COOKIE_NEEDS_UPDATE"] = False
    if new := getattr(request, "new_voter", None):
        set_cookie(response, VOTER_COOKIE, cookie_signer.sign(str(new)), COOKIE_MAX_AGE_S)
    return response


def get_voter_id(request: HttpRequest) -> uuid.UUID:
    """The voter's id, whether or not a row exists for it yet."""
    found: uuid.UUID = request.voter_id  # type: ignore[attr-defined]  # set by our middleware
    return found


def get_or_create_voter(request: HttpRequest) -> Voter:
    """The voter's row, made at the first battle."""
    return Voter.objects.get_or_create(id=get_voter_id(request))[0]


def list_voter_votes(voter_id: uuid.UUID) -> QuerySet[Vote]:
    """The votes of a voter, also those whose battle is deleted; by two indexes, for there may be millions of others."""
    lasting = Vote.objects.filter(voter=voter_id).exclude(prompt_hash="").values_list("pk", flat=True)
    of_battles = Vote.objects.filter(battle__voter=voter_id).values_list("pk", flat=True)
    return Vote.objects.filter(pk__in={*lasting, *of_battles})


def get_client_address(request: HttpRequest) -> str:
    """Where the request comes from: what the outermost of our own proxies saw, and nothing that a client may claim."""
    hops = settings.ENVIRONMENT.arena_proxy_hops
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hops else []
    seen = forwarded[-hops] if len(forwarded) >= hops > 0 else request.META.get("REMOTE_ADDR", "")
    return str(seen).strip()


def keyed_hash(purpose: str, value: str) -> str:
    """A pseudonym that only this installation can recompute: 64 characters of hex, the same for as long as it exists.

    Raises OperationalError if this process has not read the key yet and the database is away.
    """
    return hash_key.compute_hmac(f"{purpose}:{value}")


class _CsrfCheck(CsrfViewMiddleware):
    """Django's own check; the answer to a request that fails it is ours."""

    def _reject(self, request: HttpRequest, reason: str) -> Any:
        raise RequestError("csrf", "X-CSRFToken must equal the csrftoken cookie.", 403)

    def is_ours(self, request: HttpRequest) -> bool:
        """Whether its Origin is one of our pages'."""
        return bool(self._origin_verified(request))  # type: ignore[attr-defined]  # a part of Django's check


def _unreachable_view(request: HttpRequest) -> HttpResponseBase:
    raise NotImplementedError


_csrf_check = _CsrfCheck(_unreachable_view)


class VoterAuthentication(BaseAuthentication):
    """API requests with a cookie by which we know somebody, or from a page, must show that the page is one of ours."""

    def authenticate(self, request: Request) -> None:
        plain = request._request  # noqa: SLF001  # the documented way to Django's request
        if read_bearer_key(plain) is not None:  # and was good, or the request would not have come so far
            return
        known = get_cookie_name(VOTER_COOKIE) in plain.COOKIES or settings.SESSION_COOKIE_NAME in plain.COOKIES
        if (known or _is_cross_site(plain)) and plain.method not in SAFE_METHODS:
            _csrf_check.process_request(plain)
            _csrf_check.process_view(plain, _unreachable_view, (), {})
