"""Django's admin as an app, with the site of this project and a log of what is changed in it."""

from django.contrib.admin import apps


class ArenaAdminConfig(apps.AdminConfig):
    """Django's admin with a site of ours; whatever can be changed in it is watched."""

    default = False
    default_site = "config.admin_site.Site"

    def ready(self) -> None:
        super().ready()
        from config import changes

        for model in changes.watched():
            changes.watch(model)
