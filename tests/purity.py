"""Marks pure tests, which need no database, Valkey, service, or browser. Run them with `pytest -m pure`.

A test's fixtures determine its marker. PostgreSQL and Valkey refuse connections during a pure test, so a test that uses
them without the right fixture fails. `-m pure` excludes slow tests. All property tests are slow.
"""

import re
from functools import cache
from pathlib import Path

import psycopg
import pytest
import redis.asyncio.connection
import redis.connection
from redis.exceptions import ConnectionError as RedisConnectionError

SERVICE_FIXTURES = {"db", "transactional_db", "valkey", "service", "zoo", "browser"}
# Tests in these folders and files start services or call the whole API, so none of them is pure.
IMPURE_PATHS = tuple(Path(__file__).parent / name for name in ("system", "test_schema.py", "launcher/test_embedded.py"))
IMPURE_FILE = re.compile(r"^pytestmark = .*\b(django_db|valkey)\b", re.MULTILINE)
QUICK = "pure and not slow"
MESSAGE = "a pure test used a service; let it request the db or valkey fixture"


def is_pure(item: pytest.Item) -> bool:
    if item.get_closest_marker("django_db") or SERVICE_FIXTURES & set(getattr(item, "fixturenames", ())):
        return False
    return not _is_in_impure_path(item.path)


@cache
def _is_in_impure_path(path: Path) -> bool:
    return any(path.is_relative_to(impure) for impure in IMPURE_PATHS)


def pytest_configure(config: pytest.Config) -> None:
    if config.option.markexpr == "pure":
        config.option.markexpr = QUICK


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if is_pure(item):
            item.add_marker("pure")
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker("slow")
    if config.option.markexpr == QUICK:
        _keep_quick(config, items)


def _keep_quick(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect all other tests. Otherwise, Hypothesis would read the whole program for its tests."""
    quick, others = [], []
    for item in items:
        is_quick = item.get_closest_marker("pure") and not item.get_closest_marker("slow")
        (quick if is_quick else others).append(item)
    config.hook.pytest_deselected(items=others)
    items[:] = quick


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Skip files with no pure tests if only pure tests run, because importing them takes time."""
    if config.option.markexpr != QUICK:
        return None
    if collection_path in IMPURE_PATHS:
        return True
    is_test = collection_path.name.startswith("test_") and collection_path.suffix == ".py"
    return True if is_test and IMPURE_FILE.search(collection_path.read_text()) else None


async def _refuse_async(*_: object, **__: object) -> None:
    raise RedisConnectionError(MESSAGE)


def _refuse(*_: object, **__: object) -> None:
    raise RedisConnectionError(MESSAGE)


def _refuse_database(*_: object, **__: object) -> None:
    raise psycopg.OperationalError(MESSAGE)


REFUSALS = (
    (redis.connection.AbstractConnection, "send_packed_command", _refuse),
    (redis.asyncio.connection.AbstractConnection, "send_packed_command", _refuse_async),
    (psycopg, "connect", _refuse_database),
    (psycopg.Connection, "connect", _refuse_database),
    (psycopg.AsyncConnection, "connect", _refuse_database),
)
refusals = pytest.MonkeyPatch()


def refuse_services() -> None:
    """Make all connections to services fail, including those from child processes."""
    refusals.setenv("DATABASE_URL", "postgresql://127.0.0.1:1/none")
    refusals.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    for owner, name, refuse in REFUSALS:
        refusals.setattr(owner, name, refuse)


def switch_services(item: pytest.Item) -> None:
    """Refuse services from the first to the last of several pure tests in a row."""
    if not item.get_closest_marker("pure"):
        refusals.undo()
    elif psycopg.connect is not _refuse_database:
        refuse_services()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Allow services at the end of a file, where module and session fixtures might need them."""
    if nextitem is None or nextitem.path != item.path:
        refusals.undo()
