"""Keys for programs: made, shown once, found by their hash, used within their scopes, and revoked."""

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

READ, BATTLE, VOTE = SCOPES = ("read", "battle", "vote")
PREFIX_LENGTH = len(KEY_PREFIX) + 6  # characters by which an owner knows a key again
MAX_NAME_LENGTH = 100
MAX_VALID_DAYS = 3650
MAX_KEYS_PER_ACCOUNT = 20  # of one account, for each has a voter with limits of its own
USED_AT_PRECISION = timedelta(minutes=1)
INVALID_KEY_DETAIL = "The API key is unknown, expired or revoked. It is sent as “Authorization: Bearer KEY”."
VOTE_VIEWS = ("battle-cast-vote",)


def create_key(
    name: str, scopes: Iterable[str], days: int | None = None, user: User | None = None
) -> tuple[ApiKey, str]:
    """A key and its secret, which nobody can find out afterwards; without days it does not expire.

    Raises Refusal 400 for a name, scopes or days that are none, and where an account has too many keys or one of that
    name: a form that is sent again, as by a reload, makes no second one.
    """
    wanted = _clean_fields(name, list(scopes), days)
    secret = KEY_PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        # Of two requests at once the second counts what the first has made.
        if user and User.objects.select_for_update().get(pk=user.pk):
            _check_account_keys(list_valid_keys(user), name.strip())
        key = ApiKey.objects.create(
            name=name.strip(),
            user=user,
            voter=Voter.objects.create(),
            digest=hash_secret(secret),
            prefix=secret[:PREFIX_LENGTH],
            scopes=wanted,
            expires_at=timezone.now() + timedelta(days=days) if days else None,
        )
    return key, secret


def _check_account_keys(keys: QuerySet[ApiKey], name: str) -> None:
    if keys.count() >= MAX_KEYS_PER_ACCOUNT:
        raise field_error("name", _("You have %(most)s keys. Revoke one first.") % {"most": MAX_KEYS_PER_ACCOUNT})
    if keys.filter(name=name).exists():
        raise field_error("name", _("You have a key of this name."))


def _clean_fields(name: str, scopes: list[str], days: int | None) -> list[str]:
    """The scopes, each once, in our order."""
    if not (name.strip() and len(name.strip()) <= MAX_NAME_LENGTH and name.isprintable()):
        sentence = _("Give the key a name of at most %(most)s letters, digits and signs.")
        raise field_error("name", sentence % {"most": MAX_NAME_LENGTH})
    if not scopes or set(scopes) - set(SCOPES):
        raise field_error("scopes", _("Choose what the key may do: read, battle, vote."))
    if days is not None and not 1 <= days <= MAX_VALID_DAYS:
        raise field_error(
            "days", _("A key is valid for 1 to %(most)s days, or without end.") % {"most": MAX_VALID_DAYS}
        )
    return [scope for scope in SCOPES if scope in scopes]


def hash_secret(secret: str) -> str:
    """A key has 256 random bits, so that a plain hash tells nothing of it."""
    return hashlib.sha256(secret.encode()).hexdigest()


def list_valid_keys(user: User) -> QuerySet[ApiKey]:
    return ApiKey.objects.filter(Q(expires_at=None) | Q(expires_at__gt=Now()), user=user, revoked_at=None)


def revoke_keys(keys: QuerySet[ApiKey]) -> None:
    """From now on these keys open nothing."""
    keys.filter(revoked_at=None).update(revoked_at=Now())


def authenticate_key(secret: str) -> ApiKey:
    """The key that is valid now, and notes its use. Raises Refusal 401."""
    key = ApiKey.objects.filter(digest=hash_secret(secret)).select_related("user").first()
    now = timezone.now()
    expired = key is not None and key.expires_at is not None and key.expires_at <= now
    if key is None or expired or key.revoked_at or (key.user and not key.user.is_active):
        raise RequestError("bad_key", INVALID_KEY_DETAIL, 401)
    if key.used_at is None or key.used_at <= now - USED_AT_PRECISION:
        ApiKey.objects.filter(pk=key.pk).update(used_at=now)
    return key


def check_scope(key: ApiKey, method: str | None, view: str | None) -> None:
    """Whether the key may ask this of the view of this name. Raises Refusal 403 `scope`."""
    needed = READ if method in ("GET", "HEAD", "OPTIONS") else VOTE if view in VOTE_VIEWS else BATTLE
    if needed not in key.scopes:
        raise RequestError("scope", f"This API key lacks the scope {needed}.", 403)


def get_request_key(request: HttpRequest) -> ApiKey | None:
    """The key with which a request comes; set by `arena.identity.api_access`."""
    return getattr(request, "api_key", None)


def get_default_pool(request: HttpRequest) -> str:
    """Where a vote counts on a battle without named models: programs never move the board of people."""
    return API_POOL if get_request_key(request) else LIVE_POOL


def get_vote_source(request: HttpRequest) -> str:
    return Vote.Source.API if get_request_key(request) else Vote.Source.LIVE
