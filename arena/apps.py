from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ArenaConfig(AppConfig):
    name = "arena"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from arena.models.pools import create_built_in_pools

        post_migrate.connect(create_built_in_pools, sender=self)
