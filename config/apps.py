from django.apps import AppConfig
from django.contrib.admin import apps


class ArenaAdminConfig(apps.AdminConfig):
    """Django's admin with a site of ours; whatever can be changed in it is watched."""

    default = False
    default_site = "config.admin_site.Site"

    def ready(self) -> None:
        super().ready()
        from config import admin, changes

        for model in admin.watched():
            changes.watch(model)


class ConfigConfig(AppConfig):
    name = "config"
    verbose_name = "What operators did"
    default = True
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Whoever sends a task needs the application that knows the broker.
        from config import celery  # noqa: F401  # imported for its effect
