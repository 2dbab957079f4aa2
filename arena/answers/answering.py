"""One side of a turn: wait for a place, ask the model, and decide what a failure leads to. Probes take their places
among the answers."""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace

import aiohttp
from django.conf import settings

from arena.answers import replacement
from arena.answers.db_batcher import DatabaseBatcher, DatabaseUnreachable
from arena.answers.jobs import SideJob
from arena.answers.live_turn import LiveSide, LiveTurn
from arena.endpoints import call_stats, circuit_breaker, probe
from arena.endpoints.backends.protocol import Action, BackendError, Delta, Reasoning, Timeouts, Truncation, Usage
from arena.endpoints.backends.registry import BACKENDS
from arena.endpoints.backends.ssrf_guard import create_session
from arena.endpoints.call_stats import CallRecord
from arena.endpoints.circuit_breaker import ClaimedProbe, ProbeReport
from arena.models import Answer

SLOT_TIMEOUT_S = 60
RETRY_DELAY_S = 0.3
MAX_TRIES = 3
# The statuses from 400 to 499 that speak of keys, addresses and rates, whatever was asked.
NOT_OF_THE_QUESTION = frozenset({401, 403, 404, 429})
logger = logging.getLogger(__name__)


class CallSlots:
    """So many calls at a time. Those that share have half of them together, so that they keep nobody else out."""

    def __init__(self, number: int) -> None:
        self.all = asyncio.Semaphore(number)
        self.half = asyncio.Semaphore(max(1, number // 2))

    @contextlib.asynccontextmanager
    async def one(self, *, shared: bool) -> AsyncIterator[None]:
        async with self.half if shared else contextlib.nullcontext(), self.all:
            yield


class AnswerRunner:
    """Asks models for the turns of one process; places are limited by process and by endpoint."""

    def __init__(self, ledger: DatabaseBatcher) -> None:
        env = settings.ENVIRONMENT
        self.ledger = ledger
        self.timeouts = Timeouts(
            connect=env.arena_connect_timeout_s,
            first_token=env.arena_first_token_timeout_s,
            between_tokens=env.arena_between_tokens_timeout_s,
            total=env.arena_answer_timeout_s,
        )
        self.session: aiohttp.ClientSession = create_session(env.arena_allow_private_endpoints, self.timeouts)
        self.places = CallSlots(env.arena_answer_concurrency)
        self.endpoint_places: dict[tuple[int, int], CallSlots] = {}

    async def close(self) -> None:
        await self.session.close()

    async def answer(self, turn: LiveTurn, side: LiveSide) -> None:
        """Bring the side to its end, whatever happens."""
        if side.job.tries > MAX_TRIES:
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
        with contextlib.suppress(DatabaseUnreachable):
            return await self.ledger.call(replacement.replace_models, replacement.ReplaceRequest(job, reason))
        return None

    async def _ask_twice(self, side: LiveSide) -> None:
        """Once more after a failure that may pass, if nothing has come yet."""
        try:
            await self._ask_once(side)
        except BackendError as error:
            if error.action is not Action.RETRY or side.lane.began:
                raise
            await asyncio.sleep(RETRY_DELAY_S * (0.5 + random.random()))  # noqa: S311  # jitter, no secret
            await self._ask_once(side)

    async def _ask_once(self, side: LiveSide) -> None:
        async with self._place(side.job.endpoint_id, side.job.max_concurrency, SLOT_TIMEOUT_S, shared=side.job.shared):
            side.begin()
            asked = time.monotonic()
            try:
                await self._stream(side)
            except asyncio.CancelledError:
                if side.stopped and side.first_at is None:
                    self._record(measure_call(side, asked, failure="stopped"))
                raise
            except BackendError as error:
                logger.info("endpoint %s failed: %s", side.job.endpoint_id, log_words(error))
                self._record(measure_call(side, asked, failure=error.reason))
                raise
            self._record(measure_call(side, asked))

    async def probe(self, due: ClaimedProbe) -> None:
        """Send a probe that this process has claimed, and note how it went."""
        outcome, endpoint = None, due.endpoint
        limits = self._limits(endpoint.first_token_timeout_s)
        with contextlib.suppress(BackendError):  # no place became free
            async with self._place(endpoint.pk, endpoint.max_concurrency, circuit_breaker.PROBE_SLOT_TIMEOUT_S):
                outcome = await probe.send_probe(endpoint, self.session, limits)
        if self.session.closed:  # by us: that says nothing of the endpoint
            return
        with contextlib.suppress(DatabaseUnreachable):
            await self.ledger.call(circuit_breaker.record_probes, ProbeReport(due, outcome))

    def _record(self, call: CallRecord) -> None:
        task = asyncio.ensure_future(self.ledger.call(call_stats.record_calls, call))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    @contextlib.asynccontextmanager
    async def _place(
        self, endpoint_id: int, most: int | None, patience_s: float, *, shared: bool = False
    ) -> AsyncIterator[None]:
        """Wait for a place in this process and at the endpoint; that is not first-token time."""
        async with contextlib.AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(patience_s):
                    if most:
                        places = self.endpoint_places.setdefault((endpoint_id, most), CallSlots(most))
                        await stack.enter_async_context(places.one(shared=shared))
                    await stack.enter_async_context(self.places.one(shared=shared))
            except TimeoutError:
                raise BackendError(Action.REPLACE, "busy", "no place became free") from None
            yield

    def _limits(self, first_token_s: float | None) -> Timeouts:
        """The arena's, or the endpoint's own for the first token."""
        return replace(self.timeouts, first_token=first_token_s) if first_token_s else self.timeouts

    async def _stream(self, side: LiveSide) -> None:
        limits = self._limits(side.job.first_token_timeout_s)
        stream = BACKENDS[side.job.kind].stream(side.job.request, self.session, limits)
        async with aclosing(stream) as parts:
            async for part in parts:
                match part:
                    case Delta(text):
                        side.feed(text)
                    case Reasoning(text):
                        side.think(text)
                    case Usage():
                        side.tokens = part
                    case Truncation():
                        side.cut = True


def measure_call(side: LiveSide, asked: float, failure: str = "") -> CallRecord:
    """Speed is by the tokens after the first, from the first part to the last: neither waiting nor what follows the
    end counts, and no token that was thought before the first part came."""
    call = CallRecord(side.job.endpoint_id, side.job.battle_id, failure)
    if side.first_at is None:
        return call
    took, tokens = side.last_at - side.first_at, side.tokens
    unseen = tokens.reasoning_tokens if tokens and not side.reasoning else 0
    timed = tokens.output_tokens - unseen - 1 if tokens else 0
    return replace(
        call,
        first_token_s=side.first_at - asked,
        tokens_per_s=timed / took if timed > 0 and took > 0 else None,
    )


def log_words(error: BackendError) -> str:
    """What the log says of a failure in a battle: the provider's words too, unless the question may have caused it.

    Then they may quote the question, and the log holds no text of people. Where nothing had come yet a probe follows,
    and of that the log has the words in any case.
    """
    status = error.status
    of_client = status is not None and 400 <= status < 500 and status not in NOT_OF_THE_QUESTION
    if not of_client and error.reason not in Answer.CAUSED_BY_QUESTION:
        return f"{error.reason}, {error.detail}"
    return f"{error.reason}, status {status}" if status else error.reason
