"""Who is asking: a signed cookie, and nothing that names a person."""

import hashlib
import hmac
import uuid
from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.http import HttpRequest, HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware, get_token
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from arena.errors import Refusal
from arena.models import Voter

COOKIE = "voter"
COOKIE_AGE = 365 * 24 * 3600
QUIET_PATHS = ("/healthz", "/readyz", "/metrics")

signer = Signer(salt="arena.voter")
Handler = Callable[[HttpRequest], Any]


def middleware(get_response: Handler) -> Handler:
    """Gives every request its voter's id, and a first contact its cookies; touches no database."""

    def before(request: HttpRequest) -> bool:
        known = _from_cookie(request)
        request.voter_id = known or uuid.uuid4()  # type: ignore[attr-defined]  # Django's requests are open
        if not known and not request.path.startswith(QUIET_PATHS):
            get_token(request)
            return True
        return False

    if iscoroutinefunction(get_response):

        async def asynchronous(request: HttpRequest) -> HttpResponseBase:
            new = before(request)
            response: HttpResponseBase = await get_response(request)
            return _with_cookie(request, response) if new else response

        return asynchronous

    def synchronous(request: HttpRequest) -> HttpResponseBase:
        new = before(request)
        response: HttpResponseBase = get_response(request)
        return _with_cookie(request, response) if new else response

    return synchronous


middleware.sync_capable = middleware.async_capable = True  # type: ignore[attr-defined]  # how Django asks


def _from_cookie(request: HttpRequest) -> uuid.UUID | None:
    try:
        return uuid.UUID(signer.unsign(request.COOKIES.get(COOKIE, "")))
    except (BadSignature, ValueError):
        return None


def _with_cookie(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    response.set_cookie(
        COOKIE,
        signer.sign(str(voter_id(request))),
        max_age=COOKIE_AGE,
        httponly=True,
        samesite="Lax",
        secure=settings.SECURE,
    )
    return response


def voter_id(request: HttpRequest) -> uuid.UUID:
    """The voter's id, whether or not a row exists for it yet."""
    found: uuid.UUID = request.voter_id  # type: ignore[attr-defined]  # set by our middleware
    return found


def voter(request: HttpRequest) -> Voter:
    """The voter's row, made at the first battle."""
    marks = {
        "address_hash": keyed_hash("address", address(request)),
        "agent_hash": keyed_hash("agent", request.META.get("HTTP_USER_AGENT", "")),
    }
    return Voter.objects.get_or_create(id=voter_id(request), defaults=marks)[0]


def address(request: HttpRequest) -> str:
    """Where the request comes from: what the outermost of our own proxies saw, and nothing that a client may claim."""
    hops = settings.ENVIRONMENT.arena_proxy_hops
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hops else []
    seen = forwarded[-hops] if len(forwarded) >= hops > 0 else request.META.get("REMOTE_ADDR", "")
    return str(seen).strip()


def keyed_hash(purpose: str, value: str) -> str:
    """A pseudonym that only this installation can recompute."""
    return hmac.new(settings.SECRET_KEY.encode(), f"{purpose}:{value}".encode(), hashlib.sha256).hexdigest()


class _CsrfCheck(CsrfViewMiddleware):
    """Django's own check; the answer to a request that fails it is ours."""

    def _reject(self, request: HttpRequest, reason: str) -> Any:
        raise Refusal("csrf", "X-CSRFToken must equal the csrftoken cookie.", 403)


def _no_view(request: HttpRequest) -> HttpResponseBase:
    raise NotImplementedError


_check = _CsrfCheck(_no_view)


class VoterAuthentication(BaseAuthentication):
    """API requests that come with a voter's cookie must show that they come from our own pages."""

    def authenticate(self, request: Request) -> None:
        plain = request._request  # noqa: SLF001  # the documented way to Django's request
        if COOKIE in plain.COOKIES and plain.method not in ("GET", "HEAD", "OPTIONS"):
            _check.process_request(plain)
            _check.process_view(plain, _no_view, (), {})
