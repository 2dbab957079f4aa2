"""Removes local models from the draw while their servers are down, and lists the other models."""

import asyncio
from collections.abc import Collection, Iterable

import psycopg

from launcher.supervisor import is_http_ok

POLL_S = 0.5
# These make the same updates as failed and passed probes (see `arena.endpoints.circuit_breaker`). If a probe is
# running, its result is ignored.
MARK_DOWN_SQL = (
    "UPDATE arena_endpoint SET failed_probes = 2, probe_after = now() + interval '30 s' WHERE base_url LIKE %s"
)
MARK_UP_SQL = "UPDATE arena_endpoint SET failed_probes = 0, probe_after = now() WHERE base_url LIKE %s"

LIST_OTHERS_SQL = """
    SELECT slug FROM arena_contestant
    WHERE enabled AND retired_at IS NULL AND endpoint_id IS NOT NULL AND slug <> ALL(%s) ORDER BY slug"""


async def list_other_models(database: str, local_slugs: Collection[str]) -> list[str]:
    """Return the slugs of the enabled models that are not local, or none if the database is unavailable."""
    try:
        async with await psycopg.AsyncConnection.connect(database) as connection:
            cursor = await connection.execute(LIST_OTHERS_SQL, [list(local_slugs)])
            return [slug for (slug,) in await cursor.fetchall()]
    except psycopg.OperationalError:
        return []


async def watch_models(ports: Iterable[int], database: str) -> None:
    """Check the model servers on these ports until this task is canceled. All servers must be up at the start."""
    is_up_by_port = dict.fromkeys(ports, True)
    while True:
        for port, was_up in is_up_by_port.items():
            is_up = await is_http_ok(port, "/health")
            if is_up != was_up and await _mark_endpoint(database, port, is_up=is_up):
                is_up_by_port[port] = is_up
        await asyncio.sleep(POLL_S)


async def _mark_endpoint(database: str, port: int, *, is_up: bool) -> bool:
    """Mark the endpoint on this port as up or down. Return False if the database is unavailable."""
    try:
        async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
            await connection.execute(MARK_UP_SQL if is_up else MARK_DOWN_SQL, [f"http://127.0.0.1:{port}/%"])
    except psycopg.OperationalError:
        return False  # the next check tries again
    return True
