from django.apps import AppConfig
from django.db.models.signals import post_migrate, post_save


class RatingsConfig(AppConfig):
    name = "ratings"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from arena.models import Pool
        from ratings import tasks  # noqa: F401  # connects the signal receivers
        from ratings.models import create_counts, create_missing_counts

        post_save.connect(create_counts, sender=Pool)
        post_migrate.connect(create_missing_counts, sender=self)  # the built-in pools are created without signals
