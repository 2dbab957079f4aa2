"""App configurations for `core`, and for Django's admin with Arena's admin site."""

from django.apps import AppConfig
from django.contrib.admin import apps


class ArenaAdminConfig(apps.SimpleAdminConfig):
    """Django's admin with Arena's site. `config.urls` registers the pages."""

    default = False
    default_site = "core.admin.site.ArenaAdminSite"


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = "Audit log"
    default = True
    default_auto_field = "django.db.models.BigAutoField"
