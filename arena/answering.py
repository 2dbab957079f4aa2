"""One side of a turn: wait for a place, ask the model, and decide what a failure leads to."""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import AsyncIterator
from contextlib import aclosing

import aiohttp
from django.conf import settings

from arena import health, replacements
from arena.backends import BACKENDS
from arena.backends.network import session
from arena.backends.protocol import Action, BackendError, Cut, Delta, Reasoning, Timeouts, Usage
from arena.health import Called
from arena.jobs import SideJob
from arena.ledger import Ledger, Unreachable
from arena.live import LiveSide, LiveTurn

OWN_TURN_S = 60
RETRY_S = 0.3
PATIENCE_S = 8  # as long as the page waits before it asks for patience
MOST_TRIES = 3
logger = logging.getLogger(__name__)


class Answering:
    """Asks models for the turns of one process; places are limited by process and by endpoint."""

    def __init__(self, ledger: Ledger) -> None:
        env = settings.ENVIRONMENT
        self.ledger = ledger
        self.timeouts = Timeouts(
            connect=env.arena_connect_timeout_s,
            first_token=env.arena_first_token_timeout_s,
            between_tokens=env.arena_between_tokens_timeout_s,
            total=env.arena_answer_timeout_s,
        )
        self.session: aiohttp.ClientSession = session(env.arena_allow_private_endpoints, self.timeouts)
        self.places = asyncio.Semaphore(env.arena_answer_concurrency)
        self.endpoint_places: dict[tuple[int, int], asyncio.Semaphore] = {}

    async def close(self) -> None:
        await self.session.close()

    async def answer(self, turn: LiveTurn, side: LiveSide) -> None:
        """Bring the side to its end, whatever happens."""
        if side.job.tries > MOST_TRIES:
            side.end("unavailable")
            return
        try:
            await self._ask(turn, side)
            side.end()
        except BackendError as error:
            side.end(error.reason)
        except Exception:
            logger.exception("answer %s failed", side.job.answer_id)
            side.end("unavailable")

    async def _ask(self, turn: LiveTurn, side: LiveSide) -> None:
        """Ask the model; before its first word, another one if it fails."""
        try:
            await self._ask_twice(side)
        except BackendError as error:
            if not turn.job.replaceable or side.lane.began or error.reason == "refused":
                raise
            job = await self._replacement(side.job, error.reason)
            if job is None:
                raise
            side.job = job
            await self._ask_twice(side)

    async def _replacement(self, job: SideJob, reason: str) -> SideJob | None:
        with contextlib.suppress(Unreachable):
            return await self.ledger.call(replacements.replace, replacements.Replace(job, reason))
        return None

    async def _ask_twice(self, side: LiveSide) -> None:
        """Once more after a failure that may pass, if nothing has come yet."""
        try:
            await self._ask_once(side)
        except BackendError as error:
            if error.action is not Action.RETRY or side.lane.began:
                raise
            await asyncio.sleep(RETRY_S * (0.5 + random.random()))  # noqa: S311  # jitter, no secret
            await self._ask_once(side)

    async def _ask_once(self, side: LiveSide) -> None:
        async with self._own_turn(side.job):
            side.begin()
            asked = time.monotonic()
            try:
                await self._stream(side)
            except asyncio.CancelledError:
                if side.stopped and side.first_at is None and time.monotonic() - asked > PATIENCE_S:
                    self._record(Called(side.job.endpoint_id, failure="timeout"))  # its voter gave up on it
                raise
            except BackendError as error:
                logger.info("endpoint %s failed: %s, %s", side.job.endpoint_id, error.reason, error.detail)
                self._record(Called(side.job.endpoint_id, failure=error.reason))
                raise
            self._record(measured(side, asked))

    def _record(self, call: Called) -> None:
        task = asyncio.ensure_future(self.ledger.call(health.record, call))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    @contextlib.asynccontextmanager
    async def _own_turn(self, job: SideJob) -> AsyncIterator[None]:
        """Wait for a place in this process and at the endpoint; that is not first-token time."""
        async with contextlib.AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(OWN_TURN_S):
                    if job.max_concurrency:
                        await stack.enter_async_context(self._endpoint_place(job.endpoint_id, job.max_concurrency))
                    await stack.enter_async_context(self.places)
            except TimeoutError:
                raise BackendError(Action.REPLACE, "busy", "no place became free") from None
            yield

    def _endpoint_place(self, endpoint_id: int, places: int) -> asyncio.Semaphore:
        return self.endpoint_places.setdefault((endpoint_id, places), asyncio.Semaphore(places))

    async def _stream(self, side: LiveSide) -> None:
        stream = BACKENDS[side.job.kind].stream(side.job.request, self.session, self.timeouts)
        async with aclosing(stream) as parts:
            async for part in parts:
                match part:
                    case Delta(text):
                        side.feed(text)
                    case Reasoning(text):
                        side.think(text)
                    case Usage():
                        side.tokens = part
                    case Cut():
                        side.cut = True


def measured(side: LiveSide, asked: float) -> Called:
    """Speed is by the tokens after the first, from the first part to the last: neither waiting nor what follows the
    end counts, and no token that was thought before the first part came."""
    first = asked if side.first_at is None else side.first_at
    took, tokens = side.last_at - first, side.tokens
    unseen = tokens.reasoning_tokens if tokens and not side.reasoning else 0
    timed = tokens.output_tokens - unseen - 1 if tokens else 0
    return Called(
        side.job.endpoint_id,
        first_token_s=first - asked,
        tokens_per_s=timed / took if timed > 0 and took > 0 else None,
    )
