"""A vote schedules a refresh once per tick of the clock, and never fails because of it."""

import os
import subprocess
import sys
import time
from datetime import datetime

import orjson
import psutil
import pytest
from django.db import transaction
from django.db.models.functions import Now

from core.storage.redis_clients import get_redis_client
from ratings import tasks
from ratings.models import Board, Outbox, Snapshot
from ratings.pipeline import board_refresh
from tests import factories
from tests.ratings.concurrency import lease_elsewhere

QUEUE = "ratings"


@pytest.fixture
def queue(valkey):
    """An empty queue of refreshes, with no tick scheduled yet."""
    valkey.delete(QUEUE)
    tasks._scheduled_tick = 0
    tasks._finished_tick = 0

    def read():
        tasks._sender.submit(int).result()  # after all messages have been sent
        return [orjson.loads(message) for message in valkey.lrange(QUEUE, 0, -1)]

    yield read
    read()
    valkey.delete(QUEUE)


def published():
    """The number of times that boards were published."""
    return Snapshot.objects.values("computed_at").distinct().count()


def early_in_a_tick():
    """Wait for the start of a tick, so that the next actions fall into it."""
    while time.time() % tasks.INTERVAL_S > tasks.INTERVAL_S / 4:
        time.sleep(0.01)


@pytest.mark.django_db(transaction=True)
def test_votes_of_one_tick_ask_for_one_refresh(queue):
    x, y = factories.contestants(2)
    early_in_a_tick()
    for _ in range(10):
        factories.cast(x, y)

    (message,) = queue()
    assert message["headers"]["task"] == "ratings.refresh"
    assert Outbox.objects.count() == 10


@pytest.mark.django_db(transaction=True)
def test_a_vote_that_is_taken_back_asks_for_nothing(queue):
    x, y = factories.contestants(2)
    with transaction.atomic():
        factories.cast(x, y)
        transaction.set_rollback(True)
    assert (queue(), Outbox.objects.count()) == ([], 0)


@pytest.mark.django_db(transaction=True)
def test_a_vote_is_waiting_before_its_transaction_ends():
    with transaction.atomic():
        vote = factories.cast(*factories.contestants(2))
        assert Outbox.objects.get().vote == vote


def test_schedule_asks_for_the_next_tick_and_not_for_more(queue):
    early_in_a_tick()
    now = time.time()
    for _ in range(50):
        tasks.schedule_refresh()

    (message,) = queue()
    at = datetime.fromisoformat(message["headers"]["eta"]).timestamp()
    assert now < at < now + tasks.INTERVAL_S + 0.1
    assert at / tasks.INTERVAL_S == pytest.approx(round(at / tasks.INTERVAL_S), abs=0.1)


@pytest.mark.django_db
def test_refresh_publishes(queue):
    factories.cast(*factories.contestants(2))
    tasks.refresh()
    assert published() == 1
    assert queue() == []


@pytest.mark.django_db
def test_refresh_without_votes_costs_two_queries(queue, django_assert_num_queries):
    with django_assert_num_queries(2):
        tasks.refresh()
    assert (published(), queue()) == (0, [])


@pytest.mark.django_db
def test_refresh_delivered_twice_for_a_tick_publishes_once(queue):
    """A vote during the refresh has scheduled the next tick, or the refresh schedules it."""
    x, y = factories.contestants(2)
    factories.cast(x, y)
    tasks.refresh(41)
    factories.cast(x, y)
    tasks.refresh(41)
    assert (published(), Outbox.objects.count(), len(queue())) == (1, 1, 1)

    tasks.refresh(42)
    assert (published(), Outbox.objects.count()) == (2, 0)


@pytest.mark.django_db
def test_refresh_by_the_beat_waits_its_turn_too(queue):
    x, y = factories.contestants(2)
    early_in_a_tick()
    for _ in range(3):
        factories.cast(x, y)
        tasks.refresh()
    assert published() == 1
    assert len(queue()) == 1


@pytest.mark.django_db(transaction=True)
def test_refresh_that_leaves_votes_waiting_asks_for_another(queue):
    """The running refresh may have read the outbox before this vote."""
    factories.cast(*factories.contestants(2))
    assert len(queue()) == 1
    get_redis_client().delete(QUEUE)
    tasks._scheduled_tick = 0
    tasks._finished_tick = 0
    with lease_elsewhere():
        tasks.refresh()
    assert len(queue()) == 1


@pytest.mark.slow
def test_schedule_without_a_broker_is_one_line_in_the_log():
    done = subprocess.run(
        [sys.executable, "-c", "import django; django.setup(); from ratings import tasks; tasks.schedule_refresh()"],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "REDIS_URL": "unix:///nowhere/valkey.sock"},
        capture_output=True,
        check=False,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0
    assert "The Celery broker is unreachable" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.django_db(transaction=True)
def test_board_that_cannot_be_fitted_is_not_asked_for_again_and_again(queue):
    factories.cast(*factories.contestants(2))
    board_refresh.refresh()
    get_redis_client().delete(QUEUE)
    Board.objects.update(behind=True, failed_at=Now())

    tasks.refresh()

    assert queue() == []


@pytest.mark.django_db
def test_style_task_goes_on_until_no_board_is_due(queue):
    for _ in range(2):
        factories.cast(*factories.contestants(2), categories=["coding"], features=[1.0, 0, 0, 0, 2.0, 0, 0, 0])
    tasks.refresh()

    while (
        Snapshot.objects.filter(board__style_control=True).count() < 3
    ):  # on a busy machine, one task may not be enough
        tasks.refresh_style()
    left = len(queue())
    tasks.refresh_style()

    assert Snapshot.objects.filter(board__style_control=True).count() == 3
    assert len(queue()) == left


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("quiet_ticks", "is_returned"), [(12, False), (13, True)])
def test_freed_memory_is_returned_after_ten_seconds_without_votes(queue, quiet_ticks, is_returned):
    blocks = [b"x" * 100_000 for _ in range(500)]
    blocks = blocks[-1:]  # malloc does not return the memory before the last block by itself
    tasks._finished_tick = 1000
    kept = psutil.Process().memory_info().rss

    tasks.refresh(1000 + quiet_ticks)

    returned_mb = (kept - psutil.Process().memory_info().rss) / 2**20
    assert (returned_mb > 30) == (is_returned and sys.platform == "linux")
