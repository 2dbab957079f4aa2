import asyncio
from dataclasses import replace
from uuid import uuid4

import orjson
import pytest

from arena.answers import stream_hub
from arena.answers.announcements import get_stream_key
from arena.answers.live_turn import LiveTurn
from arena.identity import quotas
from core.storage.redis_clients import get_redis_client
from core.storage.shared_slots import SharedSlots
from tests.arena.questions import forget


@pytest.fixture
def uncharged():
    """Reset all limits, so that no other test counts."""
    forget("limit:*", "running:*")


@pytest.fixture
def allow(uncharged, settings):
    """A function that sets the hourly battles per voter and per address, and other settings."""

    def set_limits(each=0, together=0, **more):
        limits = {"arena_battles_per_hour": each, "arena_battles_per_hour_address": together}
        settings.ENVIRONMENT = replace(settings.ENVIRONMENT, **limits, **more)

    return set_limits


@pytest.fixture
def an_hour(monkeypatch):
    """A function that sets a constant of `arena.identity.quotas`."""

    def set_limit(name, number):
        monkeypatch.setattr(quotas, name, number)

    return set_limit


@pytest.fixture
def published(valkey):
    """A function that returns all events of a battle's stream."""

    def read(turn):
        battle_id = turn.job.battle_id if isinstance(turn, LiveTurn) else turn
        return [orjson.loads(entry[b"e"]) for _, entry in valkey.xrange(get_stream_key(battle_id))]

    return read


@pytest.fixture
def nobody(settings, tmp_path):
    """A Redis address that no server answers."""
    settings.REDIS_URL = f"unix://{tmp_path}/nobody.sock"
    get_redis_client.cache_clear()
    yield settings.REDIS_URL
    get_redis_client.cache_clear()


async def close(hub):
    if hub.task:
        hub.task.cancel()
        await asyncio.gather(hub.task, return_exceptions=True)
    await hub.redis.aclose()


@pytest.fixture
async def hub():
    """The hub of a web process in the event loop of this test."""
    battle_hub = stream_hub.BattleHub()
    battle_hub.open_slots = SharedSlots(f"test {uuid4()}")  # so that open streams of no other test count
    yield battle_hub
    await close(battle_hub)


@pytest.fixture
async def web(hub):
    """The hub of this test, which the views use too."""
    stream_hub._hub = hub
    yield hub
    stream_hub._hub = None
