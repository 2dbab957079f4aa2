from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        # Processes that send tasks need the application that knows the broker.
        from config import celery  # noqa: F401  # imported for its effect
