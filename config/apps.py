from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"
    verbose_name = "What operators did"
    default = True
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Whoever sends a task needs the application that knows the broker.
        from config import celery  # noqa: F401  # imported for its effect
