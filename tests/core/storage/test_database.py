"""Database connections in asynchronous views are released, and idle transactions time out."""

import subprocess
import sys
from contextlib import closing, nullcontext

import psycopg
import pytest
from django.db import connection, connections

from arena.models import Voter
from core.storage.database import database_sync_to_async, set_parameters
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


async def test_query_returns_its_result_and_releases_its_connection(in_database):
    await in_database(factories.voter)
    connections_used = []

    def query(offset, *, factor):
        count = Voter.objects.count()
        connections_used.append(connections["default"])
        return (count + offset) * factor

    assert await database_sync_to_async(query)(1, factor=10) == 20
    assert connections_used[0] is not connection
    assert connections_used[0].connection is None


async def test_failing_query_releases_its_connection_too():
    connections_used = []

    def query():
        Voter.objects.count()
        connections_used.append(connections["default"])
        raise LookupError

    with pytest.raises(LookupError):
        await database_sync_to_async(query)()
    assert connections_used[0].connection is None


@pytest.mark.parametrize(("options", "is_freed"), [({}, False), ({"idle_in_transaction_session_timeout": 200}, True)])
def test_lock_of_an_idle_transaction_is_freed_after_its_timeout(settings, options, is_freed):
    settings.DATABASE_OPTIONS = {}
    set_parameters(**options)
    parameters = {**connection.get_connection_params(), "context": None, "cursor_factory": None}
    parameters = {name: parameters[name] for name in ("host", "port", "dbname", "user") if parameters.get(name)}
    with (
        closing(psycopg.connect(**parameters, options=settings.DATABASE_OPTIONS["options"])) as idle,
        closing(psycopg.connect(**parameters, options="-c lock_timeout=1500")) as other,
    ):
        idle.execute("LOCK TABLE catalog_caveat")
        with nullcontext() if is_freed else pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute("LOCK TABLE catalog_caveat")


def test_answers_worker_has_a_timeout_for_idle_transactions_and_keeps_its_plans():
    code = "import django; django.setup(); from types import SimpleNamespace as N; import os;"
    code += "from arena.answers.tasks import _start_engine;"
    code += "_start_engine(N(app=N(amqp=N(queues=N(consume_from=['answers']))))); from django.db import connection;"
    code += "c = connection.cursor(); show = lambda name: c.execute(f'SHOW {name}').fetchone()[0];"
    code += "print(show('idle_in_transaction_session_timeout'), show('plan_cache_mode'), flush=True); os._exit(0)"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stdout.split() == ["4s", "force_generic_plan"]
