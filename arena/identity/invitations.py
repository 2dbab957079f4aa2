"""Who may make an account: anybody, whoever has an invitation, or nobody (`ARENA_SIGNUP`)."""

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils import timezone

from arena.models import Invitation

FIELD = "invitation"  # in the link and in the form
OPEN, INVITE, CLOSED = "open", "invite", "closed"
LONGEST_DAYS = 365


def mode() -> str:
    """open, invite or closed. Where a login is required an open sign-up would let everybody in again."""
    environment = settings.ENVIRONMENT
    return environment.arena_signup or (INVITE if environment.is_login_required else OPEN)


def is_open_to_all() -> bool:
    return mode() == OPEN


def make(days: int) -> str:
    """The secret of a new invitation, which is good for one account within so many days; only its hash is stored.

    Raises ValueError for a number of days that is not 1 to 365.
    """
    if not 1 <= days <= LONGEST_DAYS:
        raise ValueError(f"An invitation is valid for 1 to {LONGEST_DAYS} days.")
    Invitation.objects.filter(expires_at__lte=Now()).delete()
    secret = secrets.token_urlsafe(32)
    Invitation.objects.create(digest=_digest(secret), expires_at=timezone.now() + timedelta(days=days))
    return secret


def sent(request: HttpRequest) -> str:
    """The secret that came with the link or with the form made from it; may be empty."""
    return request.POST.get(FIELD) or request.GET.get(FIELD, "")


def is_open(request: HttpRequest) -> bool:
    """Whether this request may make an account."""
    if mode() == INVITE:
        return Invitation.objects.filter(digest=_digest(sent(request)), expires_at__gt=Now()).exists()
    return is_open_to_all()


def use(request: HttpRequest) -> bool:
    """Use the invitation up, within the transaction that makes the account; of two requests at once one succeeds."""
    used, _ = Invitation.objects.filter(digest=_digest(sent(request)), expires_at__gt=Now()).delete()
    return bool(used)


def _digest(secret: str) -> str:
    """A secret has 256 random bits, so that a plain hash tells nothing of it."""
    return hashlib.sha256(secret.encode()).hexdigest()
