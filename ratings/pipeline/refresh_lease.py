"""The lease of the process that changes tallies and boards. It is a row in the database, as the lease of an answer is.

A holder renews the lease every few seconds, and each of its transactions begins with `fence`, which locks the row and
fails once another process has taken the lease over. A frozen holder therefore delays boards by some seconds, and writes
nothing when it wakes. All times are on the database's clock. No session has any state, so a pooler may stand between.

After a refresh, other processes may change tallies at once, but for `LEASE_S` only the same process may refresh
boards. Otherwise, two workers would take turns, and each would load the pool again that the other has changed.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import uuid4

from django.db import DatabaseError, connection, transaction

LEASE_S = 6
HEARTBEAT_S = 2
IDLE_TRANSACTION_TIMEOUT = "4s"  # shorter than the lease, so that a frozen holder loses its locks before it
POLL_S = 0.05

CREATE_SQL = """
INSERT INTO ratings_refreshlease (id, busy, lease_until) VALUES (1, FALSE, clock_timestamp()) ON CONFLICT DO NOTHING"""

# A row that is locked belongs to a transaction that is under way, so it is not waited for.
TAKE_SQL = """
UPDATE ratings_refreshlease SET
    token = %(token)s::uuid, busy = TRUE, lease_until = clock_timestamp() + %(lease)s::interval
WHERE id = (
    SELECT id FROM ratings_refreshlease
    WHERE token = %(token)s::uuid OR lease_until <= clock_timestamp() OR (%(waits)s AND NOT busy)
    FOR UPDATE SKIP LOCKED
) RETURNING id"""
LOCK_SQL = """
UPDATE ratings_refreshlease SET token = CASE WHEN busy THEN NULL ELSE token END, busy = FALSE
WHERE id = (
    SELECT id FROM ratings_refreshlease WHERE NOT busy OR lease_until <= clock_timestamp() FOR UPDATE SKIP LOCKED
) RETURNING set_config('idle_in_transaction_session_timeout', %(idle)s, TRUE)"""
# Each statement is planned for the votes that there are now. A plan from when there were few votes would read all of
# them for each one that waits.
FENCE_SQL = """
UPDATE ratings_refreshlease SET lease_until = clock_timestamp() + %(lease)s::interval
WHERE token = %(token)s::uuid AND busy
RETURNING set_config('idle_in_transaction_session_timeout', %(idle)s, TRUE),
    set_config('plan_cache_mode', 'force_custom_plan', TRUE)"""
RENEW_SQL = """
UPDATE ratings_refreshlease SET lease_until = clock_timestamp() + %(lease)s::interval
WHERE id = (SELECT id FROM ratings_refreshlease WHERE token = %(token)s::uuid AND busy FOR UPDATE SKIP LOCKED)"""
RELEASE_SQL = """
UPDATE ratings_refreshlease SET busy = FALSE,
    lease_until = clock_timestamp() + CASE WHEN %(waits)s THEN INTERVAL '0' ELSE %(lease)s::interval END
WHERE token = %(token)s::uuid"""

_parameters = {"token": str(uuid4()), "lease": f"{LEASE_S} s", "idle": IDLE_TRANSACTION_TIMEOUT}
_thread_lock = threading.Lock()  # the threads of this process share its token


class LeaseLost(Exception):
    """Raised by `fence` if another process has taken the lease over."""


@contextmanager
def hold_lease(*, waits: bool) -> Iterator[bool]:
    """Hold the lease for several transactions, each of which must begin with `fence`. Yield whether this succeeded.

    waits: wait until no other process or thread changes anything. Otherwise, yield False if one does or did so within
        `LEASE_S`.
    """
    if not _thread_lock.acquire(blocking=waits):
        yield False
        return
    try:
        is_taken = _take(waits=waits)
        while waits and not is_taken:
            time.sleep(POLL_S)
            is_taken = _take(waits=waits)
        if not is_taken:
            yield False
            return
        with _renewed():
            yield True
        _execute(RELEASE_SQL, waits=waits)
    finally:
        _thread_lock.release()


def fence() -> None:
    """Renew the lease and lock it until the end of the transaction. Raises LeaseLost if it belongs to another."""
    if not _execute(FENCE_SQL):
        raise LeaseLost("another process has taken over the boards")


@contextmanager
def lock_tallies() -> Iterator[None]:
    """Open a transaction in which no other process can change tallies or boards."""
    with transaction.atomic():
        wait_for_lock()
        yield


def wait_for_lock() -> None:
    """Lock tallies and boards until the end of this transaction, as soon as no other process holds the lease."""
    while not (_execute(LOCK_SQL) or (_execute(CREATE_SQL) and _execute(LOCK_SQL))):
        time.sleep(POLL_S)


def _take(*, waits: bool) -> bool:
    is_taken = _execute(TAKE_SQL, waits=waits)
    return is_taken or (_execute(CREATE_SQL) and _execute(TAKE_SQL, waits=waits))


@contextmanager
def _renewed() -> Iterator[None]:
    """Renew the lease while the block runs, because loading or fitting a large pool can take longer than the lease."""
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(HEARTBEAT_S):
            with suppress(DatabaseError):
                _execute(RENEW_SQL)
        connection.close()

    thread = threading.Thread(target=renew, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _execute(statement: str, **parameters: bool) -> bool:
    """Return whether the statement has changed the row."""
    with connection.cursor() as cursor:
        cursor.execute(statement, {**_parameters, **parameters})
        return bool(cursor.rowcount > 0)
