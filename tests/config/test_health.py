"""Liveness and readiness."""

import asyncio
import threading
import time

import pytest
from celery.signals import task_postrun, task_prerun
from django.db import OperationalError, connection
from django.test import AsyncClient

from config import health
from config.celery import app

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """No answer is that to a question of another test, or an earlier one."""
    monkeypatch.setattr(health, "_newest", health.Newest())
    monkeypatch.setattr(health, "SHARED_S", 0)


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


def test_ready_sees_that_the_database_is_away(client, monkeypatch):
    def away(*arguments):
        raise OperationalError("the connection is closed")

    def look():
        with connection.execute_wrapper(away):  # that of the thread which looks
            return health._look()

    monkeypatch.setattr(health.Newest, "parts", lambda _: look())
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["database"] is False


@pytest.fixture
def looks(monkeypatch):
    """Looks that are counted, and last until `going_on` is set."""
    made = []

    def look():
        made.append(health.going_on.wait(30))
        return dict.fromkeys(("database", "broker", *health.QUEUES), True)

    monkeypatch.setattr(health, "going_on", threading.Event(), raising=False)
    monkeypatch.setattr(health, "_look", look)
    return made


async def ask(times=1):
    return await asyncio.gather(*(AsyncClient().get("/readyz") for _ in range(times)))


async def test_ready_looks_once_for_all_who_ask_at_once(looks, monkeypatch):
    monkeypatch.setattr(health, "SHARED_S", 30)
    asked = asyncio.create_task(ask(75))
    await asyncio.sleep(0.1)
    health.going_on.set()

    assert {answer.status_code for answer in await asked} == {200}
    assert len(looks) == 1


async def test_ready_looks_again_after_a_while(looks, monkeypatch):
    monkeypatch.setattr(health, "SHARED_S", 0.05)
    health.going_on.set()
    for _ in range(2):
        await ask()
        time.sleep(0.06)  # nobody else is here

    assert len(looks) == 2


async def test_ready_waits_for_nothing_that_does_not_answer(looks, monkeypatch):
    monkeypatch.setattr(health, "PATIENCE_S", 0.05)
    answers = await ask(3)
    health.going_on.set()

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
