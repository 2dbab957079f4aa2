from django.apps import AppConfig


class RatingsConfig(AppConfig):
    name = "ratings"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from arena.signals import vote_cast, votes_moved
        from ratings import tasks

        vote_cast.connect(tasks.add_to_outbox)
        votes_moved.connect(tasks.invalidate_pools)
