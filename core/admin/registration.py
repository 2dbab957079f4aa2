"""Registers the admin pages of all apps. Importing them takes 20 MB, so only processes with URLs do it."""

from django.contrib import admin


def register_pages() -> None:
    """Register the pages of all apps, and log changes to all models that operators can edit."""
    from allauth.account.models import EmailAddress
    from allauth.mfa.models import Authenticator

    from core.admin import audit

    admin.autodiscover()
    from core.admin import accounts  # noqa: F401  # importing it registers its pages

    # Accounts have no email address, and operators must not see the secrets of authenticator apps.
    admin.site.unregister([EmailAddress, Authenticator])
    for model in audit.list_watched_models():
        audit.watch_model(model)
