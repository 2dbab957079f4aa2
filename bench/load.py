"""Simulated users who fight one battle after the other, and record the time of each event."""

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

from bench.channel import Channel, Lost
from bench.rhythm import Array, Pane

LONGEST_S = 120.0
WINNERS = ("a", "b", "tie", "both_bad")


@dataclass
class Fought:
    """One battle as its user saw it; moments on the machine's monotonic clock, 0 for what never happened."""

    prompt: str
    id: str = ""
    asked: float = 0.0
    ready: float = 0.0
    panes: dict[str, Pane] = field(default_factory=lambda: {"a": Pane(""), "b": Pane("")})
    text: dict[str, str] = field(default_factory=lambda: {"a": "", "b": ""})
    added: list[float] = field(default_factory=list)
    lags: Array = field(default_factory=lambda: np.zeros(0))
    checked: int = 0
    voted: bool = False
    error: str = ""

    def __str__(self) -> str:
        seen = " and ".join(str(len(text)) for text in self.text.values())
        return f"{self.id or 'no battle'}, {seen} characters, ready {bool(self.ready)}, voted {self.voted}"

    def saw(self, side: str, text: str) -> None:
        self.panes[side].add(time.monotonic(), len(text))
        self.text[side] += text

    def seen(self) -> tuple[Pane, Pane]:
        """Both panes with their moments counted from the question."""
        a, b = (Pane(pane.model, [at - self.asked for at in pane.times], pane.sizes) for pane in self.panes.values())
        return a, b

    def first(self, side: str) -> float:
        return self.panes[side].times[0] - self.asked


Fight = Callable[[Fought, dict[str, str]], Awaitable[None]]


class Load:
    """`users` at the same time, started over `ramp_s` seconds, until `most` battles were begun or `stop` is called."""

    def __init__(self, fight: Fight, users: int, ramp_s: float, most: int | None = None) -> None:
        self.fight = fight
        self.users = users
        self.ramp_s = ramp_s
        self.most = most
        self.fought: list[Fought] = []
        self.stopped = False

    def stop(self) -> None:
        self.stopped = True

    async def run(self) -> None:
        await asyncio.gather(*(self._user(number) for number in range(self.users)))

    async def _user(self, number: int) -> None:
        cookies: dict[str, str] = {}
        await asyncio.sleep(self.ramp_s * number / self.users)
        while not self.stopped and (self.most is None or len(self.fought) < self.most):
            fought = await fight_once(self.fight, self.fought, number, cookies)
            if fought.error:
                await asyncio.sleep(1)


class Arrivals:
    """New visitors, each with one battle, at random times (a Poisson process), until `stop` is called."""

    def __init__(self, fight: Fight, per_s: float, seed: int = 1) -> None:
        self.fight = fight
        self.per_s = per_s
        self.random = Random(seed)
        self.fought: list[Fought] = []
        self.stopped = False

    def stop(self) -> None:
        self.stopped = True

    async def run(self) -> None:
        arrival = time.monotonic()
        async with asyncio.TaskGroup() as visitors:
            while not self.stopped:
                arrival += self.random.expovariate(self.per_s)
                await asyncio.sleep(max(0.0, arrival - time.monotonic()))
                visitors.create_task(fight_once(self.fight, self.fought, len(self.fought), {}))


async def fight_once(fight: Fight, fights: list[Fought], number: int, cookies: dict[str, str]) -> Fought:
    """One battle of user `number`, added to `fights` with its error, if any."""
    fought = Fought(f"Question {len(fights)} of user {number}: which of the two is it?")
    fights.append(fought)
    try:
        async with asyncio.timeout(LONGEST_S):
            await fight(fought, cookies)
    except TimeoutError:
        fought.error = f"not over after {LONGEST_S:.0f} s: {fought}"
    except (Lost, OSError, KeyError, ValueError) as error:
        fought.error = f"{error!r}: {fought}"
    return fought


def in_arena(url: str, mock: str, *, paced: bool) -> Fight:
    """A whole battle: ask, read until both have ended, vote, and compare with what the mock wrote."""

    async def fight(fought: Fought, cookies: dict[str, str]) -> None:
        channel = await Channel.open(url, cookies)
        reading = None
        try:
            fought.asked = time.monotonic()
            battle = expect(201, await channel.call("POST", "/api/v1/battles/", {"prompt": fought.prompt}))
            fought.id = battle["id"]
            ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            reading = asyncio.ensure_future(channel.call("GET", battle["events_url"], take=_reader(fought, ended)))
            await asyncio.wait((reading, ended), return_when=asyncio.FIRST_COMPLETED)
            if not ended.done() or ended.result() != "ready":
                raise Lost(f"the battle ended with {ended.result() if ended.done() else 'a lost stream'}")
            fought.ready = time.monotonic()
            await _vote(fought, url, cookies)
            await _compare(fought, mock, paced=paced)
        finally:
            channel.close()
            if reading:
                with suppress(Lost):
                    await reading

    return fight


def _reader(fought: Fought, ended: "asyncio.Future[str]") -> Callable[[bytes, bytes], None]:
    def take(name: bytes, data: bytes) -> None:
        if name == b"delta":
            delta = orjson.loads(data)
            fought.saw(delta["side"], delta["text"])
        elif name in (b"ready", b"void", b"reset", b"failed") and not ended.done():
            ended.set_result(name.decode())

    return take


async def _vote(fought: Fought, url: str, cookies: dict[str, str]) -> None:
    channel = await Channel.open(url, cookies)
    try:
        winner = Random(fought.prompt).choice(WINNERS)
        path = f"/api/v1/battles/{fought.id}/vote/"
        voted = expect(201, await channel.call("POST", path, {"winner": winner}))
        fought.voted = True
        for model in voted["models"]:
            fought.panes[model["side"]].model = model["slug"]
    finally:
        channel.close()


def straight(mock: str, models: list[str]) -> Fight:
    """The same load without an arena: two streams from the mock itself."""

    async def fight(fought: Fought, cookies: dict[str, str]) -> None:
        chosen = Random(fought.prompt).sample(models, 2)
        fought.asked = time.monotonic()
        await asyncio.gather(*(_ask(fought, mock, *each) for each in zip("ab", chosen, strict=True)))
        fought.ready = time.monotonic()
        await _compare(fought, mock, paced=False)

    return fight


async def _ask(fought: Fought, mock: str, side: str, model: str) -> None:
    def take(name: bytes, data: bytes) -> None:
        if data != b"[DONE]" and (text := orjson.loads(data)["choices"][0]["delta"].get("content")):
            fought.saw(side, text)

    fought.panes[side].model = model
    channel = await Channel.open(mock, {})
    try:
        body = {"model": model, "messages": [{"role": "user", "content": fought.prompt}]}
        await channel.call("POST", "/v1/chat/completions", body, take)
    finally:
        channel.close()


async def _compare(fought: Fought, mock: str, *, paced: bool) -> None:
    """Both texts must be what the mock wrote, asked once each; from its log come the delays."""
    channel = await Channel.open(mock, {})
    try:
        reports = expect(200, await channel.call("GET", f"/log?prompt={quote(fought.prompt)}"))
    finally:
        channel.close()
    by_model = {report["model"]: report for report in reports}
    if len(reports) != 2 or len(by_model) != 2:
        raise Lost(f"the mock was asked {len(reports)} times")
    lags = []
    for side, pane in fought.panes.items():
        report = by_model[pane.model]
        if fought.text[side] != report["text"]:
            raise Lost("a text is not what the mock wrote")
        fought.checked += 1
        lags.append(_lags(pane, report))
    fought.lags = np.concatenate(lags)
    delays = {side: by_model[pane.model]["first_s"] for side, pane in fought.panes.items()}
    if paced:
        fought.added = [min(map(fought.first, "ab")) - max(delays.values())]
    else:
        fought.added = [fought.first(side) - delays[side] for side in "ab"]


def _lags(pane: Pane, report: dict[str, Any]) -> Array:
    """Seconds from the writing of each piece to the moment when its last character was here."""
    shown = np.searchsorted(np.cumsum(pane.sizes), report["ends"])
    lags: Array = np.array(pane.times)[shown] - np.array(report["written"])
    return lags


def expect(status: int, answer: tuple[int, bytes]) -> Any:
    if answer[0] != status:
        raise Lost(f"status {answer[0]}: {answer[1][:200].decode(errors='replace')}")
    return orjson.loads(answer[1])
