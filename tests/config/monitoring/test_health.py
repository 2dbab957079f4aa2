"""Liveness and readiness."""

import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from celery.signals import task_postrun, task_prerun
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test import Client

from config.celery import app
from config.monitoring import health
from config.monitoring.heartbeats import BEAT_KEY, BEAT_TTL_S, BUSY_KEY
from core.storage import redis_clients
from launcher.embedded import PROJECT_ROOT
from tests.processes import eventually

pytestmark = pytest.mark.django_db
NOTHING = dict.fromkeys((*health.REQUIRED_PARTS, *health.OPTIONAL_PARTS), False)


@pytest.fixture(autouse=True)
def shared(monkeypatch):
    """Clear results that other tests have shared."""
    made = health.SharedResult(health.collect_status, cache_s=0)
    monkeypatch.setattr(health, "_shared_status", made)
    return made


@pytest.fixture(autouse=True)
def no_signs():
    redis_clients.get_redis_client().delete(BEAT_KEY, BUSY_KEY)


def test_alive_says_ok_and_sets_no_cookie(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/healthz")

    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert not answer.cookies


def test_ready_says_what_is_missing_while_no_worker_is_there(client, caplog):
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json() == {
        "database": True,
        "migrations": True,
        "broker": True,
        "answers": False,
        "ratings": False,
        "beat": False,
    }
    assert "Service Unavailable" not in caplog.text  # a probe expects this answer


def test_ready_sees_that_the_database_is_away(client, shared):
    def away(*arguments):
        raise OperationalError("the connection is closed")

    def look():
        with connection.execute_wrapper(away):  # the thread that runs the check
            return health.collect_status()

    shared.check = look
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["database"] is False


class Looks:
    """Checks that are counted and wait until they are released."""

    __name__ = "looks"

    def __init__(self):
        self.made, self.go_on = 0, threading.Event()

    def __call__(self):
        self.made += 1
        self.go_on.wait(30)
        return dict.fromkeys((*health.REQUIRED_PARTS, *health.OPTIONAL_PARTS), True)


@pytest.fixture
def looks(shared):
    shared.check = Looks()
    yield shared.check
    shared.check.go_on.set()


def test_ready_looks_once_for_all_who_ask_at_once(looks, shared):
    shared.cache_s = 30
    with ThreadPoolExecutor(8) as threads:
        answers = [threads.submit(Client().get, "/readyz") for _ in range(8)]
        time.sleep(0.1)
        looks.go_on.set()

    assert {answer.result().status_code for answer in answers} == {200}
    assert looks.made == 1


def test_ready_waits_for_nothing_that_does_not_answer(client, looks, shared):
    shared.timeout_s = 0.05
    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()) == (503, NOTHING)


def test_look_keeps_no_connection_of_the_database_while_it_asks_the_workers(client, monkeypatch):
    connections = []
    monkeypatch.setattr(health, "_list_consumed_queues", lambda: connections.append(connection.connection) or set())
    client.get("/readyz")

    assert connections == [None]


@pytest.mark.parametrize(("queue", "there"), [("ratings", True), ("answers", False)])
def test_ratings_worker_that_is_busy_with_a_task_is_there(client, queue, there):
    """A busy ratings worker cannot answer a ping. An answers worker always can."""

    @app.task(name=f"tests.look.{queue}")
    def look():
        return client.get("/readyz").json()

    look.push_request(delivery_info={"routing_key": queue})
    task_prerun.send(sender=look, task=look)
    seen = look.run()
    task_postrun.send(sender=look, task=look)

    assert seen == {
        "database": True,
        "migrations": True,
        "broker": True,
        "answers": False,
        "ratings": there,
        "beat": False,
    }
    assert client.get("/readyz").json()["ratings"] is False


@pytest.fixture
def beat(tmp_path):
    """Start beat with the command of compose.yaml."""
    command = [sys.executable, "-m", "celery", "-A", "config", "beat", "-s", str(tmp_path / "schedule"), "--pidfile="]
    process = subprocess.Popen(command, cwd=PROJECT_ROOT, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    yield process
    process.kill()
    process.wait()


def beat_container_is_healthy():
    return not subprocess.run(
        [sys.executable, "-m", "config.monitoring.container_healthcheck", "beat"], cwd=PROJECT_ROOT
    ).returncode


def test_beat_that_dies_is_missed(client, beat):
    assert eventually(health.is_beat_alive)
    assert client.get("/readyz").json()["beat"] is True
    assert beat_container_is_healthy()
    assert 0 < redis_clients.get_redis_client().ttl(BEAT_KEY) <= BEAT_TTL_S

    beat.kill()
    beat.wait()
    redis_clients.get_redis_client().pexpire(BEAT_KEY, 1)  # otherwise, the key expires after BEAT_TTL_S

    assert eventually(lambda: not health.is_beat_alive())
    assert client.get("/readyz").json()["beat"] is False
    assert not beat_container_is_healthy()


def test_ready_does_not_depend_on_beat_and_on_the_ratings_worker(client, shared):
    shared.check = lambda: dict.fromkeys(health.REQUIRED_PARTS, True) | dict.fromkeys(health.OPTIONAL_PARTS, False)

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json()["beat"], answer.json()["ratings"]) == (200, False, False)


def test_ready_waits_until_the_migrations_are_applied(client, shared):
    shared.check = lambda: {**dict.fromkeys(NOTHING, True), "migrations": False}

    assert client.get("/readyz").status_code == 503


def test_migration_that_is_missing_is_seen():
    health._check_migrations.cache_clear()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'ratings' AND name LIKE '0002_%%'", [])
    assert not health.has_migrations()
    call_command("migrate", "ratings", fake=True, verbosity=0)
    assert health.has_migrations()


@pytest.fixture
def redis_of_its_own(shared, own_redis):
    yield own_redis
    own_redis.kill()
    shared._thread.shutdown()  # a check can take longer than the request


@pytest.mark.parametrize("fault", ["killed", "frozen", "full"])
def test_ready_is_503_within_seconds_whatever_redis_does(client, shared, redis_of_its_own, fault):
    shared.timeout_s = health.READINESS_TIMEOUT_S
    if fault == "full":
        redis_clients.get_redis_client().config_set("maxmemory", 1)
    else:
        redis_of_its_own.send_signal(signal.SIGKILL if fault == "killed" else signal.SIGSTOP)
    started = time.monotonic()

    answer = client.get("/readyz")

    assert time.monotonic() - started < 4
    assert answer.status_code == 503
    assert (answer.json()["broker"], answer.json()["answers"]) == (fault == "full", False)


def test_result_that_does_not_last_is_shared_only_with_those_who_wait():
    """Another web process may already have reported that all is well."""
    results = iter(["down", "up", "down"])
    checks = []

    def check():
        checks.append(next(results))
        time.sleep(0.1)
        return checks[-1]

    shared = health.SharedResult(check, cache_s=60, is_cacheable=lambda result: result == "up")

    with ThreadPoolExecutor(3) as threads:
        assert list(threads.map(lambda _: shared.get(), range(3))) == ["down"] * 3
    assert [shared.get(), shared.get()] == ["up", "up"]
    assert checks == ["down", "up"]
