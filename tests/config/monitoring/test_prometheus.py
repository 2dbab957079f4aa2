"""Metrics and access to them. No metric is about a single model."""

import os
import time
from dataclasses import replace

import pytest
from django.db import OperationalError, connection
from prometheus_client.parser import text_string_to_metric_families as families

from arena.models import Answer, Battle
from config.monitoring import health, prometheus
from ratings.pipeline import board_refresh
from tests import factories
from tests.arena.factories import question

pytestmark = pytest.mark.django_db
TOKEN = "a-token-of-this-test"


def figures():
    samples = [sample for family in families(prometheus.render_metrics().decode()) for sample in family.samples]
    return {(sample.name, *sample.labels.values()): sample.value for sample in samples}


@pytest.fixture
def shared(monkeypatch):
    """Replace the metrics with a constant, because these tests are only about access."""
    made = health.SharedResult(lambda: b"arena_up 1\n", cache_s=0)
    monkeypatch.setattr(prometheus, "_shared_metrics", made)
    return made


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("10.1.2.3", {}, 200),
        ("172.31.0.9", {}, 200),
        ("192.168.1.4", {}, 200),
        ("fd00::5", {}, 200),
        ("::ffff:10.0.0.1", {}, 200),
        ("10.1.2.3", {"Authorization": f"Bearer {TOKEN}"}, 200),
        ("172.32.0.1", {}, 403),
        ("203.0.113.7", {}, 403),
        ("203.0.113.7", {"Authorization": f"Bearer {TOKEN}"}, 403),
        ("2001:db8::1", {}, 403),
        ("::ffff:203.0.113.7", {}, 403),
        ("", {}, 403),
        ("127.0.0.1", {"X-Forwarded-For": "10.0.0.1"}, 403),
        ("10.1.2.3", {"X-Forwarded-For": ""}, 403),
        ("127.0.0.1", {"Forwarded": "for=10.0.0.1"}, 403),
    ],
)
def test_metrics_without_a_token_are_for_private_addresses_alone(client, shared, address, headers, status):
    answer = client.get("/metrics", headers=headers, REMOTE_ADDR=address)

    assert answer.status_code == status
    assert (b"arena_up" in answer.content) is (status == 200)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"bearer  {TOKEN}", 200),
        ("", 401),
        (TOKEN, 401),
        (f"Basic {TOKEN}", 401),
        ("Bearer", 401),
        (f"Bearer {TOKEN}x", 401),
        (f"Bearer {TOKEN[:-1]}", 401),
        ("Bearer \u00e9", 401),
    ],
)
@pytest.mark.parametrize("address", ["127.0.0.1", "203.0.113.7"])
def test_metrics_with_a_token_are_for_who_sends_it(client, settings, shared, address, sent, status):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_metrics_token=TOKEN)
    answer = client.get("/metrics", headers={"Authorization": sent, "X-Forwarded-For": "1.2.3.4"}, REMOTE_ADDR=address)

    assert answer.status_code == status
    assert answer.headers.get("WWW-Authenticate") == ("Bearer" if status == 401 else None)
    assert (b"arena_up" in answer.content) is (status == 200)


@pytest.mark.django_db(transaction=True)
def test_metrics_are_text_for_prometheus(client):
    answer = client.get("/metrics")

    assert (answer.status_code, answer["Content-Type"].partition(";")[0]) == (200, "text/plain")
    assert {"arena_up", "arena_votes_waiting"} <= {family.name for family in families(answer.content.decode())}


def test_metrics_that_take_too_long_are_an_error(client, shared):
    shared.check = lambda: time.sleep(0.5)
    shared.timeout_s = 0.01

    assert client.get("/metrics").status_code == 503


def test_metrics_of_an_empty_arena():
    metrics = figures()

    assert {name: value for name, value in metrics.items() if name[0].startswith("arena_")} == {
        ("arena_up", "database"): 1,
        ("arena_up", "broker"): 1,
        ("arena_up", "beat"): 0,
        ("arena_battles_open", "answering"): 0,
        ("arena_battles_open", "ready"): 0,
        ("arena_answers_under_way", "queued"): 0,
        ("arena_answers_under_way", "running"): 0,
        ("arena_endpoints_enabled",): 0,
        ("arena_endpoints_in_draw",): 0,
        ("arena_endpoints_failing",): 0,
        ("arena_votes_waiting",): 0,
        ("arena_boards_behind",): 0,
        ("arena_boards_failed",): 0,
    }
    assert metrics["process_resident_memory_bytes", str(os.getpid())] > 0


def test_metrics_follow_battles_votes_and_boards():
    first, second = (factories.fighter(fails_in_battles=True) for _ in range(2))
    factories.endpoint(failed_probes=2, fails_in_battles=True)
    factories.endpoint(enabled=False, fails_in_battles=True)
    for state in Battle.State:
        factories.battle(first, second, state=state)
    turn = factories.battle(first, second).turns.create(number=1, prompt="?")
    turn.answers.create(side="a", contestant=first, state=Answer.State.RUNNING)
    turn.answers.create(side="b", contestant=second, state=Answer.State.FINISHED)
    Answer.objects.create(question=question(), contestant=first)  # which may wait for hours
    factories.cast(first, second)
    board_refresh.refresh()
    factories.cast(second, first)

    metrics = figures()

    assert metrics["arena_battles_open", "answering"] == 2
    assert metrics["arena_battles_open", "ready"] == 1
    assert (metrics["arena_answers_under_way", "queued"], metrics["arena_answers_under_way", "running"]) == (0, 1)
    endpoints = (metrics[f"arena_endpoints_{which}",] for which in ("enabled", "in_draw", "failing"))
    assert tuple(endpoints) == (3, 2, 2)
    assert metrics["arena_votes_waiting",] == 1
    assert metrics["arena_board_votes", "live"] == 1
    assert 0 <= metrics["arena_board_age_seconds", "live"] < 60


def test_metrics_name_no_model():
    factories.cast(*(factories.fighter(factories.model(f"secret-{side}")) for side in "ab"))
    board_refresh.refresh()

    assert b"secret" not in prometheus.render_metrics().lower()


def test_metrics_ask_the_database_equally_often_however_much_there_is(django_assert_num_queries):
    for slug in ("live", "api", "ready"):
        factories.cast(*factories.models(2), pool=slug)
    board_refresh.refresh()

    with django_assert_num_queries(6):
        prometheus.render_metrics()


def test_metrics_say_that_the_database_is_away():
    def away(*arguments):
        raise OperationalError("the connection is closed")

    with connection.execute_wrapper(away):
        metrics = figures()

    assert (metrics["arena_up", "database"], metrics["arena_up", "broker"]) == (0, 1)
    assert ("arena_votes_waiting",) not in metrics


def test_metrics_say_that_the_broker_is_away(broker_away):
    assert figures()["arena_up", "broker"] == 0
