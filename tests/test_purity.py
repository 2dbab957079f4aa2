"""Checks that a pure test cannot use a service, whatever its marker says."""

import asyncio
import socket
import subprocess
import sys

import psycopg
import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.purity import IMPURE_FILE, MESSAGE, is_pure

ONCE = Retry(NoBackoff(), 0)
CHILD = "import os, redis; redis.Redis.from_url(os.environ['REDIS_URL']).ping()"


def test_test_without_services_is_marked(request):
    assert is_pure(request.node)
    assert request.node.get_closest_marker("pure")


@pytest.mark.django_db
def test_test_with_a_database_is_not_marked(request):
    assert not request.node.get_closest_marker("pure")


def test_test_with_valkey_is_not_marked(request, valkey):
    assert not request.node.get_closest_marker("pure")
    assert valkey.ping()


@given(st.none())
def test_property_is_marked_slow_and_pure(request, _nothing):
    assert request.node.get_closest_marker("pure")
    assert request.node.get_closest_marker("slow")


@pytest.mark.parametrize("mark", ["django_db", "django_db(transaction=True)", 'usefixtures("valkey")'])
def test_file_of_tests_with_services_is_known_by_its_text(mark):
    assert IMPURE_FILE.search(f"import pytest\n\npytestmark = pytest.mark.{mark}\n")
    assert not IMPURE_FILE.search(f"@pytest.mark.{mark}\ndef test(): pass\n")


def test_valkey_refuses_a_pure_test(tmp_path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        server.listen()
        with pytest.raises(redis.ConnectionError, match=MESSAGE):
            redis.Redis(unix_socket_path=str(tmp_path / "socket"), retry=ONCE).ping()


async def test_asynchronous_valkey_refuses_a_pure_test(tmp_path):
    async with await asyncio.start_unix_server(lambda reader, writer: writer.close(), tmp_path / "socket"):
        with pytest.raises(redis.ConnectionError, match=MESSAGE):
            await Redis.from_url(f"unix://{tmp_path}/socket").ping()


def test_postgresql_refuses_a_pure_test():
    for connect in (psycopg.connect, psycopg.Connection.connect):
        with pytest.raises(psycopg.OperationalError, match=MESSAGE):
            connect("postgresql:///arena")


@pytest.mark.slow
def test_children_of_a_pure_test_find_no_service():
    done = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True)
    assert "Connection refused" in done.stderr
