from django.apps import AppConfig


class ArenaConfig(AppConfig):
    name = "arena"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from arena.answers import worker
        from arena.identity import accounts

        accounts.connect_signals()
        worker.connect_signals()
