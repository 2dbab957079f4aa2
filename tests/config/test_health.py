"""Liveness and readiness."""

import pytest
from celery.signals import task_postrun, task_prerun
from django.db import OperationalError, connection

from config.celery import app

pytestmark = pytest.mark.django_db


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


def test_ready_sees_that_the_database_is_away(client):
    def away(*arguments):
        raise OperationalError("the connection is closed")

    with connection.execute_wrapper(away):
        answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["database"] is False


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
