"""An HTTP user who stores cookies and reads streams."""

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any


@dataclass
class Answer:
    """A complete response. `raw` contains all of its bytes, including the status line and headers."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def raw(self) -> bytes:
        return repr(self.headers).encode() + self.body


@dataclass
class Event:
    name: str
    data: dict[str, Any]
    id: str
    raw: bytes = b""


class Refused(Exception):
    """Raised if a stream was rejected, with the status."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status, answer.body)
        self.answer = answer


CUT = (OSError, http.client.HTTPException, Refused)
PATIENCE_S = 60


@dataclass
class Person:
    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    address: str = ""  # as set by a proxy in front of the service

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, self._encoded(body, headers), self._headers(headers))
            response = connection.getresponse()
            self._keep(response)
            return Answer(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.call("POST", path, {} if body is None else body, **headers)

    def start(self, prompt: str, *models: str, mode: str = "anonymous") -> dict[str, Any]:
        """Start a battle, between these models if any are named."""
        body = {"prompt": prompt, "mode": mode} | ({"models": models} if models else {})
        answer = self.post("/api/v1/battles/", body)
        assert answer.status == 201, answer.body
        battle: dict[str, Any] = answer.json
        return battle

    def events(self, path: str, last_id: str = "", port: int = 0) -> Iterator[Event]:
        """Yield the events of a battle until the server ends the stream or the caller stops."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=60)
        extra = {"Last-Event-ID": last_id} if last_id else {}
        connection.request("GET", path, headers=self._headers(extra))
        response = connection.getresponse()
        try:
            if response.status != 200:
                raise Refused(Answer(response.status, dict(response.getheaders()), response.read()))
            yield from _events(response)
        finally:
            connection.close()
            response.close()

    def until(self, path: str, *names: str, last_id: str = "") -> list[Event]:
        """Return the events up to the first one with one of these names."""
        events = []
        for event in self.events(path, last_id):
            events.append(event)
            if event.name in names:
                return events
            if event.name == "void":
                break
        raise AssertionError(f"none of {names} among {[event.name for event in events]}")

    def through(self, path: str, *names: str, seen: list[Event] | None = None) -> list[Event]:
        """Like `until`, but resume the stream after each disconnect."""
        seen = [] if seen is None else seen
        deadline = time.monotonic() + PATIENCE_S
        while not seen or seen[-1].name not in names:
            assert time.monotonic() < deadline, f"none of {names} among {[event.name for event in seen]}"
            with suppress(*CUT):
                for event in self.events(path, seen[-1].id if seen else ""):
                    seen.append(event)
                    if event.name in names:
                        return seen
            time.sleep(0.1)
        return seen

    def fight(self, prompt: str, *models: str, mode: str = "anonymous") -> dict[str, Any]:
        """Start a battle and wait until it is ready for a vote."""
        battle = self.start(prompt, *models, mode=mode)
        self.until(battle["events_url"], "ready")
        return battle

    def act(self, battle: dict[str, Any], action: str, **body: Any) -> Answer:
        """Perform an action on a battle: turns, stop, retry, or vote."""
        return self.post(f"/api/v1/battles/{battle['id']}/{action}/", body)

    def look(self, battle: dict[str, Any]) -> dict[str, Any]:
        """Return the current state of the battle."""
        answer = self.get(f"/api/v1/battles/{battle['id']}/")
        assert answer.status == 200, answer.body
        now: dict[str, Any] = answer.json
        return now

    def vote(self, battle: dict[str, Any], winner: str) -> Answer:
        return self.post(f"/api/v1/battles/{battle['id']}/vote/", {"winner": winner})

    def _encoded(self, body: Any, headers: dict[str, str]) -> bytes | None:
        if body is None or isinstance(body, bytes):
            return body
        headers.setdefault("Content-Type", "application/json")
        return json.dumps(body).encode()

    def _headers(self, extra: dict[str, str]) -> dict[str, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if token := self.cookies.get("csrftoken"):
            headers["X-CSRFToken"] = token
        if self.address:
            headers["X-Forwarded-For"] = self.address
        return headers | {name.replace("_", "-"): value for name, value in extra.items()}

    def _keep(self, response: http.client.HTTPResponse) -> None:
        for header in response.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(header).items():
                self.cookies[name] = morsel.value


def text_of(events: list[Event], side: str, turn: int = 1) -> str:
    """Return the final text that a reader of these events sees."""
    text = ""
    for event in events:
        if (event.data.get("turn"), event.data.get("side")) == (turn, side):
            text = "" if event.name == "reset" else text + event.data.get("text", "")
    return text


def _events(response: http.client.HTTPResponse) -> Iterator[Event]:
    block: list[bytes] = []
    for line in response:
        if line.strip():
            block.append(line)
            continue
        fields = dict(part.decode().rstrip("\n").split(": ", 1) for part in block if not part.startswith(b":"))
        if "event" in fields:
            yield Event(fields["event"], json.loads(fields["data"]), fields.get("id", ""), b"".join(block))
        block = []
