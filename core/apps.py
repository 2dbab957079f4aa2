"""App configurations for `core`, and for Django's admin with Arena's admin site."""

from django.apps import AppConfig
from django.contrib.admin import apps


class ArenaAdminConfig(apps.AdminConfig):
    """Django's admin with Arena's site. Logs changes to all models that operators can edit."""

    default = False
    default_site = "core.admin.site.ArenaAdminSite"

    def ready(self) -> None:
        super().ready()
        from allauth.account.models import EmailAddress
        from allauth.mfa.models import Authenticator
        from django.contrib import admin

        from core.admin import audit, audit_log  # noqa: F401  # importing `audit_log` registers its page

        # Accounts have no email address, and operators must not see the secrets of authenticator apps.
        admin.site.unregister([EmailAddress, Authenticator])
        for model in audit.list_watched_models():
            audit.watch_model(model)


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = "Audit log"
    default = True
    default_auto_field = "django.db.models.BigAutoField"
