"""Liveness and readiness."""

import contextlib
import threading

import pytest
from django.db import connections
from django.test import Client

from arena import publishing
from config.celery import app

pytestmark = pytest.mark.django_db


@pytest.fixture
def client():
    return Client()


@pytest.fixture
def broker_away(settings, tmp_path):
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"
    publishing.client.cache_clear()
    yield
    publishing.client.cache_clear()


@contextlib.contextmanager
def worker(*queues):
    """A worker that consumes these queues, as far as its answer to the question goes."""
    from celery.contrib.testing.worker import start_worker

    app.amqp.queues.select(queues)
    with start_worker(app, pool="solo", perform_ping_check=False, queues=queues, shutdown_timeout=10):
        yield


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
