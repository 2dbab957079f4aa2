"""A fast HTTP client for one connection. It sends one request at a time and supports server-sent events."""

import asyncio
from collections.abc import Callable
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit

import httptools
import orjson

EventHandler = Callable[[bytes, bytes], None]


class ChannelError(Exception):
    """Raised if the connection is lost or a response is not as expected."""


class Channel(asyncio.Protocol):
    """A connection. All connections of a user share `cookies`."""

    def __init__(self, cookies: dict[str, str]) -> None:
        self.cookies = cookies
        self.on_event: EventHandler | None = None
        self.buffer = b""
        self.body = b""
        self.response_headers: dict[str, str] = {}
        self.answered: asyncio.Future[int] | None = None

    @classmethod
    async def open(cls, url: str, cookies: dict[str, str]) -> "Channel":
        address = urlsplit(url)
        loop = asyncio.get_running_loop()
        host, port = str(address.hostname), int(address.port or 80)
        _, channel = await loop.create_connection(lambda: cls(cookies), host, port)
        return channel

    async def call(
        self, method: str, path: str, body: Any = None, on_event: EventHandler | None = None, **headers: str
    ) -> tuple[int, bytes]:
        """Send a request, and return the status and body of the response. Raises ChannelError.

        body: the request body, which is sent as JSON.
        on_event: called with the name and data of each event of an event stream. The returned body is then empty.
        headers: request headers, with _ instead of - in their names.

        Afterward, the attribute `response_headers` contains the headers of the response.
        """
        self.on_event = on_event
        self.buffer = b""
        self.body = b""
        self.response_headers = {}
        self.parser = httptools.HttpResponseParser(self)
        self.answered = asyncio.get_running_loop().create_future()
        self.transport.write(self._request(method, path, b"" if body is None else orjson.dumps(body), headers))
        return await self.answered, self.body

    def close(self) -> None:
        self.transport.close()

    def _request(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> bytes:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        head = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
        head += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        if body:
            head.append("Content-Type: application/json")
        if cookies:
            head += [f"Cookie: {cookies}", f"X-CSRFToken: {self.cookies.get('csrftoken', '')}"]
        return "\r\n".join([*head, "", ""]).encode() + body

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # TCP connections have this type
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self.answered and not self.answered.done():
            self.answered.set_exception(ChannelError("the connection was closed"))

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.response_headers[name.decode().lower()] = value.decode()
        if name.lower() == b"set-cookie":
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(value.decode()).items()}

    def on_body(self, body: bytes) -> None:
        if self.on_event is None or self.parser.get_status_code() != 200:
            self.body += body
            return
        *events, self.buffer = (self.buffer + body).split(b"\n\n")
        for event in events:
            fields = dict(line.partition(b": ")[::2] for line in event.split(b"\n"))
            if b"data" in fields:
                self.on_event(fields.get(b"event", b""), fields[b"data"])

    def on_message_complete(self) -> None:
        if self.answered and not self.answered.done():
            self.answered.set_result(self.parser.get_status_code())
