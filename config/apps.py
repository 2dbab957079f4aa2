from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        # Processes that send tasks need the Celery application, which knows the broker.
        from config import celery  # noqa: F401  # the import registers it
