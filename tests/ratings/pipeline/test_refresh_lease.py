"""One process at a time changes tallies and boards, and a frozen one delays the others by seconds."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import psutil
import pytest
from django.db import connection, transaction

from arena.models import LIVE_POOL, Vote
from ratings.models import Outbox, RefreshLease, Snapshot, Tally
from ratings.pipeline import board_refresh, refresh_lease
from ratings.pipeline.verification import verify_tallies
from tests import factories
from tests.processes import eventually
from tests.races import database_url, elsewhere, in_thread
from tests.ratings.concurrency import lease_elsewhere

pytestmark = pytest.mark.django_db(transaction=True)
REFRESH = "from ratings.pipeline import board_refresh; print(len(board_refresh.refresh()))"
GOES_ON_WITHIN_S = 15
MANY_VOTES_SQL = """
WITH new AS (
    INSERT INTO arena_vote (COLUMNS) SELECT COLUMNS FROM arena_vote, generate_series(1, 20000) RETURNING id
) INSERT INTO ratings_outbox SELECT id FROM new"""


@pytest.fixture
def other_worker():
    """A function that starts a process that refreshes the boards once."""
    processes = []

    def start():
        environment = {**os.environ, "DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "config.settings"}
        command = [sys.executable, "-c", f"import django; django.setup(); {REFRESH}"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        processes.append(subprocess.Popen(command, env=environment, text=True, **pipes))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.slow
@pytest.mark.parametrize("table", ["ratings_tally", "ratings_snapshot"])
def test_frozen_worker_stops_the_boards_for_seconds_and_writes_nothing_when_it_wakes(other_worker, table):
    """It is frozen within a transaction, either while it applies the outbox or while it publishes a board."""
    models = factories.contestants(2)
    factories.cast(*models)
    with elsewhere(f"LOCK TABLE {table} IN SHARE MODE"):
        process = other_worker()
        assert eventually(lambda: RefreshLease.objects.filter(busy=True).exists())
        assert eventually(lambda: is_waiting_for(table))
        os.kill(process.pid, signal.SIGSTOP)
        assert eventually(lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED)
    frozen_at = time.monotonic()
    factories.cast(*models)

    assert eventually(board_refresh.refresh, within=GOES_ON_WITHIN_S)
    assert time.monotonic() - frozen_at < GOES_ON_WITHIN_S
    assert Snapshot.objects.latest("pk").votes == Vote.objects.count() == 2
    newest = Snapshot.objects.count()
    os.kill(process.pid, signal.SIGCONT)
    process.communicate(timeout=30)
    assert (Snapshot.objects.count(), Outbox.objects.count()) == (newest, 0)
    assert verify_tallies([factories.pool()]).tallies > 0


def is_waiting_for(table):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM pg_locks JOIN pg_class ON pg_class.oid = relation WHERE NOT granted AND relname = %s", [table]
        )
        return cursor.rowcount


def test_worker_that_was_frozen_between_transactions_writes_nothing_when_it_wakes():
    factories.cast(*factories.contestants(2))
    published = []
    with refresh_lease.hold_lease(waits=True):
        # Another process has come and gone.
        RefreshLease.objects.update(token=None, busy=False, lease_until="2000-01-01T00:00Z")
        with pytest.raises(refresh_lease.LeaseLost):
            published += board_refresh._refresh_pool(LIVE_POOL)

    assert not published
    assert Outbox.objects.count() == 1
    assert board_refresh.refresh()


def test_second_worker_does_nothing_until_the_first_has_been_away(other_worker):
    """It would load the votes of a pool into its memory, and make the first one load them again."""
    models = factories.contestants(2)
    factories.cast(*models)
    assert board_refresh.refresh()
    factories.cast(*models)

    assert other_worker().communicate(timeout=30)[0] == "0\n"
    assert Outbox.objects.count() == 1
    RefreshLease.objects.update(lease_until="2000-01-01T00:00Z")
    assert other_worker().communicate(timeout=30)[0] == "4\n"


def test_operators_command_does_not_wait_for_a_worker_that_is_idle():
    factories.cast(*factories.contestants(2))
    board_refresh.refresh()
    RefreshLease.objects.update(token="00000000-0000-0000-0000-000000000001")  # another worker has refreshed the boards
    started = time.monotonic()

    with refresh_lease.lock_tallies():
        pass
    assert board_refresh.recompute_boards([factories.pool()], from_scratch=True)
    assert time.monotonic() - started < refresh_lease.LEASE_S / 2


def test_changes_wait_for_the_holder():
    done = []

    def change():
        with refresh_lease.lock_tallies():
            done.append(1)

    with lease_elsewhere():
        thread = in_thread(change)
        thread.join(0.3)
        assert not done
    thread.join(20)
    assert done


def test_long_work_renews_the_lease():
    with refresh_lease.hold_lease(waits=True):
        before = RefreshLease.objects.get().lease_until
        assert eventually(lambda: RefreshLease.objects.get().lease_until > before, within=15)


def test_long_transaction_leaves_the_whole_lease(monkeypatch):
    """While it runs, nobody can renew the lease, because the row is locked."""
    monkeypatch.setattr(refresh_lease, "HEARTBEAT_S", 0.1)
    with refresh_lease.hold_lease(waits=True):
        with board_refresh._fenced(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.2)")
            cursor.execute("SELECT clock_timestamp()")
            [ended] = cursor.fetchone()
        assert RefreshLease.objects.get().lease_until >= ended + timedelta(seconds=refresh_lease.LEASE_S)


def test_lease_needs_no_state_of_a_session():
    """As behind a pooler that gives each transaction another connection."""
    factories.cast(*factories.contestants(2))
    with refresh_lease.hold_lease(waits=True):
        connection.close()
        with transaction.atomic():
            refresh_lease.fence()
        connection.close()
        assert list(board_refresh._refresh_pool(LIVE_POOL))


@pytest.mark.slow
def test_many_waiting_votes_are_counted_in_linear_time():
    """A statement that has run several times has a plan from when the tables were small, as their statistics say."""
    models = factories.contestants(2)
    for _ in range(6):
        factories.cast(*models)
        board_refresh.refresh()
    columns = ", ".join({field.column for field in Vote._meta.concrete_fields} - {"id", "battle_id"})
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute(MANY_VOTES_SQL.replace("COLUMNS", columns))
    started = time.monotonic()

    board_refresh.refresh()

    assert time.monotonic() - started < 60
    assert not Outbox.objects.exists()
    assert Snapshot.objects.latest("pk").votes == 120_006


ALL_PAIRS_SQL = """
INSERT INTO arena_vote ({}, contestant_a_id, contestant_b_id, categories)
SELECT {}, a.id, b.id, ARRAY(SELECT 'topic ' || n FROM generate_series(1, 20) AS n)
FROM arena_vote AS vote, arena_contestant AS a, arena_contestant AS b WHERE a.id < b.id"""


@pytest.mark.slow
def test_large_pool_is_recounted_without_idling_in_the_transaction(monkeypatch):
    """PostgreSQL would end the transaction."""
    monkeypatch.setitem(refresh_lease._parameters, "idle", "250ms")
    models = factories.contestants(80)
    factories.cast(*models[:2])
    board_refresh.refresh()
    columns = {field.column for field in Vote._meta.concrete_fields}
    columns -= {"id", "battle_id", "contestant_a_id", "contestant_b_id", "categories"}
    with connection.cursor() as cursor:
        cursor.execute(ALL_PAIRS_SQL.format(", ".join(columns), ", ".join(f"vote.{column}" for column in columns)))
        cursor.execute("DELETE FROM ratings_outbox")

    board_refresh.recompute_boards([factories.pool()], from_scratch=True)

    assert Tally.objects.count() == 80 * 79 / 2 * 22
