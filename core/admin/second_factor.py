"""Authenticator apps (TOTP) as a second factor. They are optional unless `ARENA_OPERATOR_TOTP` requires them.

allauth provides the login step, the recovery codes, and the limit on wrong codes.
"""

from allauth.mfa import app_settings
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base import forms
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.core.cache import cache

REQUIRED = "required"


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Renders the QR code as an SVG element, and prevents operators from removing a required authenticator app."""

    def build_totp_svg(self, url: str) -> str:
        """Return only the SVG element, without the XML declaration, which is invalid in HTML.

        The page embeds the element, because the content security policy forbids data: URLs.
        """
        document: str = super().build_totp_svg(url)
        return document[document.index("<svg") :]

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return not is_totp_required(authenticator.user)


class _SingleUseCodeForm(forms.BaseAuthenticateForm):  # type: ignore[misc]  # allauth has no types
    """A form that accepts each code only once.

    allauth rejects used codes for only one time step, but Arena's clock tolerance makes a code valid for three. It
    ignores case, spaces, and punctuation in codes.
    """

    def clean_code(self) -> str:
        code: str = super().clean_code()
        steps = 2 * app_settings.TOTP_TOLERANCE + 1
        key = f"second-factor:{self.user.pk}:{''.join(filter(str.isalnum, code)).lower()}"
        if not cache.add(key, "used", steps * app_settings.TOTP_PERIOD):
            raise MfaAdapter().validation_error("incorrect_code")
        return code


class AuthenticateForm(_SingleUseCodeForm, forms.AuthenticateForm):  # type: ignore[misc]  # allauth has no types
    """The form that asks for a code at login."""


class ReauthenticateForm(_SingleUseCodeForm, forms.ReauthenticateForm):  # type: ignore[misc]  # allauth has no types
    """The form that asks for a code again before a page with secrets is shown."""


def is_totp_required(user: User | AnonymousUser) -> bool:
    return bool(user.is_staff) and settings.ENVIRONMENT.arena_operator_totp == REQUIRED


def has_totp(user: User | AnonymousUser) -> bool:
    return bool(Authenticator.objects.filter(user=user.pk, type=Authenticator.Type.TOTP).exists())


def is_totp_missing(user: User | AnonymousUser) -> bool:
    """Return True if this operator must set up an authenticator app first."""
    return is_totp_required(user) and not has_totp(user)


def remove_authenticators(user: User) -> int:
    """Delete a user's authenticator app and recovery codes. Return the number of deleted rows."""
    return int(Authenticator.objects.filter(user=user).delete()[0])
