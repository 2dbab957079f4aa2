"""The form that changes an account's password."""

from allauth.account import forms as allauth_forms
from django import forms
from django.utils.translation import gettext_lazy

from arena.identity import api_keys
from arena.models import ApiKey


class ChangePasswordForm(allauth_forms.ChangePasswordForm):  # type: ignore[misc]  # allauth has no types
    """Changes the password and, unless the user declines, revokes the account's API keys.

    Someone who knew the old password might have created a key that does not expire.
    """

    revoke_keys = forms.BooleanField(label=gettext_lazy("Revoke all my API keys"), required=False, initial=True)

    def save(self) -> None:
        super().save()
        if self.cleaned_data["revoke_keys"]:
            api_keys.revoke_keys(ApiKey.objects.filter(user=self.user))
