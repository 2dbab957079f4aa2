"""The answer engine. It runs all turns of a worker process in one asyncio loop, in its own thread.

PostgreSQL decides which worker owns an answer (see `arena.answers.leases`). The released text reaches open pages
through Redis (see `arena.answers.publisher`).

A worker *claims* a turn when a message names it, or *reaps* it if its time is up. A *single* answer, which is a turn by
itself, is claimed when it can begin (see `arena.answers.singles`). It then has a *lease* on each answer,
which *heartbeats* extend. Each *tick* of the clock *releases* text, which a *flush* publishes for all turns together. A
side is *over* when all of its text is released, and *closed* when it is being saved. A voter's *stop* ends a battle's
answers where they are, and a *drain* ends the worker.
"""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

import uvloop
from django.conf import settings

from arena.answers import jobs, leases, single_claims
from arena.answers.answering import AnswerRunner
from arena.answers.db_batcher import DatabaseBatcher, DatabaseUnreachable
from arena.answers.jobs import TurnJob
from arena.answers.live_turn import LiveSide, LiveTurn
from arena.answers.markdown import render_answer
from arena.answers.publisher import Publisher
from arena.answers.release_clock import TICK_S
from arena.endpoints import circuit_breaker
from core.process import guard_event_loop

PRECISE_READ_S = 0.01  # between two reads in the first second of a side
READ_ITERATIONS = 4  # iterations of the event loop that a side needs to read what has arrived
logger = logging.getLogger(__name__)


class Engine:
    """Runs a worker's turns. `submit`, `look_for_singles`, and `drain` are thread-safe."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
        self.turns: dict[int, LiveTurn] = {}
        self.tasks: dict[int, list[asyncio.Task[None]]] = {}
        self.background_tasks: set[asyncio.Task[None]] = set()
        self.turn_started = asyncio.Event()
        self.singles_due = asyncio.Event()
        self.singles_wait = False
        self.max_singles = max(1, settings.ENVIRONMENT.arena_answer_concurrency // 4)
        self.stop_times: dict[str, float] = {}  # arrival time of the voter's stop request, keyed by battle id
        self.draining = False
        self._started = threading.Event()
        threading.Thread(target=self._run, name="engine", daemon=True).start()
        self._started.wait()

    def submit(self, turn_id: int) -> None:
        """Claim a turn and answer it, unless another worker has already claimed it."""
        self.loop.call_soon_threadsafe(self._run_in_background, self._claim(turn_id))

    def look_for_singles(self) -> None:
        """Claim single answers that can begin."""
        self.loop.call_soon_threadsafe(self.singles_due.set)

    def drain(self, seconds: float) -> None:
        """Accept no new turns, wait up to `seconds` for running turns, and leave unfinished ones to other workers."""
        asyncio.run_coroutine_threadsafe(self._drain(seconds), self.loop).result()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self._start())
        self._started.set()
        self.loop.run_forever()

    async def _start(self) -> None:
        self.batcher = DatabaseBatcher(self.loop)
        self.runner = AnswerRunner(self.batcher)
        self.publisher = Publisher()
        for work in (
            self._tick, self._read_precisely, self._heartbeat, self._reap, self._claim_singles, self._probe,
            self._read_stops,
        ):  # fmt: skip
            self._run_in_background(_run_forever(work))
        self._run_in_background(guard_event_loop())

    def _run_in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = self.loop.create_task(work)
        self.background_tasks.add(task)
        task.add_done_callback(self.background_tasks.discard)

    async def _claim(self, turn_id: int) -> None:
        if self.draining:
            return
        # If the database is unreachable, the turn stays queued until a worker reaps it.
        claim_time = time.monotonic()
        with contextlib.suppress(DatabaseUnreachable):
            if job := await self.batcher.call(jobs.claim_jobs, turn_id):
                self._start_turn(job, claim_time)

    def _start_turn(self, job: TurnJob, claim_time: float) -> None:
        """Answer a claimed turn. `claim_time` is when the claim was sent, so the lease began then or later."""
        if earlier_turn := self.turns.get(job.key):
            self._drop_turn(earlier_turn)
        turn = LiveTurn(
            job,
            lease_deadline=claim_time + leases.LEASE_S,
            pacing_deadline=claim_time + self.runner.timeouts.total,
        )
        self.turns[job.key] = turn
        self.turn_started.set()
        # The voter might have stopped the battle after the claim read its row.
        if job.stopped or self.stop_times.get(job.battle_id or "", 0) > claim_time:
            turn.stop()
            return
        answer = self.runner.answer
        self.tasks[job.key] = [self.loop.create_task(answer(turn, side)) for side in turn.sides.values()]

    def _drop_turn(self, turn: LiveTurn) -> None:
        """Cancel a claimed turn and record its finished calls, unless a newer claim by this worker has replaced it."""
        if self.turns.get(turn.job.key) is turn:
            del self.turns[turn.job.key]
            self._cancel_tasks(turn)
            if turn.job.is_single:
                self.singles_due.set()
            for side in turn.sides.values():
                self.runner.record_finished_call(side)

    def _cancel_tasks(self, turn: LiveTurn) -> None:
        for task in self.tasks.pop(turn.job.key, []):
            task.cancel()

    def _stop_turn(self, turn: LiveTurn) -> None:
        turn.stop()
        self._cancel_tasks(turn)

    async def _tick(self) -> None:
        """Release the text that is due, publish it in one pipeline, and finish the sides that ended.

        If there are no turns, wait for one, because 25 ticks per second would take most of an idle worker's CPU time.
        """
        if not self.turns:
            self.turn_started.clear()
            await self.turn_started.wait()
        tick_start = time.monotonic()
        is_flush_due = tick_start >= self.publisher.next_flush_at
        await self._read_arrived_text(is_flush_due=is_flush_due)
        turns = [turn for turn in self.turns.values() if turn.may_publish(tick_start)]
        for turn in turns:
            # The release clock counts ticks, and answers that have ended are saved soon.
            is_due = is_flush_due or turn.job.paced or turn.has_ended_side()
            if is_due and turn.list_open_sides() and (ended_sides := self._advance(turn)):
                for side in ended_sides:
                    side.closed = True
                self._run_in_background(self._finish_sides(turn, ended_sides))
        await self.publisher.flush([turn for turn in turns if not turn.job.is_single], tick_start)
        await asyncio.sleep(max(0.0, tick_start + TICK_S - time.monotonic()))

    async def _read_precisely(self) -> None:
        """Let sides in their first second read together, soon after the first of them has begun to wait."""
        await self.runner.precise_gate.wait_until_occupied()
        await asyncio.sleep(PRECISE_READ_S)
        self.runner.precise_gate.open()

    async def _read_arrived_text(self, *, is_flush_due: bool) -> None:
        """Let the sides read what has arrived. Unless a flush is due, only sides in their first second read."""
        is_reading = self.runner.precise_gate.open()
        if is_flush_due:
            is_reading |= self.runner.tick_gate.open()
        if is_reading:
            for _ in range(READ_ITERATIONS):
                await asyncio.sleep(0)

    def _advance(self, turn: LiveTurn) -> list[LiveSide]:
        """Release the text that is due, and return the sides that ended. If this fails, end the turn."""
        try:
            turn.tick()
            return turn.list_ended_sides()
        except Exception:
            logger.exception("Turn %s failed", turn.job.key)
            self._cancel_tasks(turn)
            return turn.fail()

    async def _finish_sides(self, turn: LiveTurn, sides: list[LiveSide]) -> None:
        """Save ended sides, then publish their end events. A voter can vote after `ready`, so the save must come first.

        Sides that another worker has claimed are neither saved nor published.
        """
        for side in sides:
            self.runner.record_finished_call(side)
        results = tuple(side.build_result() for side in sides)
        outcome = await self.batcher.call_until_ok(
            leases.finish_answers, leases.FinishedSides(turn.job.turn_id, results)
        )
        if not outcome.saved_ids:
            self._drop_turn(turn)
            return
        saved_sides = [side for side in sides if side.job.answer_id in outcome.saved_ids]
        if not turn.job.is_single:
            # Rendering takes time, so it runs in a thread to keep other turns going.
            events = [await asyncio.to_thread(_build_end_event, turn, side) for side in saved_sides]
            if outcome.state:
                events.append(["state", outcome.state])
            turn.unsent += events
        # The loop ends early if another claim has replaced this turn.
        while turn.unsent and self.turns.get(turn.job.key) is turn:
            await asyncio.sleep(TICK_S)
        for side in sides:
            side.end_sent = True
        if all(side.end_sent for side in turn.sides.values()):
            self._drop_turn(turn)

    async def _heartbeat(self) -> None:
        """Extend the leases of all turns, and renew the slots of their calls.

        End turns that a voter has stopped, and drop turns whose lease is lost.
        """
        await asyncio.sleep(leases.HEARTBEAT_S)
        extension_time = time.monotonic()
        leases_by_turn = {turn: turn.build_leases() for turn in self.turns.values()}
        open_leases = {turn: turn_leases for turn, turn_leases in leases_by_turn.items() if turn_leases}
        renewal = asyncio.ensure_future(self.runner.endpoint_slots.renew())  # in the same transaction
        extensions = await asyncio.gather(
            *(self.batcher.call(leases.extend_leases, turn_leases) for turn_leases in open_leases.values()),
            return_exceptions=True,
        )
        await renewal
        for turn, extension in zip(open_leases, extensions, strict=True):
            if isinstance(extension, BaseException):
                continue
            turn.record_stored_text(open_leases[turn])
            # A side might have ended since the extension was sent, so it might cover more answers than these.
            open_ids = {side.job.answer_id for side in turn.list_open_sides()}
            if not open_ids <= extension.owned_ids:
                self._drop_turn(turn)
            elif open_ids:
                turn.lease_deadline = extension_time + leases.LEASE_S
                if extension.stopped:
                    self._stop_turn(turn)

    async def _read_stops(self) -> None:
        """Wait for stop requests from voters, and stop the turns of their battles."""
        battle_ids = await self.publisher.read_stops()
        now = time.monotonic()
        oldest = now - leases.LEASE_S
        self.stop_times = {battle_id: stop for battle_id, stop in self.stop_times.items() if stop > oldest}
        self.stop_times |= dict.fromkeys(battle_ids, now)
        for turn in list(self.turns.values()):
            if turn.job.battle_id in battle_ids:
                self._stop_turn(turn)

    async def _reap(self) -> None:
        """Take over turns from workers that have died, and claim turns that have waited too long in the queue."""
        await asyncio.sleep(leases.HEARTBEAT_S)
        has_more = True
        while has_more and not self.draining:
            claim_time = time.monotonic()
            try:
                own_turns = [turn.job.turn_id for turn in self.turns.values() if turn.job.turn_id is not None]
                turn_jobs = await self.batcher.call(jobs.reap_jobs, own_turns)
            except DatabaseUnreachable:
                # Other workers have probably lost the database too. Let them extend their leases first.
                await asyncio.sleep(leases.LEASE_S)
                return
            for job in turn_jobs:
                logger.info("Took over turn %s", job.turn_id)
                self._start_turn(job, claim_time)
            has_more = len(turn_jobs) == leases.MAX_REAPED_TURNS

    async def _claim_singles(self) -> None:
        """Claim single answers that can begin. Look often while some wait, and otherwise when told, or now and then."""
        with contextlib.suppress(TimeoutError):
            delay_s = single_claims.RETRY_S if self.singles_wait else leases.HEARTBEAT_S
            await asyncio.wait_for(self.singles_due.wait(), delay_s)
        self.singles_due.clear()
        self.singles_wait = False
        own = [side.job.answer_id for turn in self.turns.values() if turn.job.is_single for side in turn.sides.values()]
        if self.draining or len(own) >= self.max_singles:
            return
        claim_time = time.monotonic()
        request = single_claims.SinglesRequest(self.max_singles - len(own), own)
        with contextlib.suppress(DatabaseUnreachable):
            claimed = await self.batcher.call(single_claims.claim_singles, request)
            self.singles_wait = claimed.others_wait
            for job in claimed.jobs:
                self._start_turn(job, claim_time)

    async def _probe(self) -> None:
        """Start the probes that are due. Each one runs in the background."""
        await asyncio.sleep(leases.HEARTBEAT_S)
        if self.draining:
            return
        with contextlib.suppress(DatabaseUnreachable):
            for contestant in await self.batcher.call(circuit_breaker.claim_probes, None):
                self._run_in_background(self.runner.run_probe(contestant))

    async def _drain(self, seconds: float) -> None:
        self.draining = True
        deadline = time.monotonic() + seconds
        while self.turns and time.monotonic() < deadline:
            await asyncio.sleep(0.1)
        turns = list(self.turns.values())
        open_leases = [turn.build_leases() for turn in turns]
        for turn in turns:
            self._drop_turn(turn)
        with contextlib.suppress(DatabaseUnreachable):
            await asyncio.gather(
                *(self.batcher.call(leases.release_leases, turn_leases) for turn_leases in open_leases)
            )
        await self.runner.session.close()


def _build_end_event(turn: LiveTurn, side: LiveSide) -> list[Any]:
    """Return the `done` or `failed` event of a side (see `arena.answers.announcements`)."""
    if side.failure:
        reason = turn.job.visibility.tell_failure(side.failure)
        return ["failed", turn.job.number, side.job.side, side.tag, side.released_length, reason]
    html = render_answer(side.text(), stopped=side.stopped, cut=side.cut)
    return ["done", turn.job.number, side.job.side, side.tag, side.released_length, html]


async def _run_forever(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Repeat the work. If it fails, log the error and wait a second before the next try."""
    while True:
        try:
            await work()
        except Exception:
            logger.exception("The engine's task %s failed", work.__name__)
            await asyncio.sleep(1)
