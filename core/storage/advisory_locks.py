"""The advisory locks of PostgreSQL that Arena uses. Tallies and boards have a lease instead (`ratings.pipeline`)."""

from collections.abc import Collection
from enum import IntEnum

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper


class AdvisoryLock(IntEnum):
    """What a lock serializes. The values are shared with other processes, so they must not change."""

    IMPORTS = 7_298_542
    VOTES = 7_298_543  # of one voter
    REQUESTS = 7_298_544  # of one voter with one Idempotency-Key
    PREPARATION = 7_298_545
    SUBMISSIONS = 7_298_546
    PUBLICATIONS = 7_298_547
    SHARED_CALLS = 7_298_548  # of one endpoint


def try_locks(lock: AdvisoryLock, subjects: Collection[int]) -> set[int]:
    """Take the locks of these subjects that are free, without waiting, and return these subjects."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM unnest(%s::int[]) AS id WHERE pg_try_advisory_xact_lock(%s, id)",
            [list(subjects), lock.value],
        )
        return {subject for (subject,) in cursor.fetchall()}


def acquire_lock(lock: AdvisoryLock, subject: str | None = None, using: BaseDatabaseWrapper | None = None) -> None:
    """Wait for a lock, and hold it until the end of the transaction, in which this must be called.

    A lock without a subject does not exclude the same lock with one. Two subjects share a lock only if their 32-bit
    hashes are equal.
    """
    with (using or connection).cursor() as cursor:
        if subject is None:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock.value])
        else:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [lock.value, subject])
