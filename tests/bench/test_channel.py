"""Tests the HTTP client of the benchmarks."""

import asyncio

import pytest

from bench.channel import Channel, ChannelError


async def answer(reader, writer):
    """Return the request headers as the response body. Close the connection on `/end`."""
    while head := await reader.readuntil(b"\r\n\r\n"):
        if b"/end" in head:
            break
        writer.write(
            b'HTTP/1.1 200 OK\r\nETag: "7"\r\nSet-Cookie: a=b\r\nContent-Length: %d\r\n\r\n' % len(head) + head
        )
    writer.close()


@pytest.fixture
async def url():
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


async def test_channel_sends_headers_and_keeps_those_of_each_answer(url):
    channel = await Channel.open(url, {})
    status, head = await channel.call("GET", "/x", If_None_Match='"7"')
    assert status == 200
    assert b'If-None-Match: "7"\r\n' in head
    assert channel.response_headers["etag"] == '"7"'
    assert channel.cookies == {"a": "b"}
    assert b"If-None-Match" not in (await channel.call("GET", "/y"))[1]
    channel.close()


async def test_channel_says_that_its_connection_was_lost(url):
    channel = await Channel.open(url, {})
    with pytest.raises(ChannelError):
        await channel.call("GET", "/end")
