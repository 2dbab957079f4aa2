"""Streams of battles: from a worker's Publisher over a real Valkey, or from the database, to each connection."""

import asyncio
import gc
from collections import Counter
from contextlib import aclosing, suppress
from dataclasses import replace
from uuid import uuid4

import orjson
import pytest
from django.test import AsyncClient

from arena.answers import battle_view, stream_hub
from arena.answers.announcements import EVENT_STREAM, announce_events, derive_attempt_tag
from arena.answers.leases import AnswerLease, extend_leases
from arena.answers.live_turn import LiveTurn
from arena.answers.publisher import Publisher
from arena.answers.stream_events import Position
from arena.identity import voters
from arena.models import Answer, Battle
from config.server.view_limit import ViewLimit, build_django_application
from core.http import sse
from tests.arena import factories
from tests.arena.answers import turns
from tests.arena.answers.turns import live_turn, say
from tests.arena.conftest import close
from tests.arena.factories import FAILED, FINISHED, RUNNING
from tests.remote_clients import of_address

pytestmark = pytest.mark.django_db(transaction=True)


async def follow(hub, slot, battle_id, position):
    view = await battle_view.load_battle_view_async(battle_id)
    async with aclosing(hub.follow(slot, battle_id, view, position)) as events:
        async for chunk in events:
            yield chunk


class Page:
    """A browser with an open stream: its visible texts, and the id from which it would reconnect."""

    def __init__(self, hub, battle, voter=None, last=""):
        self.hub, self.battle, self.voter = hub, battle, voter or uuid4()
        self.text, self.names, self.last, self.comments = {}, [], last, 0
        self.open()

    def open(self):
        """Connect, or reconnect like a browser."""
        slot = self.hub.admit({str(self.voter): 100})
        self.content = follow(self.hub, slot, self.battle.pk, Position.parse(self.last))

    async def read(self):
        """The events of the next chunk; none at the end of the stream."""
        async with asyncio.timeout(30):
            piece = await anext(self.content, b"")
        self.take(piece)
        return bool(piece)

    def take(self, piece):
        for block in piece.decode().split("\n\n")[:-1]:
            self._take_event(block)

    def _take_event(self, block):
        if block.startswith(":"):
            self.comments += 1
            return
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        self.last = fields["id"]
        self.names.append(fields["event"])
        data = orjson.loads(fields["data"])
        where = data.get("turn"), data.get("side")
        if fields["event"] == "reset":
            self.text.pop(where, None)
        elif fields["event"] == "delta":
            self.text[where] = self.text.get(where, "") + data["text"]

    async def until(self, condition):
        while not condition():
            assert await self.read(), f"the stream ended; {self.names}"

    async def shows(self, side, text, turn=1):
        await self.until(lambda: self.text.get((turn, side)) == text)

    async def close(self):
        await self.content.aclose()


def _as_stored(job, answer_id, attempt):
    return replace(job, answer_id=answer_id, attempt=attempt, tag=derive_attempt_tag(answer_id, attempt))


class Worker:
    """Runs a turn of a stored battle and publishes the text of its sides."""

    def __init__(self, turn, attempt=1):
        job_turn = live_turn(number=turn.number, battle_id=turn.battle_id)
        answers = {answer.side: answer.pk for answer in turn.answers.all()}
        sides = tuple(_as_stored(job, answers[job.side], attempt) for job in job_turn.job.sides)
        self.turn = LiveTurn(replace(job_turn.job, sides=sides))
        self.publisher = Publisher()

    async def say(self, side, text):
        say(self.turn, side, text)
        await self.flush()

    async def flush(self):
        for _ in range(2):
            await self.publisher.flush([self.turn])

    async def tell(self, *events):
        self.turn.unsent += events
        await self.flush()

    def held(self, side):
        job = self.turn.sides[side].job
        return AnswerLease(job.answer_id, job.attempt, self.turn.sides[side].text())


@pytest.fixture
def battle():
    return factories.battle("answering", a=RUNNING, b=RUNNING)


@pytest.fixture
def work(battle, in_database):
    """Starts a worker that runs a turn."""

    async def start(attempt=1, of=None):
        return await in_database(lambda: Worker(of or battle.turns.get(), attempt))

    return start


@pytest.fixture
async def worker(work):
    worker = await work()
    yield worker
    await turns.close(worker.publisher)


@pytest.fixture
async def page(hub, battle):
    page = Page(hub, battle)
    yield page
    await page.close()


async def test_follow_brings_what_a_worker_publishes_and_a_late_reader_gets_everything(hub, battle, page, worker):
    await worker.say("a", "Hel")
    await page.shows("a", "Hel")
    await worker.say("a", "lo")
    await worker.say("b", "Yes 🙂")

    await page.shows("a", "Hello")
    await page.shows("b", "Yes 🙂")
    assert set(page.names) == {"delta"}
    late = Page(hub, battle)
    await late.shows("a", "Hello")
    await late.close()


async def eventually(condition):
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)


async def test_follow_continues_where_a_reader_was_cut_off(page, worker):
    await worker.say("a", "Hello")
    await page.shows("a", "Hello")
    await page.close()
    await worker.say("a", " there")
    await worker.say("b", "Yes")

    page.open()
    await page.shows("a", "Hello there")
    await page.shows("b", "Yes")

    assert "reset" not in page.names


async def test_follow_continues_in_another_web_process(battle, page, worker):
    await worker.say("a", "Hello")
    await page.shows("a", "Hello")
    await page.close()

    page.hub = stream_hub.BattleHub()
    page.open()
    await worker.say("a", " there")
    await page.shows("a", "Hello there")

    assert "reset" not in page.names
    await page.close()
    await close(page.hub)


class DelayedRedis:
    """A client whose responses arrive late: once `release` is set."""

    def __init__(self, redis):
        self.redis = redis
        self.aclose = redis.aclose
        self.responded, self.release = asyncio.Event(), asyncio.Event()

    async def xread(self, *arguments, **options):
        responses = await self.redis.xread(*arguments, **options)
        self.responded.set()
        await self.release.wait()
        return responses


async def test_follow_misses_nothing_if_the_hub_falls_idle_while_a_reader_comes_back(hub, page, worker):
    await worker.say("a", "Hello")
    await page.shows("a", "Hello")
    await page.close()
    hub.join_redis = delayed = DelayedRedis(hub.join_redis)
    page.open()
    reading = asyncio.create_task(page.read())
    await delayed.responded.wait()
    announce_events(uuid4(), ["state", "voted"])  # wakes the hub, which has no readers at this moment
    await eventually(lambda: hub.last_id == stream_hub.FIRST_ID)
    delayed.release.set()
    await worker.say("a", " there")
    assert await reading
    await page.shows("a", "Hello there")

    assert page.names == ["delta", "delta"]


async def test_follow_serves_many_readers_with_one_look(hub, battle, worker):
    pages = [Page(hub, battle) for _ in range(20)]
    await worker.say("a", "Hello")

    await asyncio.gather(*(page.shows("a", "Hello") for page in pages))

    assert len(hub.followed) == 1
    await asyncio.gather(*(page.close() for page in pages))
    assert hub.followed == {}
    assert len(hub.open_slots) == 0


async def test_follow_goes_on_after_the_store_was_emptied(page, worker, valkey, battle):
    await worker.say("a", "Hello")
    await page.shows("a", "Hello")
    valkey.delete(EVENT_STREAM)

    await worker.say("a", " there")
    await page.shows("a", "Hello there")

    assert "reset" not in page.names


async def test_follow_of_an_emptied_store_gives_a_new_reader_everything_too(hub, battle, worker, valkey):
    await worker.say("a", "Hello")
    valkey.delete(EVENT_STREAM)
    await worker.say("a", " there")

    late = Page(hub, battle)
    await late.shows("a", "Hello there")
    await late.close()


async def test_follow_fills_a_gap_from_the_database(page, worker, valkey, battle, in_database):
    """Redis was emptied, and a later event filled it again before the worker noticed."""
    await worker.say("a", "Hello")
    await page.shows("a", "Hello")
    await page.close()
    valkey.delete(EVENT_STREAM)
    say(worker.turn, "a", " there")
    await in_database(extend_leases, [[worker.held("a")]])
    announce_events(battle.pk, *worker.turn.unsent)

    page.open()
    await page.shows("a", "Hello there")

    assert "reset" not in page.names


async def test_follow_fills_a_gap_of_an_open_page_from_the_database_and_the_latest_events(
    page, worker, hub, in_database
):
    await worker.say("a", "Hello")
    await page.shows("a", "Hello")
    say(worker.turn, "a", " there")
    worker.turn.unsent.clear()  # lost
    lease = worker.held("a")
    await worker.say("a", "!")
    await eventually(lambda: len(hub.recent_entries) == 2)
    await in_database(extend_leases, [[lease]])

    await worker.say("a", "!")
    await page.shows("a", "Hello there!!")

    assert "reset" not in page.names


@pytest.mark.parametrize("reads_per_s", [5000, 2], ids=["while-it-reads", "while-it-pauses"])
async def test_follow_goes_on_with_another_store_whose_clock_is_behind(hub, page, worker, monkeypatch, reads_per_s):
    monkeypatch.setattr(stream_hub, "RETRY_DELAY_S", 0.05)
    monkeypatch.setattr(stream_hub, "MAX_SENT_PER_S", reads_per_s)
    await worker.say("a", "Hello")
    await page.shows("a", "Hello")
    hub.last_id = b"9999999999999-0"
    await worker.say("a", " there")
    await hub.redis.connection_pool.disconnect()

    await worker.say("a", "!")
    await page.shows("a", "Hello there!")

    assert "reset" not in page.names


async def test_page_that_opens_late_is_not_taken_back_by_recent_events(hub, battle, page, worker, in_database):
    """Redis has events of an earlier attempt, and has lost those after it."""
    await worker.say("a", "Old text")
    await page.shows("a", "Old text")
    announce_events(battle.pk, ["failed", 1, "b", worker.turn.sides["b"].tag, 0, "unavailable"])
    await page.until(lambda: "failed" in page.names)
    ended = FINISHED | {"attempt": 2, "text": "New text"}
    await in_database(lambda: Answer.objects.filter(turn__battle=battle).update(**ended))
    await in_database(lambda: Battle.objects.update(state="ready"))
    await page.close()

    late = Page(hub, battle)
    await late.until(lambda: "ready" in late.names)

    assert late.names == ["delta", "done", "delta", "done", "ready"]
    assert set(late.text.values()) == {"New text"}
    await late.close()


async def test_hub_keeps_the_latest_events_only(hub, page, worker, monkeypatch):
    monkeypatch.setattr(stream_hub, "RETENTION_S", 0.1)
    for number in range(5):
        await worker.say("a", str(number))
        await page.shows("a", "01234"[: number + 1])
    assert hub.recent_entries

    await eventually(lambda: not hub.recent_entries)


async def test_follow_reads_from_the_database_what_was_stored_before(hub, in_database):
    battle = await in_database(lambda: factories.battle("ready", a=FINISHED | {"text": "*Hi*"}, b=FINISHED))
    page = Page(hub, battle)

    await page.until(lambda: "ready" in page.names)

    assert page.names == ["delta", "done", "delta", "done", "ready"]
    assert page.text == {(1, "a"): "*Hi*", (1, "b"): FINISHED["text"]}
    await page.close()


async def test_follow_says_reset_when_another_attempt_follows(page, worker, work, in_database, battle):
    await worker.say("a", "Old text")
    await page.shows("a", "Old text")
    await in_database(lambda: Answer.objects.filter(turn__battle=battle).update(attempt=2))
    second = await work(attempt=2)

    await second.say("a", "New")
    await page.shows("a", "New")

    assert page.names.count("reset") == 1
    await turns.close(second.publisher)


async def test_follow_goes_over_to_the_next_turn(page, worker, work, battle, in_database):
    ends = [["done", 1, side, worker.turn.sides[side].tag, 1, "<p>x</p>"] for side in "ab"]
    await worker.say("a", "x")
    await worker.say("b", "y")
    await worker.tell(*ends, ["state", "ready"])
    await page.until(lambda: "ready" in page.names)

    turn = await in_database(lambda: factories.turn(battle, 2, a=RUNNING, b=RUNNING))
    announce_events(battle.pk, ["state", "answering"])
    second = await work(of=turn)
    await second.say("b", "More")
    await page.shows("b", "More", turn=2)

    assert page.names[-1] == "delta"
    await turns.close(second.publisher)


@pytest.mark.parametrize(("state", "name"), [("voted", "voted"), ("skipped", "void"), ("expired", "void")])
async def test_follow_ends_with_the_battle(hub, in_database, state, name):
    battle = await in_database(lambda: factories.battle("ready"))
    page = Page(hub, battle)
    await page.until(lambda: "ready" in page.names)

    announce_events(battle.pk, ["state", state])
    await page.until(lambda: name in page.names)

    assert not await page.read()
    assert hub.followed == {}


@pytest.mark.parametrize("state", ["voted", "skipped", "expired"])
async def test_follow_of_a_battle_that_is_over_ends_at_once(hub, in_database, state):
    battle = await in_database(lambda: factories.battle(state))
    page = Page(hub, battle)
    while await page.read():
        pass
    count = len(page.names)

    page.open()

    assert not await page.read()
    assert count == len(page.names) == (6 if state == "voted" else 5)


async def test_follow_of_a_void_battle_stays_open_for_a_retry(hub, in_database):
    battle = await in_database(lambda: factories.battle("void", b=FAILED))
    page = Page(hub, battle)
    await page.until(lambda: "void" in page.names)

    await in_database(lambda: Battle.objects.filter(pk=battle.pk).update(state="answering"))
    announce_events(battle.pk, ["state", "answering"])
    # In the hub's first read, the text of another attempt could be older than the failure, and a new connection reloads
    # all views.
    [followed] = hub.followed.values()
    await eventually(lambda: followed.view.state == "answering" and not hub.outdated)
    answer = await in_database(lambda: Answer.objects.get(turn__battle=battle, side="b"))
    announce_events(battle.pk, ["delta", 1, "b", derive_attempt_tag(answer.pk, 2), 0, "Now"])
    await page.shows("b", "Now")

    assert page.names[-2:] == ["reset", "delta"]
    await page.close()


@pytest.mark.parametrize("max_quiet_s", [0.02, 60])
async def test_follow_sends_a_comment_while_the_models_are_silent(monkeypatch, page, max_quiet_s):
    """Queries of the database for an unpublished end wake the reader, but must not delay the comment."""
    monkeypatch.setattr(stream_hub, "MAX_QUIET_S", max_quiet_s)
    monkeypatch.setattr(stream_hub, "HEARTBEAT_S", 0.3)
    page.hub.check_interval_s = 0.02

    await page.until(lambda: page.comments >= 2)

    assert page.names == []


async def test_follow_lets_go_of_a_connection_after_a_while(monkeypatch, page):
    monkeypatch.setattr(stream_hub, "MAX_STREAM_S", 0.05)
    monkeypatch.setattr(stream_hub, "HEARTBEAT_S", 0.05)
    page.hub.check_interval_s = 0.02
    while await page.read():
        pass

    assert page.comments == 1


async def test_follow_asks_the_database_when_a_worker_is_silent(monkeypatch, page, battle, in_database):
    """A worker may have died between saving an end and publishing it."""
    monkeypatch.setattr(stream_hub, "MAX_QUIET_S", 0.1)
    await asyncio.sleep(0)
    reading = asyncio.create_task(page.until(lambda: "ready" in page.names))
    await asyncio.sleep(0.2)
    await in_database(lambda: Answer.objects.filter(turn__battle=battle).update(**FINISHED))
    await in_database(lambda: Battle.objects.update(state="ready"))

    await asyncio.wait_for(reading, 30)


async def test_follow_takes_nothing_back_because_the_database_lags(monkeypatch, page, worker, hub, battle):
    await worker.say("a", "Hello")
    await page.shows("a", "Hello")
    monkeypatch.setattr(stream_hub, "MAX_QUIET_S", 0.05)
    before = hub.followed[str(battle.pk).encode()].view
    await eventually(lambda: hub.followed[str(battle.pk).encode()].view is not before)

    await worker.say("a", " there")
    await page.shows("a", "Hello there")

    assert set(page.names) == {"delta"}


async def test_follow_survives_a_valkey_that_is_away(settings, tmp_path, battle, in_database, monkeypatch):
    monkeypatch.setattr(stream_hub, "RETRY_DELAY_S", 0.05)
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"
    hub = stream_hub.BattleHub()
    page = Page(hub, battle)
    await in_database(lambda: Answer.objects.filter(turn__battle=battle, side="a").update(text="Hello"))
    await page.shows("a", "Hello")
    await in_database(lambda: Answer.objects.filter(turn__battle=battle).update(**FINISHED | {"text": "Hello you"}))
    await in_database(lambda: Battle.objects.update(state="ready"))

    await page.until(lambda: "ready" in page.names)

    assert page.text[1, "a"] == "Hello you"
    assert "reset" not in page.names
    await page.close()
    await close(hub)


async def test_open_streams_hold_no_connection_of_the_database(hub, in_database):
    """The whole process has twelve connections."""
    battles = [await in_database(lambda: factories.battle("ready")) for _ in range(24)]
    pages = [Page(hub, battle) for battle in battles]
    await asyncio.gather(*(page.until(lambda page=page: "ready" in page.names) for page in pages))

    async with asyncio.timeout(30):
        assert await in_database(Battle.objects.count) == 24

    await asyncio.gather(*(page.close() for page in pages))


def me(battle):
    client = AsyncClient()
    client.cookies[voters.VOTER_COOKIE] = voters.cookie_signer.sign(str(battle.voter_id))
    return client


@pytest.mark.parametrize("by", ["header", "query"])
async def test_events_continue_from_the_id_that_a_browser_sends(web, battle, worker, by):
    await worker.say("a", "Hello")
    position = f"1.{worker.turn.sides['a'].tag}-2-0.-0-0.0"
    path = f"/api/v1/battles/{battle.pk}/events"
    headers = {"Last-Event-ID": position} if by == "header" else {}

    answer = await me(battle).get(path + ("" if headers else f"?from={position}"), headers=headers)
    content = aiter(answer.streaming_content)
    piece = await anext(content)
    await content.aclose()

    assert answer.headers["Content-Type"] == "text/event-stream"
    assert (answer.headers["Cache-Control"], answer.headers["X-Accel-Buffering"]) == ("no-store", "no")
    assert b'"text":"llo"' in piece


async def test_events_are_refused_to_a_voter_who_has_too_many_open(web, battle, worker, settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_streams_per_voter=2)
    await worker.say("a", "Hello")
    pages = [Page(web, battle, voter=battle.voter_id) for _ in range(2)]
    await asyncio.gather(*(page.shows("a", "Hello") for page in pages))
    path = f"/api/v1/battles/{battle.pk}/events"

    refused = await me(battle).get(path)
    await pages[0].close()
    admitted = await me(battle).get(path)

    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "5")
    assert refused.json()["error"]["code"] == "too_many_streams"
    assert admitted.status_code == 200
    await pages[1].close()


@pytest.mark.parametrize(("step", "admitted"), [(0, 10), (1, 20), (256, 40)])
async def test_events_are_limited_by_address_and_networks(web, settings, in_database, step, admitted):
    """334 cookies from one address occupied all streams of a process, and everybody else got 503."""
    limits = {"arena_streams_per_voter": 1, "arena_battles_per_hour_address": 300}
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, **limits)
    battles = [await in_database(factories.battle, "answering") for _ in range(admitted + 2)]

    async def follow(number, battle):
        client = of_address(f"2001:db8:1:{number * step:x}::1")
        client.cookies = me(battle).cookies
        return await client.get(f"/api/v1/battles/{battle.pk}/events")

    answers = [await follow(*numbered) for numbered in enumerate(battles)]

    assert [answer.status_code for answer in answers] == [200] * admitted + [429] * 2


async def ask_together(battle, times):
    """Several requests of one voter at once, before any of them is read."""
    client = me(battle)
    return await asyncio.gather(*(client.get(f"/api/v1/battles/{battle.pk}/events") for _ in range(times)))


async def test_events_are_limited_for_requests_that_come_all_at_once(web, battle):
    answers = await ask_together(battle, 30)

    assert Counter(answer.status_code for answer in answers) == {200: 6, 429: 24}


async def test_events_that_nobody_began_to_read_hold_no_place(web, battle):
    answers = await ask_together(battle, 6)
    assert len(web.open_slots) == 6

    for answer in answers:
        answer.close()

    assert len(web.open_slots) == 0


@pytest.mark.parametrize("read", ["whole", "cut off", "cut off before the first event"])
async def test_events_hold_a_place_for_as_long_as_they_are_read(web, in_database, read):
    battle = await in_database(lambda: factories.battle("voted" if read == "whole" else "ready"))
    answer = await me(battle).get(f"/api/v1/battles/{battle.pk}/events")
    content = aiter(answer.streaming_content)
    reading = asyncio.ensure_future(anext(content))
    if read != "cut off before the first event":
        await reading
        assert len(web.open_slots) == 1
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    if read == "whole":
        assert [piece async for piece in content] == []
    await content.aclose()
    answer.close()

    assert len(web.open_slots) == 0


@pytest.mark.parametrize("steps", range(0, 40, 2))
async def test_events_cut_off_at_any_moment_hold_no_place(web, battle, steps):
    """Before the response exists, while it passes the middleware, and at the first read from Redis."""
    request = iter([{"type": "http.request", "body": b""}])

    async def receive():
        if message := next(request, None):
            return message
        while not web.open_slots:
            await asyncio.sleep(0)
        for _ in range(steps):
            await asyncio.sleep(0)
        return {"type": "http.disconnect"}

    async def send(message):
        pass

    cookie = f"{voters.VOTER_COOKIE}={voters.cookie_signer.sign(str(battle.voter_id))}".encode()
    path = f"/api/v1/battles/{battle.pk}/events"
    scope = {"type": "http", "method": "GET", "path": path, "headers": [(b"host", b"localhost"), (b"cookie", cookie)]}
    async with asyncio.timeout(30):
        await ViewLimit(build_django_application())({**scope, "query_string": b""}, receive, send)
    gc.collect()

    assert len(web.open_slots) == 0


class Swallowing(stream_hub.BattleHub):
    """A hub whose Redis client swallows a cancellation during a command, as redis-py may on Python 3.11."""

    def __init__(self):
        super().__init__()
        self.asked = asyncio.Event()

    async def _read_stream(self, *options):
        self.asked.set()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(1000)


async def test_follow_ends_for_whom_is_gone_though_nobody_heard_of_it(battle):
    hub = Swallowing()
    page = Page(hub, battle, last=f"1.{'x' * 8}-2-0.-0-0.0")
    reading = asyncio.create_task(page.read())
    await hub.asked.wait()
    reading.cancel()

    async with asyncio.timeout(30):
        assert not await reading
    await close(hub)

    assert len(hub.open_slots) == len(hub.followed) == 0


async def test_events_are_refused_where_too_many_are_read(monkeypatch, web, battle):
    monkeypatch.setattr(sse, "MAX_OPEN_STREAMS", 3)
    slots = [web.admit({}) for _ in range(3)]
    path = f"/api/v1/battles/{battle.pk}/events"

    refused = await me(battle).get(path)
    slots.pop().release()
    admitted = await me(battle).get(path)

    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    assert refused.json()["error"]["code"] == "busy"
    assert admitted.status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_events_can_only_be_read(web, battle, method):
    """Even without a CSRF token, the answer is JSON."""
    client = AsyncClient(enforce_csrf_checks=True)
    client.cookies = me(battle).cookies
    answer = await client.generic(method, f"/api/v1/battles/{battle.pk}/events", b"{}")

    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert answer.json()["error"]["code"] == "method_not_allowed"
    assert len(web.open_slots) == 0


async def test_events_are_not_limited_where_no_limit_is_set(web, battle, worker, settings):
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, arena_streams_per_voter=0)
    await worker.say("a", "Hello")
    pages = [Page(web, battle, voter=battle.voter_id) for _ in range(10)]
    await asyncio.gather(*(page.shows("a", "Hello") for page in pages))

    assert web.admit({str(battle.voter_id): 0})
    await asyncio.gather(*(page.close() for page in pages))


async def test_events_have_a_head_that_follows_nothing_and_loads_no_answers(web, battle, monkeypatch):
    monkeypatch.setattr(battle_view, "load_voter_view", None)  # it renders all finished answers
    path = f"/api/v1/battles/{battle.pk}/events"

    answer = await me(battle).head(path)
    stranger = await of_address("192.0.2.1").head(path)

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/event-stream")
    assert b"".join(answer.streaming_content) == b""
    assert len(web.open_slots) == len(web.followed) == 0
    assert stranger.status_code == 404
