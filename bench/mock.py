"""A fast mock of an OpenAI-compatible provider. It records the time of each write.

`python -m bench.mock MIN MAX` serves all profiles on a free port, which it prints. Answers have MIN to MAX tokens.

`GET /log?prompt=…` returns and deletes the record of a prompt. For each request, the record contains the model, the
text, and the planned delay of the first piece. For each piece, it contains the time of the write on the machine's
monotonic clock, and the number of characters written so far.
"""

import asyncio
import contextlib
import os
import sys
import time
from functools import cache
from itertools import accumulate
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httptools
import orjson
import uvloop

from bench.profiles import RHYTHMS, STEADY, Profile, build_words

CHUNK_START = b'data: {"id":"x","object":"chat.completion.chunk","created":1,"model":"x","choices":[{"index":0,"delta":'
RESPONSE_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def encode_chunk(piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece)


TICK_S = 0.005
END_CHUNKS = encode_chunk(CHUNK_START + b'{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n') + b"0\r\n\r\n"


@cache
def encode_piece(text: str) -> bytes:
    return encode_chunk(CHUNK_START + b'{"content":' + orjson.dumps(text) + b'},"finish_reason":null}]}\n\n')


class Answer:
    """An answer in progress."""

    def __init__(self, model: str, profile: Profile, prompt: str, tokens: tuple[int, int]) -> None:
        random = Random(f"{model} {prompt}")
        all_words = build_words(model, prompt, random.randint(*tokens))
        steps = list(profile.schedule(len(all_words), random))
        ends = list(accumulate(count for _, count in steps))
        texts = ["".join(all_words[start:end]) for start, end in zip([0, *ends], ends, strict=False)]
        self.model = model
        self.first_s = steps[0][0]
        self.asked = time.monotonic()
        self.due = [self.asked + at for at, _ in steps]
        self.texts = texts
        self.pieces = [encode_piece(text) for text in texts]
        self.written: list[float] = []

    def report(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "text": "".join(self.texts),
            "first_s": self.first_s,
            "written": self.written,
            "ends": list(accumulate(map(len, self.texts)))[: len(self.written)],
        }


class Mock:
    """All answers of the mock. A single timer writes all pieces that are due."""

    def __init__(self, profiles: dict[str, Profile], tokens: tuple[int, int]) -> None:
        self.profiles = profiles
        self.tokens = tokens
        self.log: dict[str, list[Answer]] = {}
        self.loop = asyncio.get_running_loop()
        self.due: dict[int, list[tuple[Answer, Connection]]] = {}
        self.last_tick = self._get_tick(time.monotonic())
        self.loop.call_later(TICK_S, self.write_due)

    def start(self, connection: "Connection", body: Any) -> None:
        prompt = body["messages"][-1]["content"]
        answer = Answer(body["model"], self.profiles[body["model"]], prompt, self.tokens)
        self.log.setdefault(prompt, []).append(answer)
        self._schedule(answer, connection)

    def write_due(self) -> None:
        now = time.monotonic()
        number = self._get_tick(now)
        while self.last_tick < number:
            self.last_tick += 1
            for answer, connection in self.due.pop(self.last_tick, []):
                self._write(answer, connection, now)
        self.loop.call_later((number + 1) * TICK_S - now, self.write_due)

    def _write(self, answer: Answer, connection: "Connection", now: float) -> None:
        connection.write(answer.pieces[len(answer.written)])
        answer.written.append(now)
        if len(answer.written) < len(answer.pieces) and not connection.transport.is_closing():
            self._schedule(answer, connection)
        else:
            connection.write(END_CHUNKS)

    def _schedule(self, answer: Answer, connection: "Connection") -> None:
        """Schedule the next piece for the first tick at or after its time."""
        number = max(self.last_tick + 1, -int(-answer.due[len(answer.written)] // TICK_S))
        self.due.setdefault(number, []).append((answer, connection))

    @staticmethod
    def _get_tick(at: float) -> int:
        return int(at // TICK_S)

    def pop_reports(self, prompt: str) -> list[dict[str, Any]]:
        return [answer.report() for answer in self.log.pop(prompt, [])]


class Connection(asyncio.Protocol):
    def __init__(self, mock: Mock) -> None:
        self.mock = mock
        self.body = b""
        self.target = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # TCP connections have this type
        self.transport = transport
        self.descriptor = transport.get_extra_info("socket").fileno()
        self.parser = httptools.HttpRequestParser(self)

    def write(self, data: bytes) -> None:
        """Write immediately. The transport would buffer all writes of an iteration of the event loop."""
        if self.transport.is_closing():
            return
        sent = 0
        if not self.transport.get_write_buffer_size():
            with contextlib.suppress(BlockingIOError, ConnectionError):
                sent = os.write(self.descriptor, data)
        if sent < len(data):
            self.transport.write(data[sent:])

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self.target = url

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        body, self.body = self.body, b""
        if self.parser.get_method() == b"POST":
            self.transport.write(RESPONSE_HEAD)
            self.mock.start(self, orjson.loads(body))
            return
        prompt = parse_qs(urlsplit(self.target.decode()).query)["prompt"][0]
        report = orjson.dumps(self.mock.pop_reports(prompt))
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(report), report))


async def serve(profiles: dict[str, Profile], tokens: tuple[int, int]) -> None:
    mock = Mock(profiles, tokens)
    server = await mock.loop.create_server(lambda: Connection(mock), "127.0.0.1", 0, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    min_tokens, max_tokens = map(int, sys.argv[1:])
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(serve(RHYTHMS | STEADY, (min_tokens, max_tokens)))
