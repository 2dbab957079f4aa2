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

from arena.identity.bearer import START
from arena.models import API, LIVE, ApiKey, Vote, Voter
from core.http.errors import Refusal, bad

READ, BATTLE, VOTE = SCOPES = ("read", "battle", "vote")
SHOWN = len(START) + 6  # characters by which an owner knows a key again
LONGEST_NAME = 100
LONGEST_DAYS = 3650
MOST_KEYS = 20  # of one account, for each has a voter with limits of its own
USED_EVERY = timedelta(minutes=1)
NOT_GOOD = "The API key is unknown, expired or revoked. It is sent as “Authorization: Bearer KEY”."
VOTING = ("battle-cast-vote",)


def make(name: str, scopes: Iterable[str], days: int | None = None, user: User | None = None) -> tuple[ApiKey, str]:
    """A key and its secret, which nobody can find out afterwards; without days it does not expire.

    Raises Refusal 400 for a name, scopes or days that are none, and where an account has too many keys or one of that
    name: a form that is sent again, as by a reload, makes no second one.
    """
    wanted = _checked(name, list(scopes), days)
    secret = START + secrets.token_urlsafe(32)
    with transaction.atomic():
        # Of two requests at once the second counts what the first has made.
        if user and User.objects.select_for_update().get(pk=user.pk):
            _check_room(in_use(user), name.strip())
        key = ApiKey.objects.create(
            name=name.strip(),
            user=user,
            voter=Voter.objects.create(),
            digest=digest(secret),
            prefix=secret[:SHOWN],
            scopes=wanted,
            expires_at=timezone.now() + timedelta(days=days) if days else None,
        )
    return key, secret


def _check_room(keys: QuerySet[ApiKey], name: str) -> None:
    if keys.count() >= MOST_KEYS:
        raise bad("name", _("You have %(most)s keys. Revoke one first.") % {"most": MOST_KEYS})
    if keys.filter(name=name).exists():
        raise bad("name", _("You have a key of this name."))


def _checked(name: str, scopes: list[str], days: int | None) -> list[str]:
    """The scopes, each once, in our order."""
    if not (name.strip() and len(name.strip()) <= LONGEST_NAME and name.isprintable()):
        sentence = _("Give the key a name of at most %(most)s letters, digits and signs.")
        raise bad("name", sentence % {"most": LONGEST_NAME})
    if not scopes or set(scopes) - set(SCOPES):
        raise bad("scopes", _("Choose what the key may do: read, battle, vote."))
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        raise bad("days", _("A key is valid for 1 to %(most)s days, or without end.") % {"most": LONGEST_DAYS})
    return [scope for scope in SCOPES if scope in scopes]


def digest(secret: str) -> str:
    """A key has 256 random bits, so that a plain hash tells nothing of it."""
    return hashlib.sha256(secret.encode()).hexdigest()


def in_use(user: User) -> QuerySet[ApiKey]:
    return ApiKey.objects.filter(Q(expires_at=None) | Q(expires_at__gt=Now()), user=user, revoked_at=None)


def revoke(keys: QuerySet[ApiKey]) -> None:
    """From now on these keys open nothing."""
    keys.filter(revoked_at=None).update(revoked_at=Now())


def find(secret: str) -> ApiKey:
    """The key that is valid now, and notes its use. Raises Refusal 401."""
    key = ApiKey.objects.filter(digest=digest(secret)).select_related("user").first()
    now = timezone.now()
    expired = key is not None and key.expires_at is not None and key.expires_at <= now
    if key is None or expired or key.revoked_at or (key.user and not key.user.is_active):
        raise Refusal("bad_key", NOT_GOOD, 401)
    if key.used_at is None or key.used_at <= now - USED_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(used_at=now)
    return key


def check_scope(key: ApiKey, method: str | None, view: str | None) -> None:
    """Whether the key may ask this of the view of this name. Raises Refusal 403 `scope`."""
    needed = READ if method in ("GET", "HEAD", "OPTIONS") else VOTE if view in VOTING else BATTLE
    if needed not in key.scopes:
        raise Refusal("scope", f"This API key lacks the scope {needed}.", 403)


def of(request: HttpRequest) -> ApiKey | None:
    """The key with which a request comes; set by `arena.identity.api_access`."""
    return getattr(request, "api_key", None)


def open_pool(request: HttpRequest) -> str:
    """Where a vote counts on a battle without named models: programs never move the board of people."""
    return API if of(request) else LIVE


def source(request: HttpRequest) -> str:
    return Vote.Source.API if of(request) else Vote.Source.LIVE
