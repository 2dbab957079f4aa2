"""Who may make an account: anybody, whoever has an invitation, or nobody (`ARENA_SIGNUP`)."""

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils import timezone

from arena.models import Invitation

INVITATION_FIELD = "invitation"  # in the link and in the form
SIGNUP_OPEN, SIGNUP_INVITE, SIGNUP_CLOSED = "open", "invite", "closed"
MAX_VALID_DAYS = 365


def get_signup_mode() -> str:
    """open, invite or closed. Where a login is required an open sign-up would let everybody in again."""
    environment = settings.ENVIRONMENT
    return environment.arena_signup or (SIGNUP_INVITE if environment.is_login_required else SIGNUP_OPEN)


def is_signup_open_to_all() -> bool:
    return get_signup_mode() == SIGNUP_OPEN


def create_invitation(days: int) -> str:
    """The secret of a new invitation, which is good for one account within so many days; only its hash is stored.

    Raises ValueError for a number of days that is not 1 to 365.
    """
    if not 1 <= days <= MAX_VALID_DAYS:
        raise ValueError(f"An invitation is valid for 1 to {MAX_VALID_DAYS} days.")
    Invitation.objects.filter(expires_at__lte=Now()).delete()
    secret = secrets.token_urlsafe(32)
    Invitation.objects.create(digest=_hash_secret(secret), expires_at=timezone.now() + timedelta(days=days))
    return secret


def read_invitation(request: HttpRequest) -> str:
    """The secret that came with the link or with the form made from it; may be empty."""
    return request.POST.get(INVITATION_FIELD) or request.GET.get(INVITATION_FIELD, "")


def can_sign_up(request: HttpRequest) -> bool:
    """Whether this request may make an account."""
    if get_signup_mode() == SIGNUP_INVITE:
        return Invitation.objects.filter(digest=_hash_secret(read_invitation(request)), expires_at__gt=Now()).exists()
    return is_signup_open_to_all()


def redeem_invitation(request: HttpRequest) -> bool:
    """Use the invitation up, within the transaction that makes the account; of two requests at once one succeeds."""
    used, _ = Invitation.objects.filter(digest=_hash_secret(read_invitation(request)), expires_at__gt=Now()).delete()
    return bool(used)


def _hash_secret(secret: str) -> str:
    """A secret has 256 random bits, so that a plain hash tells nothing of it."""
    return hashlib.sha256(secret.encode()).hexdigest()
