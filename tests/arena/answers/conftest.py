import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest
from django.db import OperationalError

from arena.answers import leases
from arena.answers.db_batcher import DatabaseUnreachable
from arena.answers.engine import Engine
from tests import factories as common
from tests.arena.answers import turns
from tests.processes import eventually


def away(arguments):
    raise OperationalError("the test is over")


def shut(engine):
    """Stop the engine and release its connections, so that the database can be emptied."""

    async def end():
        # A library may swallow a cancellation that comes together with its own timeout; then a second one is needed.
        while tasks := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=1)
        with suppress(DatabaseUnreachable):
            await engine.batcher.call(away, None)
        await turns.close(engine.publisher)
        await engine.runner.session.close()
        await engine.loop.shutdown_default_executor()

    asyncio.run_coroutine_threadsafe(end(), engine.loop).result(10)
    engine.loop.call_soon_threadsafe(engine.loop.stop)
    assert eventually(lambda: not engine.loop.is_running())
    engine.loop.close()


@pytest.fixture
def engines(settings, monkeypatch):
    """Starts workers with heartbeats ten times as frequent as in production."""
    settings.ENVIRONMENT = replace(
        settings.ENVIRONMENT,
        arena_allow_private_endpoints=("127.0.0.0/8",),
        arena_pace_anonymous=True,
        arena_first_token_timeout_s=3,
        arena_between_tokens_timeout_s=3,
        arena_answer_timeout_s=10,
    )
    monkeypatch.setattr(leases, "HEARTBEAT_S", 0.2)
    started = []

    def make():
        started.append(Engine())
        return started[-1]

    yield make
    for engine in started:
        shut(engine)


@pytest.fixture
def engine(engines):
    return engines()


@pytest.fixture
def served(provider):
    """Creates a model that the fake provider serves under this name."""
    provider.forget()

    def make(name, **fields):
        return common.fighter(kind="openai", base_url=provider.base_url, upstream_id=name, **fields)

    return make
