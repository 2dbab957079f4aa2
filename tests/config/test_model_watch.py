import asyncio
import os
from contextlib import asynccontextmanager

import psycopg
import pytest

from config.local_models import free_port
from config.model_watch import watch

HEALTHY = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


async def answer(reader, writer):
    await reader.readline()
    writer.write(HEALTHY)
    await writer.drain()
    writer.close()


@asynccontextmanager
async def watching(port, database):
    task = asyncio.create_task(watch([port], database))
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def endpoints():
    """A database with nothing but endpoints, on the server of the tests."""
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS watched CASCADE")
        connection.execute("CREATE SCHEMA watched")
        connection.execute(
            "CREATE TABLE watched.arena_endpoint (base_url text, failed_probes int DEFAULT 0, probe_after timestamptz)"
        )
        yield connection
        connection.execute("DROP SCHEMA watched CASCADE")


async def out(connection, url):
    query = "SELECT failed_probes = 2 FROM watched.arena_endpoint WHERE base_url = %s"
    return connection.execute(query, [url]).fetchone()[0] is True


async def until(expected, connection, url):
    async with asyncio.timeout(30):
        while await out(connection, url) is not expected:
            await asyncio.sleep(0.05)


async def test_model_is_out_of_the_draw_while_its_server_is_down(endpoints):
    port = free_port()
    mine, other = f"http://127.0.0.1:{port}/v1", f"http://127.0.0.1:{port}0/v1"
    for url in (mine, other):
        endpoints.execute("INSERT INTO watched.arena_endpoint (base_url) VALUES (%s)", [url])
    database = psycopg.conninfo.make_conninfo(os.environ["DATABASE_URL"], options="-c search_path=watched")
    server = await asyncio.start_server(answer, "127.0.0.1", port)
    async with watching(port, database):
        server.close()
        await server.wait_closed()
        await until(True, endpoints, mine)
        server = await asyncio.start_server(answer, "127.0.0.1", port)
        await until(False, endpoints, mine)
        assert not await out(endpoints, other)
    server.close()
