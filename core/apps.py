"""App configurations for `core`, and for Django's admin with Arena's admin site."""

from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin import apps
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks


class ArenaAdminConfig(apps.SimpleAdminConfig):
    """Django's admin with Arena's site. `config.urls` registers the pages."""

    default = False
    default_site = "core.admin.site.ArenaAdminSite"

    def ready(self) -> None:
        checks.register(check_dependencies, checks.Tags.admin)
        checks.register(_check_pages, checks.Tags.admin)


def _check_pages(app_configs: Any, **options: Any) -> list[checks.CheckMessage]:
    """Check the pages as Django's own configuration does, but register them first."""
    import_module(settings.ROOT_URLCONF)
    return list(check_admin_app(app_configs, **options))


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = "Audit log"
    default = True
    default_auto_field = "django.db.models.BigAutoField"
