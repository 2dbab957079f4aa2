"""Sign-up modes (see `ARENA_SIGNUP`) and invitations."""

import secrets
from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils import timezone

from arena.identity.api_keys import hash_secret
from arena.models import Invitation

INVITATION_FIELD = "invitation"  # the name of the link's parameter and of the form's field
SIGNUP_OPEN = "open"
SIGNUP_INVITE = "invite"
SIGNUP_CLOSED = "closed"
MAX_VALID_DAYS = 365


def get_signup_mode() -> str:
    """Return the sign-up mode, which is `open`, `invite`, or `closed`.

    If the site requires login, the default is `invite`, because open sign-up would give everyone access.
    """
    environment = settings.ENVIRONMENT
    if environment.arena_signup:
        return environment.arena_signup
    return SIGNUP_INVITE if environment.is_login_required else SIGNUP_OPEN


def is_signup_open_to_all() -> bool:
    return get_signup_mode() == SIGNUP_OPEN


def create_invitation(days: int) -> str:
    """Create an invitation that is valid for `days` days, and return its secret. Only the secret's hash is stored.

    Raises ValueError unless `days` is between 1 and `MAX_VALID_DAYS`.
    """
    if not 1 <= days <= MAX_VALID_DAYS:
        raise ValueError(f"An invitation must be valid for 1 to {MAX_VALID_DAYS} days.")
    Invitation.objects.filter(expires_at__lte=Now()).delete()
    secret = secrets.token_urlsafe(32)
    Invitation.objects.create(digest=hash_secret(secret), expires_at=timezone.now() + timedelta(days=days))
    return secret


def read_invitation(request: HttpRequest) -> str:
    """Return the secret of the invitation from the form or the link, or "" if there is none."""
    return request.POST.get(INVITATION_FIELD) or request.GET.get(INVITATION_FIELD, "")


def can_sign_up(request: HttpRequest) -> bool:
    """Return whether this request may create an account."""
    if get_signup_mode() == SIGNUP_INVITE:
        return Invitation.objects.filter(digest=hash_secret(read_invitation(request)), expires_at__gt=Now()).exists()
    return is_signup_open_to_all()


def redeem_invitation(request: HttpRequest) -> bool:
    """Delete the invitation, and return whether it was valid. Only one of two concurrent requests gets True.

    Call this in the transaction that creates the account.
    """
    invitation = Invitation.objects.filter(digest=hash_secret(read_invitation(request)), expires_at__gt=Now())
    deleted_count, _ = invitation.delete()
    return bool(deleted_count)
