"""Slow clients and clients that stop reading, with a real web server."""

import asyncio
import logging
import resource
import socket
import subprocess
import sys
from contextlib import asynccontextmanager, suppress

import pytest
import uvicorn
import uvloop

from config.server.uvicorn_protocol import MAX_HEAD_BYTES, MAX_OPEN_FILES, MAX_WAITING_REQUESTS, DeadlineProtocol

BODY = b"x" * 200_000
SMALL = 4096


class Impatient(DeadlineProtocol):
    stalled_ms = 300


class Hasty(DeadlineProtocol):
    """A protocol with short deadlines and without the timeout for stalled readers."""

    head_s, body_s = 0.4, 0.6


class Sends:
    """Sends data that fills the client's small buffers but not the system's, and then waits for the client to
    disconnect.
    """

    def __init__(self):
        self.gone, self.end = asyncio.Event(), asyncio.Event()

    async def __call__(self, scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await receive()
        await send({"type": "http.response.body", "body": BODY, "more_body": True})
        left = asyncio.create_task(self._wait_until_gone(receive))
        await asyncio.wait([left, asyncio.create_task(self.end.wait())], return_when=asyncio.FIRST_COMPLETED)
        await send({"type": "http.response.body", "body": b"the end"})

    async def _wait_until_gone(self, receive):
        while (await receive())["type"] != "http.disconnect":
            pass
        self.gone.set()


async def echo(scope, receive, send):
    """Read the whole request, as Django does, and return its body."""
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body, more = body + message["body"], message["more_body"]
    head = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def connected(application, protocol):
    """Connect a client with small buffers to a server with this protocol."""
    server = uvicorn.Server(uvicorn.Config(application, http=protocol, ws="none", lifespan="off", log_config=None))
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket() as opened:
        serving = asyncio.create_task(server.serve([listening]))
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        opened.setblocking(False)
        await asyncio.get_running_loop().sock_connect(opened, listening.getsockname())
        async with asyncio.timeout(20):
            yield opened
        server.should_exit = True
        await serving


async def stream_to(client):
    loop, sends = asyncio.get_running_loop(), Sends()
    async with connected(sends, Impatient) as opened:
        await loop.sock_sendall(opened, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        await client(loop, opened, sends)


async def stop_reading(loop, opened, sends):
    await loop.sock_recv(opened, 10)
    await sends.gone.wait()


async def read_slowly(loop, opened, sends):
    """Read for longer than the server's timeout, without ever stopping completely."""
    received = b""
    while b"the end" not in received:
        received += await loop.sock_recv(opened, 20_000)
        await asyncio.sleep(0.05)
        if received.count(b"x") >= len(BODY):
            sends.end.set()
    assert received.count(b"x") == len(BODY)


LOOPS = pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])


@LOOPS
@pytest.mark.parametrize("client", [stop_reading, read_slowly])
def test_connection_lasts_as_long_as_its_client_reads(run, client):
    run(stream_to(client))


POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
WHOLE = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok"
OFTEN = 0.05  # seconds between two pieces of a slow client, short enough for uvicorn's own timer


async def close_slow(pieces):
    """Send these pieces slowly, and return the seconds until the server closes the connection."""
    loop = asyncio.get_running_loop()
    async with connected(echo, Hasty) as opened:
        began, received = loop.time(), b""
        reading = asyncio.create_task(read_all(opened))
        for piece in pieces:
            if reading.done():
                break
            with suppress(ConnectionError):
                await loop.sock_sendall(opened, piece)
            await asyncio.wait([reading], timeout=OFTEN)
        received = await reading
        return loop.time() - began, received


async def read_all(opened):
    loop, received = asyncio.get_running_loop(), b""
    with suppress(ConnectionError):
        while some := await loop.sock_recv(opened, 20_000):
            received += some
    return received


@pytest.mark.slow
@LOOPS
@pytest.mark.parametrize(
    ("pieces", "limit"),
    [
        ([], Hasty.head_s),
        ([b"GET / HTTP/1.1\r\nHos"], Hasty.head_s),
        ([b"GET / HTTP/1.1\r\n", *[b"X: y\r\n"] * 40], Hasty.head_s),
        ([b"\r\n"] * 40, Hasty.head_s),
        ([POST, *[b"x"] * 60], Hasty.body_s),
        ([b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", *[b"1\r\nx\r\n"] * 60], Hasty.body_s),
        ([WHOLE, *[b"\r\n"] * 40], Hasty.head_s),
        ([WHOLE + b"GET / HT", *[b"TP"]], Hasty.head_s),
        ([WHOLE, b"GET / HTTP/1.1\r\n", *[b"X: y\r\n"] * 40], Hasty.head_s),
    ],
    ids=["nothing", "half a head", "headers", "line breaks", "body", "chunks", "afterwards", "half of a 2nd", "2nd"],
)
def test_client_that_sends_too_slowly_is_closed(run, pieces, limit):
    seconds, received = run(close_slow(pieces))

    assert limit * 0.9 <= seconds < limit + 1
    assert received.count(b"HTTP/1.1 200") == b"".join(pieces).count(WHOLE)


async def wait_while_answered():
    """Wait for longer than all deadlines after sending the next request."""
    loop, sends = asyncio.get_running_loop(), Sends()
    async with connected(sends, Hasty) as opened:
        await loop.sock_sendall(opened, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + WHOLE)
        await asyncio.sleep(2 * (Hasty.head_s + Hasty.body_s))
        sends.end.set()
        assert await read_until(opened, b"the end") > len(BODY)


async def send_to_a_busy_application():
    """Send more than uvicorn buffers to an application that reads it after all deadlines."""
    loop = asyncio.get_running_loop()

    async def busy(scope, receive, send):
        await asyncio.sleep(2 * (Hasty.head_s + Hasty.body_s))
        await echo(scope, receive, send)

    async with connected(busy, Hasty) as opened:
        head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {len(BODY) + 7}\r\n\r\n"
        sending = asyncio.create_task(loop.sock_sendall(opened, head.encode() + BODY + b"the end"))
        assert await read_until(opened, b"the end") > len(BODY)
        await sending


async def read_until(opened, words):
    received = b""
    while words not in received:
        some = await asyncio.get_running_loop().sock_recv(opened, 20_000)
        assert some, received[-100:]
        received += some
    return len(received)


@pytest.mark.slow
@LOOPS
@pytest.mark.parametrize("client", [wait_while_answered, send_to_a_busy_application])
def test_client_that_waits_for_us_is_not_closed(run, client):
    run(client())


GET = b"GET / HTTP/1.1\r\nHost: x\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


async def flood(begin, repeated, times=1000):
    """Send this again and again until the server closes the connection. Return the response and the bytes sent."""
    loop, sent = asyncio.get_running_loop(), 0
    async with connected(echo, DeadlineProtocol) as opened:
        reading = asyncio.create_task(read_all(opened))
        with suppress(ConnectionError):
            await loop.sock_sendall(opened, begin)
            while sent < times * len(repeated) and not reading.done():
                await asyncio.wait_for(loop.sock_sendall(opened, repeated), 5)
                sent += len(repeated)
                await asyncio.sleep(0)
        with suppress(OSError):
            opened.shutdown(socket.SHUT_WR)
        return await reading, sent


@LOOPS
@pytest.mark.parametrize(
    ("begin", "repeated"),
    [
        (b"GET /", b"x" * 8000),
        (GET + b"X: ", b"y" * 8000),
        (GET, b"X: " + b"y" * 8000 + b"\r\n"),
        (GET, b"X: y\r\n" * 1000),
        (b"", b"z" * 8000 + b"/"),
        (CHUNKED + b"1;", b"e" * 8000),
        (CHUNKED + b"0\r\nX: ", b"t" * 8000),
        (CHUNKED + b"0\r\n", b"X: " + b"t" * 8000 + b"\r\n"),
    ],
    ids=["URL", "header", "headers", "small headers", "method", "extension", "trailer", "trailers"],
)
def test_head_without_end_is_refused_before_it_fills_the_memory(run, begin, repeated):
    received, sent = run(flood(begin, repeated))

    assert sent < 4_000_000  # what the kernel's buffers take, of 8 MB
    assert b" 431 " in received or b" 400 " in received or not received


async def ask_once(request):
    async with connected(echo, DeadlineProtocol) as opened:
        await asyncio.get_running_loop().sock_sendall(opened, request)
        return await read_all(opened)


@pytest.mark.parametrize(("size", "status"), [(MAX_HEAD_BYTES - 100, b"200"), (MAX_HEAD_BYTES, b"431")])
def test_head_may_have_64_kilobytes(size, status):
    received = asyncio.run(ask_once(GET + b"Connection: close\r\nX: " + b"y" * size + b"\r\n\r\n"))

    assert received.startswith(b"HTTP/1.1 " + status)


class Counts(DeadlineProtocol):
    most = 0

    def on_message_complete(self):
        super().on_message_complete()
        type(self).most = max(self.most, len(self.pipeline))


async def send_requests_in_line(count):
    loop, sends = asyncio.get_running_loop(), Sends()
    Counts.most = 0
    async with connected(sends, Counts) as opened:
        await loop.sock_sendall(opened, (GET + b"\r\n") * count)
        if count > MAX_WAITING_REQUESTS + 1:
            await sends.gone.wait()
        else:
            await loop.sock_recv(opened, 10)
        sends.end.set()


@LOOPS
@pytest.mark.parametrize("count", [MAX_WAITING_REQUESTS + 1, 4000])
def test_few_requests_wait_for_the_response_to_an_earlier_one(run, count):
    run(send_requests_in_line(count))

    assert 0 < Counts.most <= MAX_WAITING_REQUESTS


async def send_nonsense():
    upgrade = GET + b"Connection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n"
    return [await ask_once(upgrade), await ask_once(b"nonsense\r\n\r\n")]


def test_clients_write_nothing_into_the_log(caplog):
    upgrade, nonsense = asyncio.run(send_nonsense())

    assert b" 200 " in upgrade
    assert b" 400 " in nonsense
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.slow
@pytest.mark.parametrize("soft", [256, MAX_OPEN_FILES + 100])
def test_web_process_may_open_more_files_than_is_usual(soft):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    code = "import resource; from config.server.uvicorn_protocol import raise_file_limit; raise_file_limit();"
    code += "print(*resource.getrlimit(resource.RLIMIT_NOFILE))"

    def lower():
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    output = subprocess.run([sys.executable, "-c", code], preexec_fn=lower, capture_output=True, check=True).stdout

    assert output.decode().split() == [str(max(soft, MAX_OPEN_FILES)), str(hard)]


async def leave_with_requests_in_line():
    """Close a connection whose first request is being answered and whose second one waits."""
    loop, sends = asyncio.get_running_loop(), Sends()
    async with connected(sends, DeadlineProtocol) as opened:
        await loop.sock_sendall(opened, 2 * b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await loop.sock_recv(opened, 10)
        opened.close()
        await sends.gone.wait()


@LOOPS
def test_request_ends_with_its_connection_even_if_another_one_is_in_line(run):
    run(leave_with_requests_in_line())
