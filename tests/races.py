"""Runs code in real threads, and beside other connections and processes, on one test database."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urlencode

from django.db import connection, connections


def at_once(count, work):
    """Run `work(number)` in several threads that start together. Return the results, including exceptions."""
    ready = threading.Barrier(count)

    def run(number):
        try:
            ready.wait(timeout=30)
            return work(number)
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


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
        # Inside a transaction, the view stays as it was at the first look.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return cursor.fetchone()[0]
