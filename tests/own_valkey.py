"""Gives each process of pytest-xdist its own Valkey database. pytest-django does the same for PostgreSQL.

A plugin, because pytest-django loads the settings before any conftest.py. Workers of a service would otherwise take the
tasks of tests in other processes.
"""

import os
from urllib.parse import urlsplit


def select_database(url: str, worker: str) -> str:
    """Return the URL of the database with the worker's number. For a Unix socket, it is a parameter."""
    number = worker.removeprefix("gw")
    return f"{url}?db={number}" if url.startswith("unix://") else urlsplit(url)._replace(path=f"/{number}").geturl()


if (worker := os.environ.get("PYTEST_XDIST_WORKER")) and "REDIS_URL" in os.environ:
    os.environ["REDIS_URL"] = select_database(os.environ["REDIS_URL"], worker)
