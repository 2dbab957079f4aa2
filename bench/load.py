"""Simulated users who run battles and record the time of each event."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import quote

import numpy as np
import orjson

from bench.channel import Channel, ChannelError
from bench.rhythm import Array, Pane

TIMEOUT_S = 120.0
WINNERS = ("a", "b", "tie", "both_bad")


@dataclass
class BattleRecord:
    """A battle from the client's point of view. Times are on the monotonic clock, or 0 until the event happens.

    asked, started, ready: the times of the question, of the response with the battle's ID, and of the `ready` event.
    vote_s: the duration of the vote's request, in seconds.
    panes, text: the times and sizes of the received pieces, and the received text, for each side.
    added: the seconds that the service added to the time to the first token. Without the release clock, there is one
        value per side.
    lags: the seconds from the mock's write of each piece to its arrival.
    checked: the number of answers that are identical to the mock's answers.
    """

    prompt: str
    id: str = ""
    asked: float = 0.0
    started: float = 0.0
    ready: float = 0.0
    vote_s: float = 0.0
    panes: dict[str, Pane] = field(default_factory=lambda: {"a": Pane(""), "b": Pane("")})
    text: dict[str, str] = field(default_factory=lambda: {"a": "", "b": ""})
    added: list[float] = field(default_factory=list)
    lags: Array = field(default_factory=lambda: np.zeros(0))
    checked: int = 0
    voted: bool = False
    error: str = ""

    def __str__(self) -> str:
        lengths = " and ".join(str(len(text)) for text in self.text.values())
        return f"{self.id or 'no battle'}, {lengths} characters, ready {bool(self.ready)}, voted {self.voted}"

    def add(self, side: str, text: str) -> None:
        """Record a received piece of text."""
        self.panes[side].add(time.monotonic(), len(text))
        self.text[side] += text

    def build_relative_panes(self) -> tuple[Pane, Pane]:
        """Return both panes with times relative to the question."""
        a, b = (Pane(pane.model, [at - self.asked for at in pane.times], pane.sizes) for pane in self.panes.values())
        return a, b

    def compute_first_delay(self, side: str) -> float:
        """Return the seconds from the question to the first piece of this side."""
        return self.panes[side].times[0] - self.asked


# Runs one battle with the cookies of a user, and fills in the record.
BattleRunner = Callable[[BattleRecord, dict[str, str]], Awaitable[None]]


class Load:
    """Concurrent users who run one battle after another until `max_battles` have begun or `stop` is called.

    The users start one by one over `ramp_s` seconds.
    """

    def __init__(self, run_battle: BattleRunner, users: int, ramp_s: float, max_battles: int | None = None) -> None:
        self.run_battle = run_battle
        self.users = users
        self.ramp_s = ramp_s
        self.max_battles = max_battles
        self.records: list[BattleRecord] = []
        self.stopped = False

    def stop(self) -> None:
        self.stopped = True

    async def run(self) -> None:
        await asyncio.gather(*(self._run_user(number) for number in range(self.users)))

    async def _run_user(self, number: int) -> None:
        cookies: dict[str, str] = {}
        await asyncio.sleep(self.ramp_s * number / self.users)
        while not self.stopped and (self.max_battles is None or len(self.records) < self.max_battles):
            record = await record_battle(self.run_battle, self.records, number, cookies)
            if record.error:
                await asyncio.sleep(1)


class Arrivals:
    """New visitors with one battle each, who arrive as a Poisson process until `stop` is called."""

    def __init__(self, run_battle: BattleRunner, per_s: float, seed: int = 1) -> None:
        self.run_battle = run_battle
        self.per_s = per_s
        self.random = Random(seed)
        self.records: list[BattleRecord] = []
        self.stopped = False

    def stop(self) -> None:
        self.stopped = True

    async def run(self) -> None:
        arrival = time.monotonic()
        async with asyncio.TaskGroup() as visitors:
            while not self.stopped:
                arrival += self.random.expovariate(self.per_s)
                await asyncio.sleep(max(0.0, arrival - time.monotonic()))
                visitors.create_task(record_battle(self.run_battle, self.records, len(self.records), {}))


async def record_battle(
    run_battle: BattleRunner, records: list[BattleRecord], number: int, cookies: dict[str, str]
) -> BattleRecord:
    """Run one battle of user `number`, and append a record of it, including any error, to `records`."""
    record = BattleRecord(f"Question {len(records)} of user {number}: which answer is better?")
    records.append(record)
    try:
        async with asyncio.timeout(TIMEOUT_S):
            await run_battle(record, cookies)
    except TimeoutError:
        record.error = f"not over after {TIMEOUT_S:.0f} s: {record}"
    except (ChannelError, OSError, KeyError, ValueError) as error:
        record.error = f"{error!r}: {record}"
    return record


def make_arena_runner(url: str, mock: str | None, *, paced: bool) -> BattleRunner:
    """Return a function that asks a question, reads both answers, votes, and checks the answers with the mock's log.

    mock: the mock's URL, or None if the answers are not checked
    """

    async def run_battle(record: BattleRecord, cookies: dict[str, str]) -> None:
        channel = await Channel.open(url, cookies)
        stream = None
        try:
            record.asked = time.monotonic()
            battle = expect(201, await channel.call("POST", "/api/v1/battles/", {"prompt": record.prompt}))
            record.id, record.started = battle["id"], time.monotonic()
            ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            on_event = _make_event_handler(record, ended)
            stream = asyncio.ensure_future(channel.call("GET", battle["events_url"], on_event=on_event))
            await asyncio.wait((stream, ended), return_when=asyncio.FIRST_COMPLETED)
            if not ended.done() or ended.result() != "ready":
                raise ChannelError(f"the battle ended with {ended.result() if ended.done() else 'a lost stream'}")
            record.ready = time.monotonic()
            await _vote(record, url, cookies)
            if mock:
                await _check_against_mock(record, mock, paced=paced)
        finally:
            channel.close()
            if stream:
                with suppress(ChannelError):
                    await stream

    return run_battle


def _make_event_handler(record: BattleRecord, ended: "asyncio.Future[str]") -> Callable[[bytes, bytes], None]:
    def on_event(name: bytes, data: bytes) -> None:
        if name == b"delta":
            delta = orjson.loads(data)
            record.add(delta["side"], delta["text"])
        elif name in (b"ready", b"void", b"reset", b"failed") and not ended.done():
            ended.set_result(name.decode())

    return on_event


async def _vote(record: BattleRecord, url: str, cookies: dict[str, str]) -> None:
    channel = await Channel.open(url, cookies)
    try:
        winner = Random(record.prompt).choice(WINNERS)
        path = f"/api/v1/battles/{record.id}/vote/"
        sent = time.monotonic()
        voted = expect(201, await channel.call("POST", path, {"winner": winner}))
        record.voted, record.vote_s = True, time.monotonic() - sent
        for model in voted["models"]:
            record.panes[model["side"]].model = model["slug"]
    finally:
        channel.close()


def make_direct_runner(mock: str, models: list[str]) -> BattleRunner:
    """Return a function that creates the same load without an arena, by reading two streams from the mock."""

    async def run_battle(record: BattleRecord, cookies: dict[str, str]) -> None:
        pair = Random(record.prompt).sample(models, 2)
        record.asked = time.monotonic()
        sides = zip("ab", pair, strict=True)
        await asyncio.gather(*(_stream_answer(record, mock, side, model) for side, model in sides))
        record.ready = time.monotonic()
        await _check_against_mock(record, mock, paced=False)

    return run_battle


async def _stream_answer(record: BattleRecord, mock: str, side: str, model: str) -> None:
    def on_event(name: bytes, data: bytes) -> None:
        if data != b"[DONE]" and (text := orjson.loads(data)["choices"][0]["delta"].get("content")):
            record.add(side, text)

    record.panes[side].model = model
    channel = await Channel.open(mock, {})
    try:
        body = {"model": model, "messages": [{"role": "user", "content": record.prompt}]}
        await channel.call("POST", "/v1/chat/completions", body, on_event)
    finally:
        channel.close()


async def _check_against_mock(record: BattleRecord, mock: str, *, paced: bool) -> None:
    """Compare both answers with the mock's log, and compute the delays. Raises ChannelError if an answer differs."""
    channel = await Channel.open(mock, {})
    try:
        reports = expect(200, await channel.call("GET", f"/log?prompt={quote(record.prompt)}"))
    finally:
        channel.close()
    by_model = {report["model"]: report for report in reports}
    if len(reports) != 2 or len(by_model) != 2:
        raise ChannelError(f"the mock received {len(reports)} requests")
    lags = []
    for side, pane in record.panes.items():
        report = by_model[pane.model]
        if record.text[side] != report["text"]:
            raise ChannelError("an answer differs from the mock's")
        record.checked += 1
        lags.append(_compute_lags(pane, report))
    record.lags = np.concatenate(lags)
    delays = {side: by_model[pane.model]["first_s"] for side, pane in record.panes.items()}
    if paced:
        record.added = [min(map(record.compute_first_delay, "ab")) - max(delays.values())]
    else:
        record.added = [record.compute_first_delay(side) - delays[side] for side in "ab"]


def _compute_lags(pane: Pane, report: dict[str, Any]) -> Array:
    """Return the seconds from the mock's write of each piece to the arrival of its last character."""
    arrivals = np.searchsorted(np.cumsum(pane.sizes), report["ends"])
    lags: Array = np.array(pane.times)[arrivals] - np.array(report["written"])
    return lags


def expect(status: int, response: tuple[int, bytes]) -> Any:
    """Return the parsed body of a response from `Channel.call`. Raises ChannelError if it has another status."""
    actual_status, body = response
    if actual_status != status:
        raise ChannelError(f"status {actual_status}: {body[:200].decode(errors='replace')}")
    return orjson.loads(body)
