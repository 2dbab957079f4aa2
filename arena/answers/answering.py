"""Answers one side of a turn: waits for a slot, calls the model, and records the call. Probes use the same slots.

`arena.answers.failover` decides what happens after a failure.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from uuid import UUID

import aiohttp
from django.conf import settings

from arena.answers import failover, single_claims
from arena.answers.db_batcher import DatabaseBatcher, DatabaseUnreachable
from arena.answers.jobs import SideJob
from arena.answers.live_turn import LiveSide, LiveTurn
from arena.answers.slots import SlotKeeper
from arena.endpoints import call_stats, circuit_breaker, probe
from arena.endpoints.backends.protocol import Action, BackendError, Delta, Reasoning, Timeouts, Truncation, Usage
from arena.endpoints.backends.registry import BACKENDS
from arena.endpoints.backends.ssrf_guard import create_session
from arena.endpoints.call_stats import CallRecord
from arena.endpoints.model_requests import get_endpoint
from arena.models import Answer, Contestant, Endpoint

SLOT_TIMEOUT_S = 60
DEFAULT_PAUSE_S = 30  # of single answers, if a rate limit does not say how long to wait
PRECISE_S = 1  # for this long after its first token, an answer is read more often than once per tick
# The 4xx statuses about keys, accounts, URLs, and rate limits. A 403 that a question can cause has another reason.
ENDPOINT_ERROR_STATUSES = frozenset({401, 402, 403, 404, 429})
logger = logging.getLogger(__name__)


class ReadGate:
    """Where answers wait for the moment at which all of them read.

    Waking the process once for many answers takes less CPU time than waking it for each token.
    """

    def __init__(self) -> None:
        self._waiters: list[asyncio.Future[None]] = []
        self._occupied = asyncio.Event()

    async def wait(self) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        self._occupied.set()
        await waiter

    async def wait_until_occupied(self) -> None:
        """Wait until at least one answer is waiting."""
        await self._occupied.wait()

    def open(self) -> bool:
        """Let all waiting answers read. Return whether there were any."""
        waiters, self._waiters = self._waiters, []
        self._occupied.clear()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
        return bool(waiters)


class AnswerRunner:
    """Calls the models for all turns in one process. Slots limit its calls, and those of all processes per endpoint."""

    def __init__(self, batcher: DatabaseBatcher) -> None:
        environment = settings.ENVIRONMENT
        self.batcher = batcher
        self.timeouts = Timeouts(
            connect=environment.arena_connect_timeout_s,
            first_token=environment.arena_first_token_timeout_s,
            between_tokens=environment.arena_between_tokens_timeout_s,
            total=environment.arena_answer_timeout_s,
        )
        self.precise_gate = ReadGate()
        self.tick_gate = ReadGate()
        self.session: aiohttp.ClientSession = create_session(environment.arena_allow_private_endpoints, self.timeouts)
        self.process_slots = asyncio.Semaphore(environment.arena_answer_concurrency)
        # Shared calls (see `arena.answers.slots`) have half of them, but at least one.
        self.shared_process_slots = asyncio.Semaphore(max(1, environment.arena_answer_concurrency // 2))
        self.endpoint_slots = SlotKeeper(batcher)

    async def answer(self, turn: LiveTurn, side: LiveSide) -> None:
        """Answer the side, or end it with a failure if the model cannot answer."""
        if side.job.tries > failover.MAX_TRIES:
            logger.warning("%s: given up, because too many workers died", _describe_job(side.job))
            side.end("unavailable")
            return
        try:
            if turn.job.is_single:
                await self._ask_once(side)
            else:
                await failover.ask_or_replace(turn, side, self._ask_once, self.batcher)
            side.end()
        except BackendError as error:
            if turn.job.is_single:
                side.retry = failover.plan_retry(side.job, error)
                if error.retry_after_s is not None:
                    pause_s = min(error.retry_after_s or DEFAULT_PAUSE_S, circuit_breaker.MAX_RETRY_DELAY_S)
                    self.batcher.call_later(single_claims.pause_endpoints, (side.job.endpoint.pk, pause_s))
            side.end(error.reason)
        except Exception:
            logger.exception("%s: failed", _describe_job(side.job))
            side.end("unavailable")

    async def _ask_once(self, side: LiveSide) -> None:
        job = side.job
        holder, side.holder = side.holder, None
        async with self._acquire_slot(job.endpoint, SLOT_TIMEOUT_S, holder, shared=job.shared):
            side.begin()
            call_start = time.monotonic()
            try:
                await self._stream_answer(side)
            except asyncio.CancelledError:
                if side.stopped and side.first_at is None:
                    self._record_call(measure_call(side, call_start, failure="stopped"))
                raise
            except BackendError as error:
                logger.info("%s: the call failed: %s", _describe_job(job), format_log_detail(error))
                call = measure_call(side, call_start, failure=error.reason)
                self._record_call(replace(call, status=error.status, detail=select_provider_words(error)))
                raise
            side.call = measure_call(side, call_start)

    async def run_probe(self, contestant: Contestant) -> None:
        """Send a probe that this process has claimed, and store its result."""
        result = None
        endpoint = get_endpoint(contestant)
        timeouts = self._get_timeouts(endpoint)
        with contextlib.suppress(BackendError):  # no slot became free
            async with self._acquire_slot(endpoint, circuit_breaker.PROBE_SLOT_TIMEOUT_S):
                result = await probe.send_probe(contestant, self.session, timeouts)
        if self.session.closed:  # the process is stopping, so a failure does not count against the endpoint
            return
        with contextlib.suppress(DatabaseUnreachable):
            await self.batcher.call(circuit_breaker.record_probes, (endpoint, result))

    def record_finished_call(self, side: LiveSide) -> None:
        """Record the side's successful call. Call this just before its answer is saved, to share the transaction."""
        if side.call:
            self._record_call(side.call)
            side.call = None

    def _record_call(self, call: CallRecord) -> None:
        self.batcher.call_later(call_stats.record_calls, call)

    @contextlib.asynccontextmanager
    async def _acquire_slot(
        self, endpoint: Endpoint, timeout_s: float, holder: UUID | None = None, *, shared: bool = False
    ) -> AsyncIterator[None]:
        """Wait for a process slot and an endpoint slot. Raises BackendError `busy` after `timeout_s`.

        holder: identifies the call if it has an endpoint slot already
        """
        async with contextlib.AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(timeout_s):
                    if endpoint.max_concurrency:
                        await stack.enter_async_context(self.endpoint_slots.hold(endpoint.pk, holder, shared=shared))
                    if shared:
                        await stack.enter_async_context(self.shared_process_slots)
                    await stack.enter_async_context(self.process_slots)
            except TimeoutError:
                raise BackendError(Action.REPLACE, "busy", "no slot became free") from None
            yield

    def _get_timeouts(self, endpoint: Endpoint) -> Timeouts:
        """Return the default timeouts, with the endpoint's own first-token timeout if it has one."""
        first_token_s = endpoint.first_token_timeout_s or self.timeouts.first_token
        return replace(self.timeouts, first_token=first_token_s)

    async def _pause(self, side: LiveSide) -> None:
        """Wait for the next moment to read. The wait is short in the first second, so that the speed is exact."""
        is_precise = side.last_at - (side.first_at or side.last_at) < PRECISE_S
        await (self.precise_gate if is_precise else self.tick_gate).wait()

    async def _stream_answer(self, side: LiveSide) -> None:
        endpoint = side.job.endpoint
        stream = BACKENDS[endpoint.kind].stream(
            side.job.request, self.session, self._get_timeouts(endpoint), partial(self._pause, side)
        )
        async with aclosing(stream) as parts:
            async for part in parts:
                match part:
                    case Delta(text):
                        side.feed(text)
                    case Reasoning(text):
                        side.feed_reasoning(text)
                    case Usage():
                        side.tokens = part
                    case Truncation():
                        side.cut = True


def measure_call(side: LiveSide, call_start: float, failure: str = "") -> CallRecord:
    """Return the record of a call that has ended.

    The speed is the number of tokens after the first one, divided by the seconds between the first and the last part.
    Reasoning tokens that the provider did not stream are excluded.

    call_start: start of the call, in seconds on the monotonic clock
    """
    call = CallRecord(side.job.endpoint.pk, side.job.battle_id, side.job.answer_id, failure)
    if side.first_at is None:
        return call
    seconds = side.last_at - side.first_at
    tokens = side.tokens
    hidden_tokens = tokens.reasoning_tokens if tokens and not side.reasoning else 0
    timed_tokens = tokens.output_tokens - hidden_tokens - 1 if tokens else 0
    return replace(
        call,
        first_token_s=side.first_at - call_start,
        tokens_per_s=timed_tokens / seconds if timed_tokens > 0 and seconds > 0 else None,
    )


def _describe_job(job: SideJob) -> str:
    place = f"Battle {job.battle_id}" if job.battle_id else "No battle"
    return f"{place}, answer {job.answer_id}, endpoint {job.endpoint.pk}"


def select_provider_words(error: BackendError) -> str:
    """Return the provider's words about a failure, or "" if the question might have caused the failure.

    In that case, the words are likely to quote the question, and voters' text must be neither logged nor stored with
    calls. If the call failed before its first token, Arena sends a probe, whose failure is stored with the words.
    """
    status = error.status
    may_quote_question = status is not None and 400 <= status < 500 and status not in ENDPOINT_ERROR_STATUSES
    return "" if may_quote_question or error.reason in Answer.CAUSED_BY_QUESTION else error.detail


def format_log_detail(error: BackendError) -> str:
    """Return the log message for a failure: its reason, and the provider's words or else the status."""
    words = select_provider_words(error) or (f"status {error.status}" if error.status else "")
    return f"{error.reason}, {words}" if words else error.reason
