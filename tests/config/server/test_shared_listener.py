"""Listeners of several web processes on one socket."""

import asyncio
import errno
import os
import socket

import pytest
import uvloop

from config.server import shared_listener
from config.server.shared_listener import SharedListener

LOOPS = pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])


class Process:
    """A web process with a number of open connections. Its protocol sends its name."""

    def __init__(self, name, listening, connections=0, listener=SharedListener):
        self.name, self.transports, self.no_delay = name, [], set()
        self.listener = listener(listening, self.create_protocol, range(connections))

    def create_protocol(self):
        process = self

        class Greeting(asyncio.Protocol):
            def connection_made(self, transport):
                process.transports.append(transport)
                opened = transport.get_extra_info("socket")
                process.no_delay.add(opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
                transport.write(process.name)

        return Greeting()

    def close(self):
        self.listener.close()
        for transport in self.transports:
            transport.abort()


def copy(listening):
    return socket.socket(fileno=os.dup(listening.fileno()))


async def greet(address):
    async with asyncio.timeout(20):
        reader, writer = await asyncio.open_connection(*address)
        name = await reader.readexactly(1)
        writer.close()
        return name


async def greet_each(counts, times):
    """Connect several times to processes with these numbers of connections.

    Pause after each time, because a process that was too late for one connection may accept the next one.
    """
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        processes = [Process(b"%d" % number, copy(listening), count) for number, count in enumerate(counts)]
        names = []
        for _ in range(times):
            names.append(await greet(listening.getsockname()))
            await asyncio.sleep(0.03)
        for process in processes:
            process.close()
        await asyncio.sleep(0.01)
        return names


@LOOPS
@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        pytest.param([0], b"0", id="alone"),
        pytest.param([0, 24], b"1", id="few connections stay together"),
        pytest.param([40, 0], b"0", id="also a few more"),
        pytest.param([120, 20], b"1", id="many connections are spread"),
        pytest.param([2000, 40, 90], b"1", id="to a process with fewer"),
    ],
)
def test_connections_go_to_the_process_that_is_nearest_to_the_preferred_number(run, counts, expected):
    assert run(greet_each(counts, 4)) == [expected] * 4


class Busy(SharedListener):
    """The listener of a process that notices a connection, but has no time to accept it."""

    def _accept(self):
        pass


@LOOPS
def test_connection_is_accepted_by_another_process_if_the_preferred_one_does_not(run):
    async def connect():
        with socket.create_server(("127.0.0.1", 0)) as listening:
            listening.setblocking(False)
            preferred, other = Process(b"0", copy(listening), 32, Busy), Process(b"1", copy(listening))
            name = await greet(listening.getsockname())
            for process in (preferred, other):
                process.close()
            await asyncio.sleep(0.01)
            return name

    assert run(connect()) == b"1"


@LOOPS
def test_many_connections_at_once_are_all_accepted_without_delayed_packets(run):
    async def connect():
        with socket.create_server(("127.0.0.1", 0)) as listening:
            listening.setblocking(False)
            process = Process(b"0", copy(listening))
            names = await asyncio.gather(*(greet(listening.getsockname()) for _ in range(50)))
            process.close()
            await asyncio.sleep(0.01)
            return names, process.no_delay

    assert run(connect()) == ([b"0"] * 50, {1})


class Exhausted(socket.socket):
    """A socket whose first connection finds no free file."""

    failures = 1

    def accept(self):
        if self.failures:
            self.failures -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


@LOOPS
def test_connection_without_a_free_file_is_accepted_later(run, monkeypatch, caplog):
    monkeypatch.setattr(shared_listener, "RETRY_DELAY_S", 0.05)

    async def connect():
        with socket.create_server(("127.0.0.1", 0)) as listening:
            listening.setblocking(False)
            process = Process(b"0", Exhausted(fileno=os.dup(listening.fileno())))
            name = await greet(listening.getsockname())
            process.close()
            await asyncio.sleep(0.01)
            return name

    assert run(connect()) == b"0"
    assert caplog.text.count("Cannot accept connections") == 1
