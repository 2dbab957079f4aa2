"""Periodic tasks for Celery beat. Importing this module also registers the answer engine's task."""

from datetime import UTC, datetime

from celery import shared_task

from arena.answers import tasks  # noqa: F401  # Celery finds tasks through this module


@shared_task(name="arena.roll_up", ignore_result=True)
def roll_up() -> None:
    """Aggregate each endpoint's calls for today and, in the first hour of the day (UTC), for yesterday."""
    from arena.endpoints import call_stats

    for day in call_stats.list_due_days(datetime.now(UTC)):
        call_stats.roll_up_day(day)


@shared_task(name="arena.expire", ignore_result=True)
def expire_battles() -> None:
    """Close idle battles."""
    from arena.battles import lifecycle

    lifecycle.expire_battles()


@shared_task(name="arena.delete_expired_records", ignore_result=True)
def delete_expired_records() -> None:
    """Delete expired responses to idempotent requests, and old token charges."""
    from arena.endpoints import token_budgets
    from arena.identity import idempotency

    idempotency.delete_expired_responses()
    token_budgets.delete_old_charges()


@shared_task(name="arena.apply_retention", ignore_result=True)
def apply_retention() -> None:
    """Delete old battles, and expire reviews, submissions, and network hashes (see `arena.battles.retention`)."""
    from arena.battles import retention

    retention.delete_old_battles()
    retention.expire_stored_data()


@shared_task(name="arena.delete_idle_voters", ignore_result=True)
def delete_idle_voters() -> None:
    from arena.battles import retention

    retention.delete_idle_voters()


@shared_task(name="arena.clear_sessions", ignore_result=True)
def clear_sessions() -> None:
    from arena.models.sessions import SessionStore

    SessionStore.clear_expired()
