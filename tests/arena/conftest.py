import asyncio
from dataclasses import replace
from uuid import uuid4

import orjson
import pytest
from django.core.cache import cache

from arena.answers import stream_hub
from arena.answers.announcements import EVENT_STREAM
from arena.answers.live_turn import LiveTurn
from arena.identity.limits import LIMITS
from core.storage.redis_clients import get_redis_client
from core.storage.shared_slots import SharedSlots
from tests import factories
from tests.arena.questions import forget
from tests.fake_provider import FakeProvider


@pytest.fixture
def uncharged():
    """Reset all limits, so that other tests do not count toward them."""
    forget("limit:*", "slots:*")


@pytest.fixture
def allow(uncharged, settings):
    """Return a function that sets the hourly battles per voter and per address, and other settings."""

    def set_limits(each=0, together=0, **more):
        limits = {"arena_battles_per_hour": each, "arena_battles_per_hour_address": together}
        settings.ENVIRONMENT = replace(settings.ENVIRONMENT, **limits, **more)

    return set_limits


@pytest.fixture
def an_hour(monkeypatch):
    """Return a function that sets rates per voter, with ten times as much per address."""

    def set_limits(number, *names):
        for name in names:
            row = replace(LIMITS[name], per_voter=number, per_address=10 * number, burst_s=3600)
            monkeypatch.setitem(LIMITS, name, row)

    return set_limits


@pytest.fixture
def no_attempts():
    """Reset the limits on passwords, so that other tests do not count toward them."""
    cache.clear()


@pytest.fixture
def voter():
    return factories.voter()


@pytest.fixture(scope="module")
def provider():
    with FakeProvider() as server:
        yield server


@pytest.fixture
def published(valkey):
    """Return a function that returns the events of a battle, entry by entry."""

    def read(turn):
        key = str(turn.job.battle_id if isinstance(turn, LiveTurn) else turn).encode()
        return [orjson.loads(entry[key]) for _, entry in valkey.xrange(EVENT_STREAM) if key in entry]

    return read


@pytest.fixture
def nobody(settings, tmp_path):
    """Point Redis at a URL where no server listens."""
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"
    get_redis_client.cache_clear()
    yield settings.REDIS_URL
    get_redis_client.cache_clear()


async def close(hub):
    if hub.task:
        hub.task.cancel()
        await asyncio.gather(hub.task, return_exceptions=True)
    await hub.redis.aclose()
    await hub.join_redis.aclose()


@pytest.fixture
async def hub():
    """Return a web process's hub, in this test's event loop."""
    battle_hub = stream_hub.BattleHub()
    battle_hub.open_slots = SharedSlots(f"test {uuid4()}")  # so that other tests' open streams do not count
    yield battle_hub
    await close(battle_hub)


@pytest.fixture
async def web(hub):
    """Return this test's hub, which the views use too."""
    stream_hub._hub = hub
    yield hub
    stream_hub._hub = None
