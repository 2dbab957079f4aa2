"""Real races: threads with database connections of their own."""

import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connections


def at_once(count, work):
    """The results of `work(number)` in so many threads that start together; exceptions are returned like results."""
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
