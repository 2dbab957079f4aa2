"""The answer engine: one asyncio loop per worker process, in a thread of its own, holds all its battles.

PostgreSQL says who may work on what (`arena.leases`); Redis carries what may be seen (`arena.publishing`).
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import aclosing
from typing import Any

import aiohttp
from django.conf import settings

from arena import jobs, leases
from arena.backends import BACKENDS
from arena.backends.network import session
from arena.backends.protocol import Action, BackendError, Delta, Reasoning, Timeouts, Usage
from arena.jobs import Job
from arena.ledger import Ledger, Unreachable
from arena.live import LiveSide, LiveTurn
from arena.markdown import render
from arena.publishing import Publisher
from arena.release import TICK_S

OWN_TURN_S = 60
RETRY_S = 0.3
logger = logging.getLogger(__name__)


def timeouts() -> Timeouts:
    env = settings.ENVIRONMENT
    return Timeouts(
        connect=env.arena_connect_timeout_s,
        first_token=env.arena_first_token_timeout_s,
        between_tokens=env.arena_between_tokens_timeout_s,
        total=env.arena_answer_timeout_s,
    )


class Engine:
    """Runs turns until it is drained. `submit` and `drain` may be called from any thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.turns: dict[int, LiveTurn] = {}
        self.tasks: dict[int, list[asyncio.Task[None]]] = {}
        self.background: set[asyncio.Task[None]] = set()
        self.endpoint_slots: dict[tuple[int, int], asyncio.Semaphore] = {}
        self.draining = False
        self._started = threading.Event()
        threading.Thread(target=self._run, name="engine", daemon=True).start()
        self._started.wait()

    def submit(self, turn_id: int) -> None:
        """A turn is said to be waiting; whether it is, the database knows."""
        self.loop.call_soon_threadsafe(self._background, self._claim(turn_id))

    def drain(self, seconds: float) -> None:
        """Take nothing new, let running turns end for a while, then hand the rest over to other workers."""
        asyncio.run_coroutine_threadsafe(self._drain(seconds), self.loop).result()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self._start())
        self._started.set()
        self.loop.run_forever()

    async def _start(self) -> None:
        env = settings.ENVIRONMENT
        self.timeouts = timeouts()
        self.session: aiohttp.ClientSession = session(env.arena_allow_private_endpoints, self.timeouts)
        self.slots = asyncio.Semaphore(env.arena_answer_concurrency)
        self.ledger = Ledger(self.loop)
        self.publisher = Publisher()
        for work in (self._tick, self._heartbeat, self._reap):
            self._background(_forever(work))

    def _background(self, work: Coroutine[Any, Any, None]) -> None:
        task = self.loop.create_task(work)
        self.background.add(task)
        task.add_done_callback(self.background.discard)

    async def _claim(self, turn_id: int) -> None:
        if self.draining:
            return
        # An unreachable database loses nothing: the turn stays queued, and a reaper finds it.
        with contextlib.suppress(Unreachable):
            if job := await self.ledger.call(jobs.take, turn_id):
                self._begin(job)

    def _begin(self, job: Job) -> None:
        turn = self.turns[job.turn_id] = LiveTurn(job)
        self.tasks[job.turn_id] = [self.loop.create_task(self._answer(side)) for side in turn.sides.values()]

    def _forget(self, turn: LiveTurn) -> None:
        self.turns.pop(turn.job.turn_id, None)
        for task in self.tasks.pop(turn.job.turn_id, []):
            task.cancel()

    async def _answer(self, side: LiveSide) -> None:
        try:
            async with self._own_turn(side):
                await self._stream(side)
            side.end()
        except BackendError as error:
            logger.info("answer %s failed: %s (%s)", side.job.answer_id, error.reason, error.detail)
            side.end(error.reason)
        except Exception:
            logger.exception("answer %s failed", side.job.answer_id)
            side.end("unavailable")

    @contextlib.asynccontextmanager
    async def _own_turn(self, side: LiveSide) -> AsyncIterator[None]:
        """Wait for a place in this process and at the endpoint; that is not first-token time."""
        async with contextlib.AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(OWN_TURN_S):
                    if side.job.max_concurrency:
                        await stack.enter_async_context(self._endpoint_slot(side.job))
                    await stack.enter_async_context(self.slots)
            except TimeoutError:
                raise BackendError(Action.GIVE_UP, "unavailable", "no place became free") from None
            yield

    def _endpoint_slot(self, job: jobs.SideJob) -> asyncio.Semaphore:
        key = job.endpoint_id, job.max_concurrency or 0
        return self.endpoint_slots.setdefault(key, asyncio.Semaphore(key[1]))

    async def _stream(self, side: LiveSide) -> None:
        """One answer; asked once more after a failure that may pass, if nothing has come yet."""
        try:
            await self._stream_once(side)
        except BackendError as error:
            if error.action is not Action.RETRY or side.lane.began:
                raise
            await asyncio.sleep(RETRY_S * (1 + side.job.answer_id % 10 / 10))
            await self._stream_once(side)

    async def _stream_once(self, side: LiveSide) -> None:
        stream = BACKENDS[side.job.kind].stream(side.job.request, self.session, self.timeouts)
        async with aclosing(stream) as parts:
            async for part in parts:
                match part:
                    case Delta(text):
                        side.feed(text)
                    case Reasoning(text):
                        side.reasoning.append(text)
                    case Usage(input_tokens, output_tokens):
                        side.tokens = input_tokens, output_tokens

    async def _tick(self) -> None:
        """The common clock: release, publish in one pipeline, and end what is over."""
        started = time.monotonic()
        for turn in list(self.turns.values()):
            turn.tick()
            if over := turn.over():
                for side in over:
                    side.closed = True
                self._background(self._finish(turn, over))
        await self.publisher.flush(self.turns.values())
        await asyncio.sleep(max(0.0, started + TICK_S - time.monotonic()))

    async def _finish(self, turn: LiveTurn, over: list[LiveSide]) -> None:
        """Save first, then say so: whoever reads `ready` can vote. A fenced save is not spoken of."""
        finish = leases.Finish(turn.job.turn_id, tuple(side.result() for side in over))
        saved = await self.ledger.insist(leases.finish, finish)
        for side in over:
            if side.job.answer_id in saved.saved:
                turn.unsent.append(_end(turn, side))
        if saved.state:
            turn.unsent.append(["state", saved.state])
        while turn.unsent:
            await asyncio.sleep(TICK_S)
        if all(side.closed for side in turn.sides.values()):
            self._forget(turn)

    async def _heartbeat(self) -> None:
        await asyncio.sleep(leases.HEARTBEAT_S)
        sides = [(turn, side) for turn in self.turns.values() for side in turn.open()]
        ours = await asyncio.gather(
            *(self.ledger.call(leases.extend, side.held()) for _, side in sides), return_exceptions=True
        )
        for (turn, side), mine in zip(sides, ours, strict=True):
            if mine is False and not side.closed:
                self._forget(turn)

    async def _reap(self) -> None:
        await asyncio.sleep(leases.HEARTBEAT_S)
        if self.draining:
            return
        try:
            found = await self.ledger.call(jobs.reap, None)
        except Unreachable:
            # Those who hold leases were cut off as well: let their heartbeats come first.
            await asyncio.sleep(leases.LEASE_S)
            return
        for job in found:
            logger.info("took over turn %s", job.turn_id)
            self._begin(job)

    async def _drain(self, seconds: float) -> None:
        self.draining = True
        end = time.monotonic() + seconds
        while self.turns and time.monotonic() < end:
            await asyncio.sleep(0.1)
        held = [side.held() for turn in self.turns.values() for side in turn.open()]
        for turn in list(self.turns.values()):
            self._forget(turn)
        with contextlib.suppress(Unreachable):
            await asyncio.gather(*(self.ledger.call(leases.give_up, each) for each in held))
        await self.session.close()


def _end(turn: LiveTurn, side: LiveSide) -> list[Any]:
    if side.failure:
        return ["failed", turn.job.number, side.job.side, side.tag, side.failure]
    return ["done", turn.job.number, side.job.side, side.tag, render(side.text())]


async def _forever(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    while True:
        try:
            await work()
        except Exception:
            logger.exception("%s failed", work.__name__)
            await asyncio.sleep(1)
