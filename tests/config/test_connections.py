"""Clients that stop reading, against the web server itself."""

import asyncio
import resource
import socket
import subprocess
import sys

import pytest
import uvicorn
import uvloop

from config.connections import FILES, Connection

BODY = b"x" * 200_000
SMALL = 4096


class Impatient(Connection):
    stalled_ms = 300


class Sends:
    """Sends more than a client with small buffers takes by itself and less than the system takes in its place, then
    waits until the client is gone, or for a word of the test."""

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


async def serve(client):
    """Let a client loose on a server with our connections."""
    sends = Sends()
    server = uvicorn.Server(uvicorn.Config(sends, http=Impatient, lifespan="off", log_config=None))
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket() as opened:
        serving = asyncio.create_task(server.serve([listening]))
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
        opened.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(opened, listening.getsockname())
        await loop.sock_sendall(opened, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        async with asyncio.timeout(20):
            await client(loop, opened, sends)
        server.should_exit = True
        await serving


async def stop_reading(loop, opened, sends):
    await loop.sock_recv(opened, 10)
    await sends.gone.wait()


async def read_slowly(loop, opened, sends):
    """Longer than the server would wait, but something all the time."""
    received = b""
    while b"the end" not in received:
        received += await loop.sock_recv(opened, 20_000)
        await asyncio.sleep(0.05)
        if received.count(b"x") >= len(BODY):
            sends.end.set()
    assert received.count(b"x") == len(BODY)


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("client", [stop_reading, read_slowly])
def test_connection_lasts_as_long_as_its_client_reads(run, client):
    run(serve(client))


@pytest.mark.parametrize("soft", [256, FILES + 100])
def test_web_process_may_open_more_files_than_is_usual(soft):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    code = "import resource; from config.connections import allow_files; allow_files();"
    code += "print(*resource.getrlimit(resource.RLIMIT_NOFILE))"

    def lower():
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    said = subprocess.run([sys.executable, "-c", code], preexec_fn=lower, capture_output=True, check=True).stdout

    assert said.decode().split() == [str(max(soft, FILES)), str(hard)]
