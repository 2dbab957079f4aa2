"""The answer engine: one asyncio loop per worker process, in a thread of its own, holds all its battles.

PostgreSQL says who may work on what (`arena.answers.leases`); Redis carries what may be seen
(`arena.answers.publisher`)."""

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

from arena.answers import jobs, leases
from arena.answers.answering import AnswerRunner
from arena.answers.db_batcher import DatabaseBatcher, DatabaseUnreachable
from arena.answers.jobs import TurnJob
from arena.answers.leases import LeaseExtension
from arena.answers.live_turn import LiveSide, LiveTurn
from arena.answers.markdown import render_answer
from arena.answers.publisher import Publisher
from arena.answers.release_clock import TICK_S
from arena.endpoints import circuit_breaker
from arena.models import Answer

logger = logging.getLogger(__name__)


class Engine:
    """Runs turns until it is drained. `submit` and `drain` may be called from any thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.turns: dict[int, LiveTurn] = {}
        self.tasks: dict[int, list[asyncio.Task[None]]] = {}
        self.background: set[asyncio.Task[None]] = set()
        self.stops: dict[str, float] = {}  # battle → when its stop was heard
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
        self.ledger = DatabaseBatcher(self.loop)
        self.answering = AnswerRunner(self.ledger)
        self.publisher = Publisher()
        for work in (self._tick, self._heartbeat, self._reap, self._probe, self._stops):
            self._background(_run_forever(work))

    def _background(self, work: Coroutine[Any, Any, None]) -> None:
        task = self.loop.create_task(work)
        self.background.add(task)
        task.add_done_callback(self.background.discard)

    async def _claim(self, turn_id: int) -> None:
        if self.draining:
            return
        # An unreachable database loses nothing: the turn stays queued, and a reaper finds it.
        asked = time.monotonic()
        with contextlib.suppress(DatabaseUnreachable):
            if job := await self.ledger.call(jobs.claim_jobs, turn_id):
                self._begin(job, asked)

    def _begin(self, job: TurnJob, asked: float) -> None:
        if before := self.turns.get(job.turn_id):
            self._forget(before)
        longest = self.answering.timeouts.total
        turn = LiveTurn(job, held_until=asked + leases.LEASE_S, paced_until=asked + longest)
        self.turns[job.turn_id] = turn
        # What was heard while the turn was being taken may have been said after it was read.
        if job.stopped or self.stops.get(job.battle_id, 0) > asked:
            turn.stop()
            return
        answer = self.answering.answer
        self.tasks[job.turn_id] = [self.loop.create_task(answer(turn, side)) for side in turn.sides.values()]

    def _forget(self, turn: LiveTurn) -> None:
        """Drop it, unless this worker has taken the turn anew in the meantime."""
        if self.turns.get(turn.job.turn_id) is turn:
            del self.turns[turn.job.turn_id]
            self._cancel(turn)

    async def _lose(self, turn: LiveTurn) -> None:
        """It is not ours any more. If its battle was deleted, what was published since then must go as well."""
        self._forget(turn)
        if not await self.ledger.insist(leases.turns_exist, turn.job.turn_id):
            await self.publisher.forget(turn.job.battle_id)

    def _cancel(self, turn: LiveTurn) -> None:
        for task in self.tasks.pop(turn.job.turn_id, []):
            task.cancel()

    def _stop(self, turn: LiveTurn) -> None:
        turn.stop()
        self._cancel(turn)

    async def _tick(self) -> None:
        """The common clock: release, publish in one pipeline, and end what is over."""
        started = time.monotonic()
        ours = [turn for turn in self.turns.values() if turn.may_speak(started)]
        for turn in ours:
            if any(turn.open()) and (over := self._advance(turn)):
                for side in over:
                    side.closed = True
                self._background(self._finish(turn, over))
        await self.publisher.flush(ours)
        await asyncio.sleep(max(0.0, started + TICK_S - time.monotonic()))

    def _advance(self, turn: LiveTurn) -> list[LiveSide]:
        """Release what is due; gives the sides that are over. A turn that cannot go on harms no other."""
        try:
            turn.tick()
            return turn.over()
        except Exception:
            logger.exception("turn %s failed", turn.job.turn_id)
            self._cancel(turn)
            return turn.fail()

    async def _finish(self, turn: LiveTurn, over: list[LiveSide]) -> None:
        """Save first, then say so: whoever reads `ready` can vote. A fenced save is not spoken of."""
        finish = leases.FinishedSides(turn.job.turn_id, tuple(side.result() for side in over))
        saved = await self.ledger.insist(leases.finish_answers, finish)
        if not saved.saved:
            await self._lose(turn)
            return
        kept = [side for side in over if side.job.answer_id in saved.saved]
        ends = [
            await asyncio.to_thread(_build_end_event, turn, side) for side in kept
        ]  # other turns do not wait for it
        turn.unsent += [*ends, ["state", saved.state]] if saved.state else ends
        # A turn that another worker has by now is sent no more.
        while turn.unsent and self.turns.get(turn.job.turn_id) is turn:
            await asyncio.sleep(TICK_S)
        for side in over:
            side.told = True
        if all(side.told for side in turn.sides.values()):
            self._forget(turn)

    async def _heartbeat(self) -> None:
        await asyncio.sleep(leases.HEARTBEAT_S)
        asked = time.monotonic()
        turns = [(turn, held) for turn in self.turns.values() if (held := turn.held())]
        answers = await asyncio.gather(
            *(self.ledger.call(leases.extend_leases, held) for _, held in turns), return_exceptions=True
        )
        for (turn, _), extended in zip(turns, answers, strict=True):
            if not isinstance(extended, BaseException):
                self._extended(turn, extended, asked)

    def _extended(self, turn: LiveTurn, extended: LeaseExtension, asked: float) -> None:
        open_answers = {side.job.answer_id for side in turn.open()}  # fewer than were asked for, if one has ended
        if not open_answers <= extended.ours:
            self._background(self._lose(turn))
        elif open_answers:
            turn.held_until = asked + leases.LEASE_S
            if extended.stopped:
                self._stop(turn)

    async def _stops(self) -> None:
        asked = await self.publisher.stops()
        now = time.monotonic()
        self.stops = {battle: heard for battle, heard in self.stops.items() if heard > now - leases.LEASE_S}
        self.stops |= dict.fromkeys(asked, now)
        for turn in list(self.turns.values()):
            if turn.job.battle_id in asked:
                self._stop(turn)

    async def _reap(self) -> None:
        await asyncio.sleep(leases.HEARTBEAT_S)
        more = True
        while more and not self.draining:
            asked = time.monotonic()
            try:
                found = await self.ledger.call(jobs.reap_jobs, None)
            except DatabaseUnreachable:
                # Those who hold leases were cut off as well: let their heartbeats come first.
                await asyncio.sleep(leases.LEASE_S)
                return
            for job in found:
                logger.info("took over turn %s", job.turn_id)
                self._begin(job, asked)
            more = len(found) == leases.MAX_REAPED_TURNS

    async def _probe(self) -> None:
        """Send the probes that are due; each takes as long as the endpoint does."""
        await asyncio.sleep(leases.HEARTBEAT_S)
        if self.draining:
            return
        with contextlib.suppress(DatabaseUnreachable):
            for due in await self.ledger.call(circuit_breaker.claim_probes, None):
                self._background(self.answering.probe(due))

    async def _drain(self, seconds: float) -> None:
        self.draining = True
        end = time.monotonic() + seconds
        while self.turns and time.monotonic() < end:
            await asyncio.sleep(0.1)
        held = [turn.held() for turn in self.turns.values()]
        for turn in list(self.turns.values()):
            self._forget(turn)
        with contextlib.suppress(DatabaseUnreachable):
            await asyncio.gather(*(self.ledger.call(leases.release_leases, each) for each in held))
        await self.answering.close()


def _build_end_event(turn: LiveTurn, side: LiveSide) -> list[Any]:
    if side.failure:
        failure = Answer.Failure(side.failure)
        reason = "unavailable" if turn.job.blind else failure.public
        return ["failed", turn.job.number, side.job.side, side.tag, reason]
    html = render_answer(side.text(), stopped=side.stopped, cut=side.cut)
    return ["done", turn.job.number, side.job.side, side.tag, html]


async def _run_forever(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    while True:
        try:
            await work()
        except Exception:
            logger.exception("%s failed", work.__name__)
            await asyncio.sleep(1)
