"""Identifies the voter of a request by a signed cookie or an account's session.

See `arena.identity.accounts` for accounts, and `arena.identity.api_access` for API keys.
"""

import uuid
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.core.signing import BadSignature, TimestampSigner
from django.db import InterfaceError, OperationalError
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL
from django.http import HttpRequest, HttpResponseBase
from django.middleware.csrf import get_token
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request

from arena.identity import hash_key
from arena.models import Vote, Voter
from core.http import outages
from core.http.errors import RequestError
from core.http.middleware import Handler
from core.storage.compiled_queries import CompiledQuery

AUTH_SCHEME = "bearer"
KEY_PREFIX = "arena_"  # of an API key
MISPLACED_KEY = ""  # an invalid key, so the request is rejected
VOTER_COOKIE = "voter"  # the full name comes from `get_cookie_name`
SESSION_VOTER_KEY = "voter"  # the session key under which the id of an account's voter is stored
COOKIE_MAX_AGE_S = 365 * 24 * 3600
RENEW_COOKIE_AFTER = timedelta(days=30)
COOKIELESS_PATHS = ("/.well-known/",)
# The secret in the address says who judges, so nobody needs a cookie or an account.
LINK_PATHS = ("/rate/", "/api/v1/rate/")
# Programs that only read get no cookie, so that caches can share their responses.
COOKIELESS_READ_PATHS = ("/api/v1/", "/api/schema/")
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
VOTER_BY_ID = CompiledQuery(lambda voter: Voter.objects.filter(pk=voter))

cookie_signer = TimestampSigner(salt="arena.voter")
current_key_signer = TimestampSigner(salt="arena.voter", fallback_keys=[])


def voter_middleware(get_response: Handler) -> Handler:
    """Set the voter id of every request and the cookies of new browsers. Queries the database only for sessions."""

    def handle(request: HttpRequest) -> HttpResponseBase:
        _identify_by_cookie(request)
        if _has_session(request):
            try:
                _identify_by_session(request)
            except (OperationalError, InterfaceError):
                request.user = AnonymousUser()
                return outages.render_unavailable(request)
        return _add_voter_cookie(request, get_response(request))

    return handle


def _identify_by_cookie(request: HttpRequest) -> None:
    cookie_voter_id = find_cookie_voter_id(request)
    set_voter_id(request, cookie_voter_id or uuid.uuid4())
    request.has_voter_cookie = cookie_voter_id is not None  # type: ignore[attr-defined]  # not declared by Django
    if _is_cookieless(request) or read_bearer_key(request) is not None or _is_cross_site(request):
        return
    if cookie_voter_id is None:
        get_token(request)
        assign_new_voter(request)
    elif _is_cookie_stale(request):
        request.new_voter = cookie_voter_id  # type: ignore[attr-defined]  # not declared by Django


def _is_cookieless(request: HttpRequest) -> bool:
    """Return whether the response sets no cookie, because the request needs no identity."""
    paths: tuple[str, ...] = COOKIELESS_PATHS + LINK_PATHS
    if request.method in SAFE_METHODS:
        paths += COOKIELESS_READ_PATHS
    return request.path.startswith(paths)


def _is_cross_site(request: HttpRequest) -> bool:
    """Return whether this is a write request from a page on another site.

    The browser does not send the voter's cookies with this request. If the response set new cookies, they would replace
    the voter's identity.
    """
    origin = request.headers.get("Origin")
    own_origins = (f"{request.scheme}://{request.get_host()}", *settings.CSRF_TRUSTED_ORIGINS)
    return request.method not in SAFE_METHODS and origin is not None and origin not in own_origins


def _has_session(request: HttpRequest) -> bool:
    has_cookie = settings.SESSION_COOKIE_NAME in request.COOKIES
    return has_cookie and not request.path.startswith(COOKIELESS_PATHS) and read_bearer_key(request) is None


def _identify_by_session(request: HttpRequest) -> None:
    if request.user.is_authenticated:
        request.account = request.user  # type: ignore[attr-defined]  # not declared by Django; DRF resets `user`
        if voter_id := request.session.get(SESSION_VOTER_KEY):
            set_voter_id(request, uuid.UUID(voter_id))


def read_bearer_key(request: HttpRequest) -> str | None:
    """Return the key of an API request without checking it, or None if the request has no key.

    Other schemes are ignored, because they might be meant for a proxy. If an API key is sent with another scheme,
    return `MISPLACED_KEY`. Otherwise, the client would be an anonymous voter, whose votes count in the live pool.
    """
    if not request.path.startswith("/api/"):
        return None
    header = request.headers.get("Authorization", "")
    scheme, _, secret = header.partition(" ")
    if scheme.lower() == AUTH_SCHEME:
        return secret.strip()
    return MISPLACED_KEY if KEY_PREFIX in header else None


def find_cookie_voter_id(request: HttpRequest) -> uuid.UUID | None:
    """Return the voter id from the signed cookie, or None if there is no valid cookie. The session is ignored."""
    try:
        return uuid.UUID(cookie_signer.unsign(_get_cookie(request), max_age=COOKIE_MAX_AGE_S))
    except (BadSignature, ValueError):
        return None


def _is_cookie_stale(request: HttpRequest) -> bool:
    """Return whether the cookie must be renewed because it is older than 30 days or signed with a fallback key.

    Regular voters therefore keep their identity when their cookie would expire, or when the fallback key is removed.
    """
    try:
        current_key_signer.unsign(_get_cookie(request), max_age=RENEW_COOKIE_AFTER)
    except BadSignature:
        return True
    return False


def _get_cookie(request: HttpRequest) -> str:
    return request.COOKIES.get(get_cookie_name(VOTER_COOKIE), "")


def get_cookie_name(name: str) -> str:
    """Return the cookie's full name. Over HTTPS, its prefix ensures that only this host can set the cookie."""
    return f"__Host-{name}" if settings.SECURE else name


def set_cookie(response: HttpResponseBase, name: str, value: str, max_age: int) -> None:
    """Set a cookie that scripts cannot read. `max_age` is in seconds."""
    response.set_cookie(
        get_cookie_name(name), value, max_age=max_age, httponly=True, samesite="Lax", secure=settings.SECURE
    )


def set_voter_id(request: HttpRequest, voter_id: uuid.UUID) -> None:
    request.voter_id = voter_id  # type: ignore[attr-defined]  # not declared by Django


def assign_new_voter(request: HttpRequest, voter_id: uuid.UUID | None = None) -> None:
    """Give the browser a new anonymous voter, whose cookie is set with the response.

    voter_id: the voter for the rest of this request, such as the account's voter after a login; by default, the new one
    """
    new_voter_id = uuid.uuid4()
    request.new_voter = new_voter_id  # type: ignore[attr-defined]  # not declared by Django
    set_voter_id(request, voter_id or new_voter_id)


def get_account(request: HttpRequest) -> User | None:
    """Return the account that is logged in, or None."""
    account: User | None = getattr(request, "account", None)
    return account


def is_logged_in(request: HttpRequest) -> bool:
    """Return whether the request has an account's session."""
    return get_account(request) is not None


def is_known_voter(request: HttpRequest) -> bool:
    """Return whether the request has a valid voter cookie or an account's session."""
    has_voter_cookie: bool = request.has_voter_cookie  # type: ignore[attr-defined]  # set by `voter_middleware`
    return has_voter_cookie or request.user.is_authenticated


def suppress_voter_cookie(request: HttpRequest) -> None:
    """Prevent the response to this request from setting a voter cookie."""
    request.new_voter = None  # type: ignore[attr-defined]  # not declared by Django


def _add_voter_cookie(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if _is_cross_site(request):
        request.META["CSRF_COOKIE_NEEDS_UPDATE"] = False
    if new_voter_id := getattr(request, "new_voter", None):
        set_cookie(response, VOTER_COOKIE, cookie_signer.sign(str(new_voter_id)), COOKIE_MAX_AGE_S)
    return response


def get_voter_id(request: HttpRequest) -> uuid.UUID:
    """Return the id of the request's voter, who might not have a row in the database yet."""
    voter_id: uuid.UUID = request.voter_id  # type: ignore[attr-defined]  # set by `voter_middleware`
    return voter_id


def get_or_create_voter(request: HttpRequest) -> Voter:
    """Return the row of the request's voter, and create it if necessary."""
    voters = VOTER_BY_ID.load(get_voter_id(request))
    return voters[0] if voters else Voter.objects.get_or_create(id=get_voter_id(request))[0]


def list_voter_votes(voter_id: uuid.UUID) -> QuerySet[Vote]:
    """Return all votes of a voter, including those whose battle has been deleted.

    Each of the two queries for ids uses an index, because the table can have millions of other votes.
    """
    own_vote_ids = Vote.objects.filter(voter=voter_id).exclude(prompt_hash="").values_list("pk", flat=True)
    battle_vote_ids = Vote.objects.filter(battle__voter=voter_id).values_list("pk", flat=True)
    ids = RawSQL("SELECT unnest(%s::bigint[])", [[*own_vote_ids, *battle_vote_ids]])
    return Vote.objects.filter(pk__in=ids)


def get_client_address(request: HttpRequest) -> str:
    """Return the client's address as seen by the outermost trusted proxy (see `ARENA_PROXY_HOPS`)."""
    hops = settings.ENVIRONMENT.arena_proxy_hops
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    if len(forwarded) >= hops > 0:
        return str(forwarded[-hops]).strip()
    return str(request.META.get("REMOTE_ADDR", "")).strip()


def keyed_hash(purpose: str, value: str) -> str:
    """Return a permanent pseudonym of `value`, as 64 hexadecimal digits. Only this installation can compute it.

    Raises OperationalError if this process has not loaded the key yet and the database is unavailable.
    """
    return hash_key.compute_hmac(f"{purpose}:{value}")


class VoterAuthentication(BaseAuthentication):
    """Checks the CSRF token of write requests that have one of Arena's cookies or come from another site.

    Requests with an API key do not need a token.
    """

    def authenticate(self, request: Request) -> None:
        http_request = request._request  # noqa: SLF001  # the documented way to get Django's request
        if read_bearer_key(http_request) is not None:  # valid, because the middleware has rejected all other keys
            return
        if http_request.method in SAFE_METHODS:
            return
        cookies = http_request.COOKIES
        has_cookie = get_cookie_name(VOTER_COOKIE) in cookies or settings.SESSION_COOKIE_NAME in cookies
        if has_cookie or _is_cross_site(http_request):
            try:
                SessionAuthentication().enforce_csrf(http_request)  # type: ignore[arg-type]  # works with either kind
            except PermissionDenied:
                detail = "The X-CSRFToken header must equal the csrftoken cookie."
                raise RequestError("csrf", detail, 403) from None
