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
async def ledger():
    made = DatabaseBatcher(asyncio.get_running_loop())
    yield made
    with pytest.raises(DatabaseUnreachable):  # the thread lets its connection go
        await made.call(away, None)


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


async def test_call_gives_each_its_own_result(ledger):
    results = await asyncio.gather(*(ledger.call(insert, f"m{n}") for n in range(20)))

    assert results == [f"M{n}" for n in range(20)]
    assert await stored() == {f"m{n}" for n in range(20)}


async def test_call_puts_what_is_due_together_into_one_transaction(ledger):
    calls = [ledger.call(ids, None), ledger.call(other_ids, None), ledger.call(ids, None)]

    assert len(set(await asyncio.gather(*calls))) == 1


async def test_call_hands_calls_of_one_operation_over_together(ledger):
    assert await asyncio.gather(*(ledger.call(sizes, n) for n in range(15))) == [15] * 15


async def test_calls_one_after_the_other_are_transactions_of_their_own(ledger):
    assert await ledger.call(ids, None) != await ledger.call(ids, None)


async def test_call_answers_only_after_the_commit(ledger):
    await ledger.call(insert, "m")

    assert await stored() == {"m"}


async def test_call_that_is_poisoned_does_not_harm_its_neighbours(ledger):
    calls = (ledger.call(insert, slug) for slug in ("a", "b\x00", "c", "d" * 500, "e"))

    results = await asyncio.gather(*calls, return_exceptions=True)

    assert [results[n] for n in (0, 2, 4)] == ["A", "C", "E"]
    assert isinstance(results[1], DataError)
    assert "too long" in str(results[3])
    assert await stored() == {"a", "c", "e"}


async def test_call_of_another_operation_survives_a_poisoned_one(ledger):
    def poisoned(arguments):
        raise LookupError("no such thing")

    results = await asyncio.gather(ledger.call(poisoned, 1), ledger.call(insert, "a"), return_exceptions=True)

    assert isinstance(results[0], LookupError)
    assert results[1] == "A"
    assert await stored() == {"a"}


async def test_call_that_gives_too_few_results_is_an_error_of_its_own(ledger):
    results = await asyncio.gather(ledger.call(lambda _: [], 1), ledger.call(insert, "a"), return_exceptions=True)

    assert isinstance(results[0], ValueError)
    assert results[1] == "A"


@pytest.mark.parametrize("failing", [away, closed])
async def test_call_says_so_when_the_database_is_away(ledger, failing):
    results = await asyncio.gather(ledger.call(failing, 1), ledger.call(insert, "a"), return_exceptions=True)

    assert [type(result) for result in results] == [DatabaseUnreachable, DatabaseUnreachable]
    assert await stored() == set()


async def test_call_works_again_once_the_database_is_back(ledger):
    with pytest.raises(DatabaseUnreachable):
        await ledger.call(away, None)

    assert await ledger.call(insert, "a") == "A"


async def test_call_survives_a_connection_that_the_server_ended(ledger):
    def end(arguments):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return [None]

    with pytest.raises(DatabaseUnreachable):
        await ledger.call(end, None)

    assert await ledger.call(insert, "a") == "A"


async def test_call_that_was_ended_for_a_deadlock_is_made_again(ledger):
    """By PostgreSQL, in favour of another worker that took the same two rows the other way round."""
    await asyncio.gather(ledger.call(insert, "first"), ledger.call(insert, "second"))
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
    assert await ledger.call(one_way, 1) == 1
    await other
    assert await stored("name") == {"first!!", "second!!"}


async def test_call_that_deadlocks_end_again_and_again_is_given_up(ledger):
    tried = []

    def unlucky(arguments):
        tried.append(arguments)
        raise OperationalError("deadlock detected") from DeadlockDetected()

    with pytest.raises(DatabaseUnreachable):
        await ledger.call(unlucky, 1)
    assert len(tried) == MAX_TRANSACTION_TRIES
    assert await ledger.call(insert, "a") == "A"


async def test_insist_asks_until_the_database_answers(ledger):
    tried = []

    def away_at_first(arguments):
        tried.extend(arguments)
        if len(tried) == 1:
            raise OperationalError("away")
        return insert(arguments)

    assert await ledger.insist(away_at_first, "a") == "A"
    assert tried == ["a", "a"]


async def test_insist_does_not_repeat_what_can_never_succeed(ledger):
    with pytest.raises(DataError, match="NUL"):
        await ledger.insist(insert, "a\x00")


async def test_call_that_nobody_waits_for_any_more_is_done_all_the_same(ledger):
    waiting = asyncio.ensure_future(ledger.call(insert, "a"))
    await asyncio.sleep(0)
    waiting.cancel()

    assert await ledger.call(insert, "b") == "B"
    assert await stored() == {"a", "b"}


async def test_call_runs_in_the_thread_of_the_ledger(ledger):
    def names(arguments):
        return [threading.current_thread().name for _ in arguments]

    assert await ledger.call(names, None) == "ledger"
