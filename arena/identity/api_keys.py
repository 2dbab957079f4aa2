"""API keys: creation, authentication, scopes and revocation. Only the hash of a key is stored."""

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from arena.identity.bearer import KEY_PREFIX
from arena.models import API_POOL, LIVE_POOL, ApiKey, Vote, Voter
from core.http.errors import RequestError, field_error

READ = "read"
BATTLE = "battle"
VOTE = "vote"
SCOPES = (READ, BATTLE, VOTE)
PREFIX_LENGTH = len(KEY_PREFIX) + 6  # characters by which owners recognize their keys
MAX_NAME_LENGTH = 100
MAX_VALID_DAYS = 3650
MAX_KEYS_PER_ACCOUNT = 20  # because each key is a voter with limits of its own
USED_AT_PRECISION = timedelta(minutes=1)
INVALID_KEY_DETAIL = "The API key is unknown, expired or revoked. Send a valid one as “Authorization: Bearer KEY”."
VOTE_VIEWS = ("battle-cast-vote",)


def create_key(
    name: str, scopes: Iterable[str], days: int | None = None, user: User | None = None
) -> tuple[ApiKey, str]:
    """A new key and its secret, which cannot be recovered later. Without `days` the key does not expire.

    Raises RequestError 400 for an invalid name, scopes or days, and if the account has too many keys or a valid key of
    this name. The last rule keeps a form that is sent twice, as by a reload, from creating two keys.
    """
    ordered_scopes = _clean_scopes(name, list(scopes), days)
    secret = KEY_PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        # The lock makes the second of two concurrent requests count the key of the first.
        if user and User.objects.select_for_update().get(pk=user.pk):
            _check_account_keys(list_valid_keys(user), name.strip())
        key = ApiKey.objects.create(
            name=name.strip(),
            user=user,
            voter=Voter.objects.create(),
            digest=hash_secret(secret),
            prefix=secret[:PREFIX_LENGTH],
            scopes=ordered_scopes,
            expires_at=timezone.now() + timedelta(days=days) if days else None,
        )
    return key, secret


def _check_account_keys(keys: QuerySet[ApiKey], name: str) -> None:
    if keys.count() >= MAX_KEYS_PER_ACCOUNT:
        raise field_error("name", _("You have %(limit)s keys. Revoke one first.") % {"limit": MAX_KEYS_PER_ACCOUNT})
    if keys.filter(name=name).exists():
        raise field_error("name", _("You already have a key with this name. Choose another name."))


def _clean_scopes(name: str, scopes: list[str], days: int | None) -> list[str]:
    """The scopes without duplicates, in the order of `SCOPES`. Raises RequestError 400 if any field is invalid."""
    if not (name.strip() and len(name.strip()) <= MAX_NAME_LENGTH and name.isprintable()):
        detail = _("Enter a name of at most %(limit)s printable characters.")
        raise field_error("name", detail % {"limit": MAX_NAME_LENGTH})
    if not scopes or set(scopes) - set(SCOPES):
        raise field_error("scopes", _("Choose at least one scope: read, battle, vote."))
    if days is not None and not 1 <= days <= MAX_VALID_DAYS:
        detail = _("A key is valid for 1 to %(limit)s days, or does not expire.")
        raise field_error("days", detail % {"limit": MAX_VALID_DAYS})
    return [scope for scope in SCOPES if scope in scopes]


def hash_secret(secret: str) -> str:
    """The SHA-256 of a key. Keys have 256 random bits, so a plain hash does not reveal them."""
    return hashlib.sha256(secret.encode()).hexdigest()


def list_valid_keys(user: User) -> QuerySet[ApiKey]:
    return ApiKey.objects.filter(Q(expires_at=None) | Q(expires_at__gt=Now()), user=user, revoked_at=None)


def revoke_keys(keys: QuerySet[ApiKey]) -> None:
    """Revoke these keys."""
    keys.filter(revoked_at=None).update(revoked_at=Now())


def authenticate_key(secret: str) -> ApiKey:
    """The valid key of this secret, whose last use is recorded. Raises RequestError 401 `bad_key`."""
    key = ApiKey.objects.filter(digest=hash_secret(secret)).select_related("user").first()
    now = timezone.now()
    expired = key is not None and key.expires_at is not None and key.expires_at <= now
    if key is None or expired or key.revoked_at or (key.user and not key.user.is_active):
        raise RequestError("bad_key", INVALID_KEY_DETAIL, 401)
    if key.used_at is None or key.used_at <= now - USED_AT_PRECISION:
        ApiKey.objects.filter(pk=key.pk).update(used_at=now)
    return key


def check_scope(key: ApiKey, method: str | None, view: str | None) -> None:
    """Raise RequestError 403 `scope` if the key may not call the view of this URL name with this method."""
    if method in ("GET", "HEAD", "OPTIONS"):
        required = READ
    elif view in VOTE_VIEWS:
        required = VOTE
    else:
        required = BATTLE
    if required not in key.scopes:
        raise RequestError("scope", f"This API key lacks the scope {required}.", 403)


def get_request_key(request: HttpRequest) -> ApiKey | None:
    """The API key of a request, as set by `arena.identity.api_access`, or None."""
    return getattr(request, "api_key", None)


def get_default_pool(request: HttpRequest) -> str:
    """The pool of battles without named models. Votes of programs never count on the board of people."""
    return API_POOL if get_request_key(request) else LIVE_POOL


def get_vote_source(request: HttpRequest) -> str:
    return Vote.Source.API if get_request_key(request) else Vote.Source.LIVE
