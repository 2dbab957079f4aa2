"""Keeps the local models whose server is down out of the draw, until the supervisor has it running again."""

import asyncio
from collections.abc import Iterable

import psycopg

from config.supervisor import http_ok

LOOK_S = 0.5
# Far away; the next look, or the next start, takes it back.
OUT = "UPDATE arena_endpoint SET closed_until = now() + interval '1 hour' WHERE base_url LIKE %s"
IN = "UPDATE arena_endpoint SET closed_until = NULL, failures = 0 WHERE base_url LIKE %s"


async def watch(ports: Iterable[int], database: str) -> None:
    """Look at the model servers on these ports, all of them up now, until this task is cancelled."""
    up = dict.fromkeys(ports, True)
    while True:
        for port, was_up in up.items():
            if (is_up := await http_ok(port, "/health")) != was_up and await _switch(database, port, is_up=is_up):
                up[port] = is_up
        await asyncio.sleep(LOOK_S)


async def _switch(database: str, port: int, *, is_up: bool) -> bool:
    try:
        async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
            await connection.execute(IN if is_up else OUT, [f"http://127.0.0.1:{port}/%"])
    except psycopg.OperationalError:
        return False  # the next look tries again
    return True
