"""A connection for loops that send many commands."""

import asyncio
from contextlib import suppress

import pytest
from redis import exceptions
from redis.exceptions import InvalidResponse, RedisError, ResponseError

from core.storage import redis_connection
from core.storage.redis_connection import RedisConnection

KEY = "test:redis-connection"


@pytest.fixture
async def connection(valkey):
    connection = RedisConnection()
    yield connection
    await connection.execute([("DEL", KEY)])
    await connection.close()


async def test_execute_returns_a_response_per_command_in_order(connection):
    commands = [("SET", KEY, 1), ("INCR", KEY), ("GET", KEY), ("GET", f"{KEY}:none")]

    assert await connection.execute(commands) == [b"OK", 2, b"2", None]


async def test_execute_returns_each_caller_its_own_responses(connection):
    responses = await asyncio.gather(*(connection.execute([("ECHO", number)]) for number in range(20)))

    assert responses == [[b"%d" % number] for number in range(20)]


async def test_execute_raises_the_error_of_a_command_and_mixes_up_no_later_response(connection):
    await connection.execute([("SET", KEY, "text")])

    with pytest.raises(ResponseError, match="not an integer"):
        await connection.execute([("INCR", KEY), ("ECHO", "late")])

    assert await connection.execute([("ECHO", "next")]) == [b"next"]


async def test_execute_that_is_cancelled_mixes_up_no_later_response(connection):
    waiting = asyncio.create_task(connection.execute([("BLPOP", f"{KEY}:none", 60)]))
    await asyncio.sleep(0.1)
    waiting.cancel()
    with suppress(asyncio.CancelledError):
        await waiting

    assert await connection.execute([("ECHO", "next")]) == [b"next"]


async def test_execute_does_not_wait_forever(connection, monkeypatch):
    monkeypatch.setattr(redis_connection, "RESPONSE_TIMEOUT_S", 0.05)

    with pytest.raises(TimeoutError):
        await connection.execute([("BLPOP", f"{KEY}:none", 60)])


async def test_execute_opens_a_connection_again_that_broke_while_idle(connection, valkey):
    [own_id] = await connection.execute([("CLIENT", "ID")])
    valkey.client_kill_filter(_id=own_id)
    await asyncio.sleep(0.1)

    assert await connection.execute([("ECHO", "again")]) == [b"again"]


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        pytest.param(b"", exceptions.ConnectionError, id="nothing"),
        pytest.param(b"*1\r\n", exceptions.ConnectionError, id="half a response"),
        pytest.param(b"?\r\n", InvalidResponse, id="nonsense"),
        pytest.param(b"+1\r\n+2\r\n", InvalidResponse, id="too many responses"),
    ],
)
async def test_execute_raises_if_the_server_hangs_up_or_talks_nonsense(tmp_path, valkey, reply, error):
    async def answer(reader, writer):
        while b"PING" not in (data := await reader.read(1000)):
            writer.write(b"+OK\r\n" * data.count(b"CLIENT"))  # the client gives its name and version
        writer.write(reply)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_unix_server(answer, tmp_path / "rude.sock")
    connection = RedisConnection(f"unix://{tmp_path}/rude.sock")

    with pytest.raises(error):
        await connection.execute([("PING",)])

    await connection.close()
    server.close()
    await server.wait_closed()
    await asyncio.sleep(0.05)


async def test_execute_raises_while_no_server_listens(tmp_path):
    connection = RedisConnection(f"unix://{tmp_path}/nobody.sock")

    with pytest.raises((RedisError, OSError)):
        await connection.execute([("PING",)])
