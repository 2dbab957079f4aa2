"""Liveness and readiness."""

import asyncio
import threading

import pytest
from celery.signals import task_postrun, task_prerun
from django.db import OperationalError, connection
from django.test import AsyncClient

from config import health
from config.celery import app

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def newest(monkeypatch):
    """No answer is that to a question of another test, or an earlier one."""
    made = health.Newest(health.look, shared_s=0)
    monkeypatch.setattr(health, "_newest", made)
    return made


def test_alive_says_ok_and_sets_no_cookie(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/healthz")

    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert not answer.cookies


def test_ready_says_what_is_missing_while_no_worker_is_there(client):
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json() == {"database": True, "broker": True, "answers": False, "ratings": False}


def test_ready_asks_no_worker_while_the_broker_is_away(client, broker_away):
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json() == {"database": True, "broker": False, "answers": False, "ratings": False}


def test_ready_sees_that_the_database_is_away(client, newest):
    def away(*arguments):
        raise OperationalError("the connection is closed")

    def look():
        with connection.execute_wrapper(away):  # that of the thread which looks
            return health.look()

    newest.look = look
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["database"] is False


class Looks:
    """Looks that are counted, and last until they may go on."""

    def __init__(self):
        self.made, self.go_on = 0, threading.Event()

    def __call__(self):
        self.made += 1
        self.go_on.wait(30)
        return dict.fromkeys(("database", "broker", *health.QUEUES), True)


@pytest.fixture
def looks(newest):
    newest.look = Looks()
    yield newest.look
    newest.look.go_on.set()


async def ask(times=1):
    return await asyncio.gather(*(AsyncClient().get("/readyz") for _ in range(times)))


async def test_ready_looks_once_for_all_who_ask_at_once(looks, newest):
    newest.shared_s = 30
    asked = asyncio.create_task(ask(75))
    await asyncio.sleep(0.1)
    looks.go_on.set()

    assert {answer.status_code for answer in await asked} == {200}
    assert looks.made == 1


async def test_ready_looks_again_after_a_while(looks, newest):
    newest.shared_s = 0.05
    looks.go_on.set()
    for _ in range(2):
        await ask()
        await asyncio.sleep(0.06)

    assert looks.made == 2


async def test_ready_waits_for_nothing_that_does_not_answer(looks, monkeypatch):
    monkeypatch.setattr(health, "PATIENCE_S", 0.05)
    answers = await ask(3)

    assert {answer.status_code for answer in answers} == {503}
    assert answers[0].json() == {"database": False, "broker": False, "answers": False, "ratings": False}


def test_look_keeps_no_connection_of_the_database_while_it_asks_the_workers(client, monkeypatch):
    held = []
    monkeypatch.setattr(health, "_consumed", lambda: held.append(connection.connection) or set())
    client.get("/readyz")

    assert held == [None]


@pytest.mark.parametrize(("queue", "there"), [("ratings", True), ("answers", False)])
def test_ratings_worker_that_is_busy_with_a_task_is_there(client, queue, there):
    """As long as it is; the worker of the answers can say so itself at any time."""

    @app.task(name=f"tests.look.{queue}")
    def look():
        return client.get("/readyz").json()

    look.push_request(delivery_info={"routing_key": queue})
    task_prerun.send(sender=look, task=look)
    seen = look.run()
    task_postrun.send(sender=look, task=look)

    assert seen == {"database": True, "broker": True, "answers": False, "ratings": there}
    assert client.get("/readyz").json()["ratings"] is False
