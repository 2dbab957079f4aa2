"""Tests streams that are cut off, lose their store, or exceed limits, and readers that do not read."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import psutil
import pytest
import redis

from arena.answers.stream_events import BattleView, Position
from arena.answers.stream_hub import STALL_TIMEOUT_S, BattleHub, FollowedBattle
from tests.fake_provider import expected_text
from tests.processes import eventually
from tests.system.load import shown
from tests.system.person import Event, Person, Refused
from tests.system.service import Service, free_port
from tests.system.zoo import MODELS, SLOW

CUTS = 10
EMPTIED_AT = (3, 6)
STREAMS_PER_VOTER = 6
RUSH = 30


@pytest.fixture(scope="module")
def ports(zoo: Service) -> Iterator[list[int]]:
    """The port of the service, and one of another web process of its own."""
    port = free_port()
    listener = next(word for word in psutil.Process(zoo.pid("uvicorn")).cmdline() if word.startswith("--fd="))
    with zoo.another({listener: f"--port={port}"}, "uvicorn"):
        assert eventually(lambda: answers(port), 30)
        yield [zoo.port, port]


def answers(port: int) -> bool:
    try:
        return Person(port).get("/healthz").status == 200
    except OSError:
        return False


def read_on(person: Person, path: str, seen: list[Event], most: int, port: int) -> None:
    """Read up to this many more events, then disconnect. After `ready`, there are none to wait for."""
    if seen and seen[-1].name == "ready":
        return
    for taken, event in enumerate(person.events(path, seen[-1].id if seen else "", port), 1):
        seen.append(event)
        if taken == most or event.name == "ready":
            return


def check_whole(person: Person, battle: dict[str, Any], prompt: str, *readings: list[Event], resets: bool) -> None:
    """Check that the text matches the models' output. Without resets, this implies no gaps and no repeats."""
    models = person.vote(battle, "tie").json["models"]
    says = {model["side"]: expected_text(MODELS[model["slug"]], prompt) for model in models}
    for seen in readings:
        assert shown(seen) == says
        assert [event.name for event in seen if event.name not in ("delta", "reset")] == ["done", "done", "ready"]
        if not resets:
            assert not [event for event in seen if event.name == "reset"]
            assert len({event.id for event in seen}) == len(seen)


def test_stream_cut_ten_times_has_no_gap_and_no_repeat(zoo: Service, ports: list[int]) -> None:
    prompt = "What is cut to pieces?"
    person, seen = Person(zoo.port), []
    battle = person.start(prompt, *SLOW)
    for cut in range(CUTS):
        read_on(person, battle["events_url"], seen, random.randint(1, 2), ports[cut % 2])
    assert seen[-1].name == "delta"
    read_on(person, battle["events_url"], seen, 10_000, ports[1])
    check_whole(person, battle, prompt, seen, resets=False)


def test_stream_goes_on_after_its_store_was_emptied(zoo: Service, ports: list[int]) -> None:
    prompt = "What is forgotten?"
    person, seen, elsewhere = Person(zoo.port), [], []
    battle = person.start(prompt, *SLOW)
    with redis.Redis(unix_socket_path=str(zoo.data / "run" / "valkey.sock")) as store:
        for cut in range(CUTS):
            read_on(person, battle["events_url"], seen, random.randint(1, 2), ports[cut % 2])
            if cut in EMPTIED_AT:
                store.flushall()
    read_on(person, battle["events_url"], elsewhere, 3, ports[1])
    read_on(person, battle["events_url"], seen, 10_000, ports[0])
    read_on(person, battle["events_url"], elsewhere, 10_000, ports[1])
    # A reader that reconnects before the worker has repeated everything may be ahead of the stored text.
    check_whole(person, battle, prompt, seen, elsewhere, resets=True)


def test_stream_that_nobody_cuts_survives_an_emptied_store(zoo: Service) -> None:
    prompt = "What goes on regardless?"
    person, seen = Person(zoo.port), []
    battle = person.start(prompt, *SLOW)
    for event in person.events(battle["events_url"]):
        seen.append(event)
        if len(seen) == 10:
            with redis.Redis(unix_socket_path=str(zoo.data / "run" / "valkey.sock")) as store:
                store.flushall()
        if event.name == "ready":
            break
    check_whole(person, battle, prompt, seen, resets=False)


def test_voter_has_so_many_open_streams_and_no_more_when_all_come_at_once(zoo: Service) -> None:
    person = Person(zoo.port)
    battle = person.start("Who rushes in?", *SLOW)
    together = Barrier(RUSH)

    def begin(_: int) -> tuple[int, Iterator[Event]]:
        stream = person.events(battle["events_url"])
        together.wait(10)
        try:
            next(stream)
        except Refused as refused:
            return refused.answer.status, stream
        return 200, stream

    with ThreadPoolExecutor(RUSH) as pool:
        begun = list(pool.map(begin, range(RUSH)))
    assert Counter(status for status, _ in begun) == {200: STREAMS_PER_VOTER, 429: RUSH - STREAMS_PER_VOTER}
    del begun  # this disconnects them
    assert person.through(battle["events_url"], "ready")


def test_reader_that_does_not_read_is_dropped() -> None:
    with ThreadPoolExecutor(1) as pool:  # Playwright's event loop runs in the thread of these tests
        pool.submit(asyncio.run, drop_reader()).result()


async def drop_reader() -> None:
    """Tests the hub, where uvicorn waits for its client. `config.server.uvicorn_protocol` describes the system's
    buffers.
    """
    hub, battle, voter = BattleHub(), uuid4(), uuid4()
    view = BattleView()
    view.apply(["delta", 1, "a", "tag", 0, "Nobody takes this."])
    hub.followed[str(battle).encode()] = FollowedBattle(battle, view)
    taken = asyncio.Event()

    async def connection(*, reads: bool) -> None:
        async for _ in hub.follow(hub.admit({str(voter): 6}), battle, view, Position()):
            taken.set()
            if not reads:
                await asyncio.sleep(1000)  # simulates a client that has stopped reading

    stalled, reading = (asyncio.create_task(connection(reads=reads)) for reads in (False, True))
    await taken.wait()
    await asyncio.sleep(0)
    for reader in hub.followed[str(battle).encode()].readers:
        if reader.sending_since < time.monotonic():
            reader.sending_since -= STALL_TIMEOUT_S + 1
    hub._check_times()
    await asyncio.wait([stalled])
    assert stalled.cancelled()
    assert not reading.done()
    assert len(hub.open_slots) == 1
    reading.cancel()
    await asyncio.wait([reading])
    assert not hub.open_slots
    assert not hub.followed
    if hub.task:
        hub.task.cancel()
        await asyncio.wait([hub.task])
    await hub.redis.aclose()
    await hub.join_redis.aclose()
