"""The core app, and Django's admin as an app with our site and a log of what is changed in it."""

from django.apps import AppConfig
from django.contrib.admin import apps


class ArenaAdminConfig(apps.AdminConfig):
    """Django's admin with our site. Changes of all models that can be edited in it are logged."""

    default = False
    default_site = "core.admin.site.ArenaAdminSite"

    def ready(self) -> None:
        super().ready()
        from allauth.account.models import EmailAddress
        from allauth.mfa.models import Authenticator
        from django.contrib import admin

        from core.admin import audit, audit_log  # noqa: F401  # the log registers its page

        # Addresses are not asked for here, and the secrets of authenticator apps are nobody else's.
        admin.site.unregister([EmailAddress, Authenticator])
        for model in audit.list_watched_models():
            audit.watch_model(model)


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = "What operators did"
    default = True
    default_auto_field = "django.db.models.BigAutoField"
