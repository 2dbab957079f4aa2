from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        # Load the Celery app in every process that sends tasks, because it knows the broker.
        from config import celery  # noqa: F401  # the import registers it
