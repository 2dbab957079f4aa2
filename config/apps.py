from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        # Load the Celery app in every process that sends tasks, because it has the broker's settings.
        from config import celery  # noqa: F401  # the import registers it
