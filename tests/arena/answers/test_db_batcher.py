"""The one database thread of a worker process."""

import asyncio
import threading

import pytest
from django.db import DataError, InterfaceError, OperationalError, connection, connections, transaction
from django.db.models import Value
from django.db.models.functions import Concat
from psycopg.errors import DeadlockDetected

from arena.answers.db_batcher import MAX_TRANSACTION_TRIES, DatabaseBatcher, DatabaseUnreachable
from catalog.models import LanguageModel

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def batcher():
    batcher = DatabaseBatcher(asyncio.get_running_loop())
    yield batcher
    with pytest.raises(DatabaseUnreachable):  # the thread closes its connection
        await batcher.call(away, None)


def away(arguments):
    raise OperationalError("the connection is closed\nreally")


def closed(arguments):
    raise InterfaceError("the cursor is closed")


def insert(slugs):
    LanguageModel.objects.bulk_create([LanguageModel(slug=slug, name=slug) for slug in slugs])
    return [slug.upper() for slug in slugs]


def ids(arguments):
    """The transaction in which each call ran."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()")
        [(current,)] = cursor.fetchall()
    return [current for _ in arguments]


def other_ids(arguments):
    return ids(arguments)


def sizes(arguments):
    return [len(arguments) for _ in arguments]


async def stored(column="slug"):
    def look():
        try:
            return set(LanguageModel.objects.values_list(column, flat=True))
        finally:
            connections.close_all()

    return await asyncio.to_thread(look)


async def test_call_gives_each_its_own_result(batcher):
    results = await asyncio.gather(*(batcher.call(insert, f"m{n}") for n in range(20)))

    assert results == [f"M{n}" for n in range(20)]
    assert await stored() == {f"m{n}" for n in range(20)}


async def test_call_puts_what_is_due_together_into_one_transaction(batcher):
    calls = [batcher.call(ids, None), batcher.call(other_ids, None), *(batcher.call(sizes, n) for n in range(15))]

    first, other, *numbers = await asyncio.gather(*calls)

    assert first == other != await batcher.call(ids, None)
    assert numbers == [15] * 15


async def test_call_that_is_poisoned_does_not_harm_its_neighbours(batcher):
    calls = (batcher.call(insert, slug) for slug in ("a", "b\x00", "c", "d" * 500, "e"))

    results = await asyncio.gather(*calls, return_exceptions=True)

    assert [results[n] for n in (0, 2, 4)] == ["A", "C", "E"]
    assert isinstance(results[1], DataError)
    assert "too long" in str(results[3])
    assert await stored() == {"a", "c", "e"}


def poisoned(arguments):
    raise LookupError("no such thing")


@pytest.mark.parametrize(("failing", "error"), [(poisoned, LookupError), (lambda _: [], ValueError)])
async def test_call_of_another_operation_survives_a_poisoned_one(batcher, failing, error):
    results = await asyncio.gather(batcher.call(failing, 1), batcher.call(insert, "a"), return_exceptions=True)

    assert isinstance(results[0], error)
    assert results[1] == "A"


@pytest.mark.parametrize("failing", [away, closed])
async def test_call_says_so_when_the_database_is_away(batcher, failing):
    results = await asyncio.gather(batcher.call(failing, 1), batcher.call(insert, "a"), return_exceptions=True)

    assert [type(result) for result in results] == [DatabaseUnreachable, DatabaseUnreachable]
    assert await stored() == set()
    assert await batcher.call(insert, "a") == "A"


async def test_call_survives_a_connection_that_the_server_ended(batcher):
    def end(arguments):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return [None]

    with pytest.raises(DatabaseUnreachable):
        await batcher.call(end, None)

    assert await batcher.call(insert, "a") == "A"


async def test_call_that_was_ended_for_a_deadlock_is_made_again(batcher):
    """PostgreSQL ends it in favor of another worker that locked the same two rows in the other order."""
    await asyncio.gather(batcher.call(insert, "first"), batcher.call(insert, "second"))
    have_first, have_second = threading.Event(), threading.Event()

    def change(slug):
        LanguageModel.objects.filter(slug=slug).update(name=Concat("name", Value("!")))

    def one_way(arguments):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL deadlock_timeout = '50ms'")
        change("first")
        have_first.set()
        have_second.wait(30)
        change("second")
        return arguments

    def the_other_way():
        try:
            with transaction.atomic():
                change("second")
                have_second.set()
                have_first.wait(30)
                change("first")
        finally:
            connections.close_all()

    other = asyncio.create_task(asyncio.to_thread(the_other_way))
    assert await batcher.call(one_way, 1) == 1
    await other
    assert await stored("name") == {"first!!", "second!!"}


async def test_call_that_deadlocks_end_again_and_again_is_given_up(batcher):
    tries = []

    def unlucky(arguments):
        tries.append(arguments)
        raise OperationalError("deadlock detected") from DeadlockDetected()

    with pytest.raises(DatabaseUnreachable):
        await batcher.call(unlucky, 1)
    assert len(tries) == MAX_TRANSACTION_TRIES
    assert await batcher.call(insert, "a") == "A"


async def test_insist_asks_until_the_database_answers(batcher):
    tries = []

    def away_at_first(arguments):
        tries.extend(arguments)
        if len(tries) == 1:
            raise OperationalError("away")
        return insert(arguments)

    assert await batcher.call_until_ok(away_at_first, "a") == "A"
    assert tries == ["a", "a"]


async def test_insist_does_not_repeat_what_can_never_succeed(batcher):
    with pytest.raises(DataError, match="NUL"):
        await batcher.call_until_ok(insert, "a\x00")


async def test_call_that_nobody_waits_for_any_more_is_done_all_the_same(batcher):
    waiting = asyncio.ensure_future(batcher.call(insert, "a"))
    await asyncio.sleep(0)
    waiting.cancel()

    assert await batcher.call(insert, "b") == "B"
    assert await stored() == {"a", "b"}
