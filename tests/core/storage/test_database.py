"""Database connections in asynchronous views, and their timeouts."""

import subprocess
import sys
from contextlib import closing, nullcontext

import psycopg
import pytest
from django.db import connection, connections

from arena.models import Voter
from core.storage.database import database_sync_to_async, set_timeouts
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


async def test_look_gives_its_result_and_keeps_no_connection(in_database):
    await in_database(factories.voter)
    seen = []

    def look(offset, *, factor):
        count = Voter.objects.count()
        seen.append(connections["default"])
        return (count + offset) * factor

    assert await database_sync_to_async(look)(1, factor=10) == 20
    assert seen[0] is not connection
    assert seen[0].connection is None


async def test_look_that_fails_keeps_none_either():
    seen = []

    def look():
        Voter.objects.count()
        seen.append(connections["default"])
        raise LookupError

    with pytest.raises(LookupError):
        await database_sync_to_async(look)()
    assert seen[0].connection is None


@pytest.mark.parametrize(("options", "free"), [({}, False), ({"idle_in_transaction_session_timeout": 200}, True)])
def test_process_that_stands_still_in_a_transaction_keeps_nobody_waiting(settings, options, free):
    settings.DATABASE_OPTIONS = {}
    set_timeouts(**options)
    address = {**connection.get_connection_params(), "context": None, "cursor_factory": None}
    address = {name: address[name] for name in ("host", "port", "dbname", "user") if address.get(name)}
    with (
        closing(psycopg.connect(**address, options=settings.DATABASE_OPTIONS["options"])) as frozen,
        closing(psycopg.connect(**address, options="-c lock_timeout=1500")) as other,
    ):
        frozen.execute("LOCK TABLE catalog_caveat")
        with nullcontext() if free else pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute("LOCK TABLE catalog_caveat")


def test_answers_worker_bounds_how_long_it_may_stand_still():
    code = "import django; django.setup(); from types import SimpleNamespace as N; import os;"
    code += "from arena.answers.worker import _start_engine;"
    code += "_start_engine(N(app=N(amqp=N(queues=N(consume_from=['answers']))))); from django.db import connection;"
    code += "c = connection.cursor(); c.execute('SHOW idle_in_transaction_session_timeout');"
    code += "print(*c.fetchone(), flush=True); os._exit(0)"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stdout.split() == ["4s"]
