"""Codes of an authenticator app (TOTP) beside the password: offered to every account, required of operators by setting.

allauth does the rest: the stage at the login, the recovery codes, the limit of wrong codes.
"""

from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base import forms
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.core.cache import cache

REQUIRED = "required"


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """The QR code as an element of the page, and no removal by operators who must have it."""

    def build_totp_svg(self, url: str) -> str:
        """An image by a data: address would break our content policy; an XML declaration would break the page."""
        drawing: str = super().build_totp_svg(url)
        return drawing[drawing.index("<svg") :]

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return not is_totp_required(authenticator.user)


class _SingleUseCodeForm(forms.BaseAuthenticateForm):  # type: ignore[misc]  # allauth has no types
    """A code of the app is refused a second time for as long as its clock would accept it.

    allauth itself remembers it for one step of the clock; with a tolerance it is accepted for three.
    """

    def clean_code(self) -> str:
        code: str = super().clean_code()
        steps = 2 * app_settings.TOTP_TOLERANCE + 1
        key = f"second-factor:{self.user.pk}:{normalize_user_code(code)}"
        if not cache.add(key, "used", steps * app_settings.TOTP_PERIOD):
            raise MfaAdapter().validation_error("incorrect_code")
        return code


class AuthenticateForm(_SingleUseCodeForm, forms.AuthenticateForm):  # type: ignore[misc]  # see above
    """For the login."""


class ReauthenticateForm(_SingleUseCodeForm, forms.ReauthenticateForm):  # type: ignore[misc]  # see above
    """Before a page with secrets."""


def is_totp_required(user: User | AnonymousUser) -> bool:
    return bool(user.is_staff) and settings.ENVIRONMENT.arena_operator_totp == REQUIRED


def has_totp(user: User | AnonymousUser) -> bool:
    return bool(Authenticator.objects.filter(user=user.pk, type=Authenticator.Type.TOTP).exists())


def is_totp_missing(user: User | AnonymousUser) -> bool:
    """Whether an operator must set it up before anything else."""
    return is_totp_required(user) and not has_totp(user)


def remove_authenticators(user: User) -> int:
    """Remove the app and the recovery codes of somebody who has lost both; returns how many rows went."""
    return int(Authenticator.objects.filter(user=user).delete()[0])
