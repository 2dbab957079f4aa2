"""Runs code in real threads with separate database connections."""

import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connections


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
