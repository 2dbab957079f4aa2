"""A small HTTP server.

It can serve hundreds of streams with one write per token, and can break the protocol on purpose.
"""

import asyncio
import contextlib
import heapq
import itertools
import socket
import struct
import threading
import time
from collections import Counter, deque
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httptools
import orjson
import uvloop

from tests.fake_provider.plan import Plan, build_plan
from tests.fake_provider.wire import FORMATS, Format, ParsedRequest

MAX_LOG = 50_000
BACKLOG = 1000
REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests"}


class Stream:
    """An answer in progress."""

    def __init__(
        self, connection: "Connection", plan: Plan, entry: dict[str, Any], now: float, open_requests: Counter[str]
    ) -> None:
        self.connection = connection
        self.plan = plan
        self.entry = entry
        self.start = now
        self.due = now
        self.piece: bytes = b""
        self.open_requests = open_requests
        open_requests[entry["model"]] += 1

    def advance(self) -> bool:
        """Prepare the next step. Return False if there is none."""
        step = next(self.plan.steps, None)
        if step is None:
            return False
        delay, self.piece = step
        self.due = self.start + delay
        return True

    def close(self) -> None:
        ending = self.plan.ending
        if ending == "hang":
            return
        self.set_state("finished" if self.plan.well else "failed")
        self.connection.finish(reset=ending == "reset")

    def set_state(self, state: str) -> None:
        if self.entry["state"] == "open":
            self.entry |= {"state": state, "ended": time.time()}
            self.open_requests[self.entry["model"]] -= 1


class Clock:
    """A timer that writes all steps that are due in all streams."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._heap: list[tuple[float, int, Stream]] = []
        self._number = itertools.count()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, stream: Stream) -> None:
        if stream.advance():
            self._push(stream)
        else:
            stream.close()
        self._start_timer()

    def _push(self, stream: Stream) -> None:
        heapq.heappush(self._heap, (stream.due, next(self._number), stream))

    def _start_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._heap[0][0], self._write_due) if self._heap else None

    def _write_due(self) -> None:
        now = self._loop.time() + 0.002
        while self._heap and self._heap[0][0] <= now:
            stream = heapq.heappop(self._heap)[2]
            if stream.connection.stream is not stream:
                continue
            if stream.connection.paused:
                stream.due = now + 0.01
                self._push(stream)
                continue
            stream.connection.write(stream.piece)
            stream.entry["writes"] += 1
            if stream.advance():
                self._push(stream)
            else:
                stream.close()
        self._start_timer()


class Server:
    """Answers and logs requests."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.clock = Clock(loop)
        self.loop = loop
        self.log: deque[dict[str, Any]] = deque(maxlen=MAX_LOG)
        self.known_prompts: set[tuple[str, str]] = set()
        self.connections: set[Connection] = set()
        self.open_requests: Counter[str] = Counter()
        self.out_until = 0.0

    def answer(self, connection: "Connection", method: str, target: str, body: bytes) -> None:
        url = urlsplit(target)
        if url.path == "/log":
            self._log(connection, method, parse_qs(url.query))
            return
        if url.path == "/outage":
            self._break_off(float(parse_qs(url.query)["seconds"][0]))
            connection.document(200, {})
            return
        if self.loop.time() < self.out_until:
            connection.finish(reset=True)
            return
        wire = next((wire for wire in FORMATS if wire.path.search(url.path)), None)
        if method != "POST" or wire is None:
            connection.document(404, {"error": "no such path"})
            return
        request = replace(wire.parse_request(url.path, orjson.loads(body)), key=api_key(connection.headers))
        if text := request.body.get("says"):
            request = replace(request, model=f"{request.model}-says:{text}")
        key = request.model, request.prompt
        others = self.open_requests[request.model]
        plan = build_plan(wire, request, first=key not in self.known_prompts, others=others)
        self.known_prompts.add(key)
        stream = Stream(
            connection, plan, self._add_entry(wire, request, connection.headers), self.loop.time(), self.open_requests
        )
        connection.stream = stream
        if plan.status:
            connection.begin(plan.status, plan.content_type, plan.headers)
        self.clock.add(stream)

    def _add_entry(self, wire: Format, request: ParsedRequest, headers: dict[str, str]) -> dict[str, Any]:
        entry = {
            "format": wire.name,
            "model": request.model,
            "messages": request.messages,
            "system": request.system,
            "body": request.body,
            "headers": headers,
            "time": time.time(),
            "ended": None,
            "state": "open",
            "writes": 0,
        }
        self.log.append(entry)
        return entry

    def _break_off(self, seconds: float) -> None:
        """Reset all open requests, and all that arrive in the next seconds."""
        self.out_until = self.loop.time() + seconds
        for connection in list(self.connections):
            if connection.stream:
                connection.stream.set_state("aborted")
                connection.finish(reset=True)

    def forget(self) -> None:
        self.log.clear()
        self.known_prompts.clear()

    def _log(self, connection: "Connection", method: str, query: dict[str, list[str]]) -> None:
        if method == "DELETE":
            self.forget()
        models = query.get("model")
        connection.document(200, [entry for entry in self.log if not models or entry["model"] in models])


class Connection(asyncio.Protocol):
    """An HTTP/1.1 connection that handles one request after another."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.stream: Stream | None = None
        self.paused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport
        self.server.connections.add(self)
        self.parser = httptools.HttpRequestParser(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.server.connections.discard(self)
        if self.stream:
            self.stream.set_state("aborted")
            self.stream = None

    def pause_writing(self) -> None:
        self.paused = True

    def resume_writing(self) -> None:
        self.paused = False

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_message_begin(self) -> None:
        self.target = b""
        self.body = b""
        self.headers: dict[str, str] = {}

    def on_url(self, url: bytes) -> None:
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode().lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.server.answer(self, self.parser.get_method().decode(), self.target.decode(), self.body)

    def begin(self, status: int, content_type: str, headers: str = "") -> None:
        location = "Location: /log\r\n" if 300 <= status < 400 else ""
        self.transport.write(
            f"HTTP/1.1 {status} {REASONS.get(status, 'Other')}\r\nContent-Type: {content_type}\r\n{location}{headers}"
            "Transfer-Encoding: chunked\r\n\r\n".encode()
        )

    def write(self, piece: bytes) -> None:
        if piece:  # An empty chunk would end the body.
            self.transport.write(b"%x\r\n%b\r\n" % (len(piece), piece))

    def finish(self, *, reset: bool = False) -> None:
        self.stream = None
        if reset:
            # With a linger time of zero, the kernel sends RST instead of FIN.
            sock = self.transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()
        else:
            self.transport.write(b"0\r\n\r\n")

    def document(self, status: int, body: Any) -> None:
        self.begin(status, "application/json")
        self.write(orjson.dumps(body))
        self.finish()


def api_key(headers: dict[str, str]) -> str:
    bearer = headers.get("authorization", "").removeprefix("Bearer ")
    return bearer or headers.get("x-api-key") or headers.get("x-goog-api-key") or ""


async def listen(server: Server, sock: socket.socket) -> asyncio.Server:
    return await server.loop.create_server(lambda: Connection(server), sock=sock, backlog=BACKLOG)


def bind(port: int) -> socket.socket:
    return socket.create_server(("127.0.0.1", port), backlog=BACKLOG)


class FakeProvider:
    """The server in a thread of this process. For load tests, run it as a separate process (`__main__`)."""

    def __init__(self) -> None:
        self._loop = uvloop.new_event_loop()
        self._server = Server(self._loop)
        self._thread = threading.Thread(target=self._run, name="fake provider", daemon=True)

    def __enter__(self) -> "FakeProvider":
        self._socket = bind(0)
        self.port: int = self._socket.getsockname()[1]
        self.base_url = f"http://127.0.0.1:{self.port}/v1"
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def requests(self, model: str) -> list[dict[str, Any]]:
        """Return the log entries of requests to this model, oldest first."""
        return [dict(entry) for entry in list(self._server.log) if entry["model"] == model]

    def forget(self) -> None:
        """Delete the log, which makes the next request the first one again."""
        self._loop.call_soon_threadsafe(self._server.forget)

    def _run(self) -> None:
        listener = self._loop.run_until_complete(listen(self._server, self._socket))
        self._loop.run_forever()
        listener.close()
        for connection in list(self._server.connections):
            connection.transport.abort()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()


def serve(port: int) -> None:
    """Run the server in this process until it is interrupted. Print the port once it listens."""

    async def run() -> None:
        listener = await listen(Server(asyncio.get_running_loop()), bind(port))
        print(listener.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - the port is the output of this command
        await listener.serve_forever()

    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(run())
