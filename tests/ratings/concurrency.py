"""Helpers for several connections, threads, and processes on one test database."""

import threading
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlencode
from uuid import uuid4

from django.db import connection, connections
from django.db.models.functions import Now
from django.utils import timezone

from ratings.models import RefreshLease


@contextmanager
def elsewhere(statement):
    """Run a statement in another connection's transaction, which stays open until the end."""
    other = connections.create_connection("default")
    other.set_autocommit(False)
    try:
        with other.cursor() as cursor:
            cursor.execute(statement)
        yield other
    finally:
        other.rollback()
        other.close()


def in_thread(work):
    """Start work in another thread with its own connection. Return the thread."""

    def run():
        try:
            work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def database_url():
    """Return the test database's URL for another process."""
    place = {name.lower(): connection.settings_dict[name] for name in ("USER", "PASSWORD", "HOST", "PORT")}
    return f"postgresql:///{connection.settings_dict['NAME']}?{urlencode({k: v for k, v in place.items() if v})}"


def blocked():
    """Return the number of connections to this database that are waiting for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return cursor.fetchone()[0]


@contextmanager
def lease_elsewhere():
    """Let another process hold the lease on tallies and boards."""
    held = {"token": uuid4(), "busy": True, "lease_until": timezone.now() + timedelta(hours=1)}
    RefreshLease.objects.update_or_create(pk=1, defaults=held)
    yield
    RefreshLease.objects.update(busy=False, lease_until=Now())
