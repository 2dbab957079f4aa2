from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        # Every process that sends tasks needs the Celery app, because only that app has the broker's settings.
        from config import celery  # noqa: F401  # importing the module registers the app
