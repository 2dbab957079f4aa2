"""Released text on its way to the web processes."""

import asyncio
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from arena.answers import announcements
from arena.answers.announcements import EVENT_STREAM, STREAM_TTL_S
from arena.answers.publisher import Publisher
from arena.answers.stream_events import BattleView, SideView
from tests.arena.answers.turns import close, live_turn, say

pytestmark = pytest.mark.usefixtures("valkey")


@pytest.fixture
async def publisher():
    publisher = Publisher()
    yield publisher
    await close(publisher)


def view_of(entries):
    """The view of a reader who has only the stream, which must have no gaps."""
    view = BattleView()
    for event in (event for entry in entries for event in entry):
        assert view.apply(event)
    return view


async def test_flush_writes_what_is_unsent_of_all_turns(publisher, published):
    one, other, quiet = (live_turn() for _ in range(3))
    say(one, "a", "Hello")
    say(other, "b", "Hi")

    await publisher.flush([one, other, quiet])

    assert published(one) == [[["delta", 1, "a", one.sides["a"].tag, 0, "Hello"]]]
    assert published(other) == [[["delta", 1, "b", other.sides["b"].tag, 0, "Hi"]]]
    assert published(quiet) == []
    assert one.unsent == other.unsent == []


async def test_flush_sends_nothing_twice(publisher, published):
    turn = live_turn()
    say(turn, "a", "Hello")
    await publisher.flush([turn])
    await publisher.flush([turn])
    say(turn, "a", " there")
    await publisher.flush([turn])

    assert [entry[0][4:] for entry in published(turn)] == [[0, "Hello"], [5, " there"]]


async def test_flush_of_a_full_house_comes_more_seldom_and_loses_nothing(publisher, published, monkeypatch):
    most_per_s = 60
    monkeypatch.setattr("arena.answers.publisher.MAX_EVENT_LISTS_PER_S", most_per_s)
    turns = [live_turn() for _ in range(60)]
    for text in ("Hello", " there"):
        for turn in turns:
            say(turn, "a", text)
        await publisher.flush(turns)
    assert [len(published(turn)) for turn in turns] == [1] * 60

    await asyncio.sleep(60 / most_per_s)
    await publisher.flush(turns)

    assert {view_of(published(turn)).side(1, "a").text for turn in turns} == {"Hello there"}


async def test_flush_writes_one_entry_for_all_turns(publisher, valkey):
    turns = [live_turn() for _ in range(3)]
    for turn in turns:
        say(turn, "a", "Hello")

    await publisher.flush(turns)

    [(_, entry)] = valkey.xrange(EVENT_STREAM)
    assert len(entry) == 3


async def test_flush_joins_the_events_of_two_turns_of_a_battle(publisher, published):
    battle = uuid4()
    first, second = (live_turn(number=number, battle_id=battle) for number in (1, 2))
    first.unsent.append(["state", "ready"])
    say(second, "a", "Hello")

    await publisher.flush([first, second])

    assert [[event[0] for event in entry] for entry in published(battle)] == [["state", "delta"]]


async def test_flush_keeps_events_for_a_minute_and_drops_older_ones_while_more_follow(publisher, valkey, monkeypatch):
    turn = live_turn()
    monkeypatch.setattr("arena.answers.publisher.RETENTION_S", 0.05)
    for number in range(250):
        say(turn, "a", str(number))
        await publisher.flush([turn])
    await asyncio.sleep(0.1)
    for text in ("one", "more"):
        say(turn, "a", text)
        await publisher.flush([turn])

    assert 0 < valkey.ttl(EVENT_STREAM) <= STREAM_TTL_S == 60
    assert valkey.xlen(EVENT_STREAM) <= 102  # Redis drops nodes of 100 entries


async def test_flush_after_a_quiet_minute_says_only_what_is_new(publisher, published, valkey):
    turn = live_turn()
    say(turn, "a", "Hello")
    await publisher.flush([turn])
    valkey.delete(EVENT_STREAM)
    publisher.flushed_at -= STREAM_TTL_S

    say(turn, "a", " there")
    await publisher.flush([turn])

    assert published(turn) == [[["delta", 1, "a", turn.sides["a"].tag, 5, " there"]]]


async def test_flush_after_an_outage_says_everything_again(publisher, published, valkey):
    turn = live_turn()
    say(turn, "a", "Hello")
    await publisher.flush([turn])
    real, publisher.redis = publisher.redis, Redis.from_url("unix:///nobody/at/home.sock")
    say(turn, "a", " there")
    turn.unsent.append(["state", "ready"])
    await publisher.flush([turn])
    assert (turn.resend_all, turn.unsent) == (True, [["state", "ready"]])

    await publisher.redis.aclose()
    publisher.redis, publisher.paused_until = real, 0.0
    await publisher.flush([turn])

    assert published(turn)[-1] == [["delta", 1, "a", turn.sides["a"].tag, 0, "Hello there"], ["state", "ready"]]
    assert view_of(published(turn)).side(1, "a").text == "Hello there"
    assert (turn.resend_all, turn.unsent) == (False, [])


async def test_flush_does_not_ask_again_at_once_while_nobody_answers(nobody, caplog):
    publisher, turn = Publisher(), live_turn()
    say(turn, "a", "Hello")

    for _ in range(5):
        await publisher.flush([turn])

    assert caplog.text.count("cannot be published") == 1
    assert turn.resend_all
    await close(publisher)


async def test_flush_into_an_emptied_store_says_everything_again(publisher, published, valkey):
    turn = live_turn()
    say(turn, "a", "Hello")
    say(turn, "b", "Yes")
    await publisher.flush([turn])
    valkey.delete(EVENT_STREAM)

    say(turn, "a", " there")
    turn.unsent.append(["state", "ready"])
    for _ in range(2):
        await publisher.flush([turn])

    view = view_of(published(turn))
    assert (view.side(1, "a").text, view.side(1, "b").text, view.state) == ("Hello there", "Yes", "ready")
    assert valkey.ttl(EVENT_STREAM) > 0
    assert turn.unsent == []


async def test_flush_holds_on_to_what_is_on_its_way(tmp_path):
    """Events stay unsent until Redis has answered: the engine waits for that."""
    turn, asked = live_turn(), asyncio.Event()

    async def freeze(reader, writer):
        await reader.read(1)
        asked.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_unix_server(freeze, tmp_path / "frozen.sock")
    publisher = Publisher()
    publisher.redis = Redis.from_url(f"unix://{tmp_path}/frozen.sock")
    turn.unsent.append(["state", "ready"])
    flushing = asyncio.create_task(publisher.flush([turn]))
    await asyncio.wait_for(asked.wait(), 30)

    assert turn.unsent == [["state", "ready"]]

    flushing.cancel()
    await asyncio.gather(flushing, return_exceptions=True)
    await close(publisher)
    server.close()
    await server.wait_closed()


async def test_flush_to_a_server_that_hangs_up_loses_nothing(tmp_path, published):
    async def hang_up(reader, writer):
        await reader.read(1)
        writer.close()

    server = await asyncio.start_unix_server(hang_up, tmp_path / "rude.sock")
    publisher, turns = Publisher(), [live_turn(), live_turn()]
    real, publisher.redis = publisher.redis, Redis.from_url(f"unix://{tmp_path}/rude.sock")
    for turn in turns:
        say(turn, "a", "Hello")
        turn.unsent.append(["state", "ready"])
    await publisher.flush(turns)
    await publisher.redis.aclose()
    server.close()
    await server.wait_closed()

    publisher.redis, publisher.paused_until = real, 0.0
    await publisher.flush(turns)
    await close(publisher)

    for turn in turns:
        view = view_of(published(turn))
        assert (view.side(1, "a").text, view.state) == ("Hello", "ready")


async def test_flush_leaves_what_is_added_meanwhile_for_the_next_one(publisher, published):
    turn = live_turn()
    say(turn, "a", "Hello")
    flushing = asyncio.create_task(publisher.flush([turn]))
    await asyncio.sleep(0)
    turn.unsent.append(["state", "ready"])
    await flushing
    await publisher.flush([turn])

    assert [event[0] for entry in published(turn) for event in entry] == ["delta", "state"]


async def test_flush_of_another_attempt_replaces_the_first_for_readers(publisher, published):
    battle = uuid4()
    first, second = live_turn(battle_id=battle), live_turn(battle_id=battle, attempt=2)
    say(first, "a", "Old text")
    await publisher.flush([first])
    say(second, "a", "New")
    await publisher.flush([second])

    assert view_of(published(battle)).side(1, "a") == SideView(second.sides["a"].tag, "New")


async def test_stops_gives_battles_that_were_asked_to_stop(publisher):
    battles = [str(uuid4()) for _ in range(3)]
    waiting = asyncio.create_task(publisher.read_stops())
    async with asyncio.timeout(30):
        while publisher.last_stop_id is None:
            await asyncio.sleep(0.01)
    announcements.request_stop(battles[0])
    assert battles[0] in await waiting

    for battle in battles[1:]:
        announcements.request_stop(battle)

    assert set(battles[1:]) <= set(await publisher.read_stops())


async def test_stop_that_comes_between_two_looks_is_seen(publisher):
    announcements.request_stop("an earlier one")
    assert await publisher.read_stops() == []

    announcements.request_stop("one between")

    assert await publisher.read_stops() == ["one between"]


async def test_stops_are_none_while_nobody_answers(nobody):
    publisher = Publisher()

    assert await publisher.read_stops() == []
    await close(publisher)
