"""Monitoring of local model servers, with real tables."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, connections
from psycopg.conninfo import make_conninfo

from arena.models import Endpoint
from launcher.local_models import pick_free_port
from launcher.model_watch import list_other_models, watch_models
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
HEALTHY = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


async def answer(reader, writer):
    await reader.readline()
    writer.write(HEALTHY)
    await writer.drain()
    writer.close()


def database():
    """Return the URL of the test database, for use without Django."""
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    return make_conninfo(**{theirs: connection.settings_dict[ours] or None for ours, theirs in names.items()})


@asynccontextmanager
async def watching(port):
    task = asyncio.create_task(watch_models([port], database()))
    yield
    task.cancel()
    assert isinstance((await asyncio.gather(task, return_exceptions=True))[0], asyncio.CancelledError)


@sync_to_async
def look(**wanted):
    try:
        return {each.base_url for each in Endpoint.objects.filter(**wanted)}
    finally:
        connections.close_all()


async def until_out(*urls):
    async with asyncio.timeout(30):
        while await look(failed_probes=2) != {*urls}:
            await asyncio.sleep(0.05)


@pytest.fixture
def port():
    return pick_free_port()


@pytest.fixture
def endpoints(port):
    """Create two endpoints on a local server, and one whose URL only begins the same."""
    urls = [f"http://127.0.0.1:{port}/v1", f"http://127.0.0.1:{port}/v1/other", f"http://127.0.0.1:{port}0/v1"]
    for url in urls:
        factories.endpoint(base_url=url, failed_probes=3)
    return urls


async def test_other_models_are_the_enabled_ones_that_are_not_local(endpoints):
    @sync_to_async
    def create():
        for slug, enabled in (("theirs", True), ("off", False), ("ours", True)):
            factories.endpoint(factories.model(slug), enabled=enabled)
        connections.close_all()

    await create()
    assert "theirs" in (listed := await list_other_models(database(), ["ours"]))
    assert not {"off", "ours"} & {*listed}
    assert len(listed) == 4
    assert await list_other_models("host=/nowhere", []) == []


async def test_model_is_out_of_the_draw_while_its_server_is_down(endpoints, port):
    server = await asyncio.start_server(answer, "127.0.0.1", port)
    async with watching(port):
        server.close()
        await server.wait_closed()
        await until_out(*endpoints[:2])
        server = await asyncio.start_server(answer, "127.0.0.1", port)
        await until_out()
    server.close()
    assert await look(failed_probes=0) == {*endpoints[:2]}
