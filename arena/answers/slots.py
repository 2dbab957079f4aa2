"""The slots of endpoints that limit concurrent calls. All workers of the installation share them.

An endpoint has a row for each of its slots (see `arena.models.Slot`). A call takes a free slot and frees it when it
ends. Meanwhile, its worker renews the slot with its leases, so the slots of a killed worker are free when they end.
"""

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from django.db import connection

from arena.answers.db_batcher import DatabaseBatcher, DatabaseUnreachable
from arena.answers.leases import LEASE_S
from core.storage.advisory_locks import AdvisoryLock, try_locks
from core.storage.database import fetch_rows

RETRY_S = 0.1
SHARED_PAUSE_S = 60
MAX_SLOTS = 10_000  # the most that the trigger gives an endpoint, whatever its limit
# Numbers above the limit belong to calls that began before the limit was lowered.
LOAD_SLOTS_SQL = """
    SELECT endpoint.id, max_concurrency,
        coalesce(array_agg(number ORDER BY number)
            FILTER (WHERE until <= statement_timestamp() AND number <= max_concurrency), '{}'),
        count(*) FILTER (WHERE until > statement_timestamp() AND number > max_concurrency),
        count(*) FILTER (WHERE until > statement_timestamp() AND shared),
        coalesce(max(shared_at) < statement_timestamp() - %s * interval '1 s', true)
    FROM arena_endpoint endpoint LEFT JOIN arena_slot ON endpoint_id = endpoint.id
    WHERE endpoint.id = ANY(%s) GROUP BY endpoint.id"""
# Skips slots that another worker has taken in the meantime or is taking.
TAKE_SLOTS_SQL = """
    WITH free AS (
        SELECT slot.endpoint_id, slot.number, chosen.holder, chosen.shared FROM arena_slot slot
        JOIN unnest(%s::bigint[], %s::int[], %s::uuid[], %s::bool[]) AS chosen(endpoint_id, number, holder, shared)
            ON chosen.endpoint_id = slot.endpoint_id AND chosen.number = slot.number
        WHERE slot.until <= statement_timestamp() FOR UPDATE OF slot SKIP LOCKED
    )
    UPDATE arena_slot slot SET holder = free.holder, shared = free.shared,
        until = statement_timestamp() + %s * interval '1 s',
        shared_at = CASE WHEN free.shared THEN statement_timestamp() ELSE slot.shared_at END
    FROM free WHERE slot.endpoint_id = free.endpoint_id AND slot.number = free.number
    RETURNING slot.holder"""
# A slot above a limit that was lowered meanwhile goes.
FREE_SLOTS_SQL = """
    WITH surplus AS (
        DELETE FROM arena_slot USING arena_endpoint endpoint
        WHERE endpoint.id = endpoint_id AND holder = ANY(%(holders)s) AND number > coalesce(max_concurrency, 0)
    )
    UPDATE arena_slot SET holder = NULL, until = statement_timestamp() FROM arena_endpoint endpoint
    WHERE endpoint.id = endpoint_id AND holder = ANY(%(holders)s) AND number <= max_concurrency"""


@dataclass(frozen=True)
class SlotRequest:
    """A call that waits for a slot.

    holder: identifies the call while it has the slot
    shared: whether it leaves slots to others (see `EndpointSlots.take`)
    since: when it began to wait, in seconds on the monotonic clock
    """

    endpoint_id: int
    holder: UUID
    shared: bool
    since: float


@dataclass
class EndpointSlots:
    """An endpoint's slots as one statement saw them. `free` contains the numbers that calls can take."""

    limit: int
    free: list[int]
    shared_calls: int
    is_shared_call_due: bool

    def take(self, *, shared: bool) -> int | None:
        """Return the number of the slot that a call takes, or None if it has to wait.

        A probe and a side of a battle that is rated in the live pool take any free slot. A shared call, which is any
        other, takes one if more than a quarter of the slots is free and one stays free (unless there is only one) and
        shared calls hold less than half, or if no shared call of this endpoint has begun for a minute.
        """
        leaves_enough = 4 * len(self.free) > self.limit and (len(self.free) > 1 or self.limit == 1)
        is_allowed = (leaves_enough and 2 * self.shared_calls < self.limit) or self.is_shared_call_due
        if not self.free or (shared and not is_allowed):
            return None
        if shared:
            self.shared_calls += 1
            self.is_shared_call_due = False
        return self.free.pop()


def take_slots(requests: Sequence[SlotRequest]) -> list[bool]:
    """Take slots for calls. Return for each whether it may begin, in order.

    It may also begin if its endpoint has no limit any more.
    """
    # Another worker's shared calls, taken at the same moment, would not be counted.
    with_shared = {request.endpoint_id for request in requests if request.shared}
    may_share = try_locks(AdvisoryLock.SHARED_CALLS, with_shared) if with_shared else set()
    endpoints: dict[int, EndpointSlots | None] = {}
    endpoint_ids = list({request.endpoint_id for request in requests})
    for endpoint_id, limit, free, surplus, *shared in fetch_rows(LOAD_SLOTS_SQL, [SHARED_PAUSE_S, endpoint_ids]):
        # While calls have more slots than the limit, as many of the others are taken by nobody. All workers choose the
        # lowest numbers, so that they do not exceed the limit together.
        usable = free[surplus:]
        # In random order, so that two workers seldom choose the same.
        random.shuffle(usable)
        endpoints[endpoint_id] = None if limit is None else EndpointSlots(min(limit, MAX_SLOTS), usable, *shared)
    admitted: set[UUID] = set()
    chosen: list[tuple[int, int, UUID, bool]] = []
    for request in sorted(requests, key=lambda request: (request.shared, request.since)):
        slots = endpoints.get(request.endpoint_id)
        if slots is None:
            admitted.add(request.holder)
        elif request.shared and request.endpoint_id not in may_share:
            continue
        elif number := slots.take(shared=request.shared):
            chosen.append((request.endpoint_id, number, request.holder, request.shared))
    if chosen:
        columns = [list(column) for column in zip(*chosen, strict=True)]
        admitted.update(holder for (holder,) in fetch_rows(TAKE_SLOTS_SQL, [*columns, LEASE_S]))
    return [request.holder in admitted for request in requests]


def take_at_once(calls: Sequence[tuple[int, int, bool]]) -> dict[int, UUID]:
    """Take free slots for calls that have not waited. Return who holds them, keyed by the call.

    calls: each call's key, its endpoint's id, and whether it is shared
    """
    now = time.monotonic()
    requests = [SlotRequest(endpoint_id, uuid4(), shared, now) for _, endpoint_id, shared in calls]
    taken = take_slots(requests) if requests else []
    outcomes = zip(calls, requests, taken, strict=True)
    return {key: request.holder for (key, *_), request, is_taken in outcomes if is_taken}


def renew_slots(holders: Sequence[Collection[UUID]]) -> list[None]:
    """Renew the slots of these calls."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE arena_slot SET until = statement_timestamp() + %s * interval '1 s' WHERE holder = ANY(%s)",
            [LEASE_S, [holder for process_holders in holders for holder in process_holders]],
        )
    return [None] * len(holders)


def free_slots(holders: Sequence[UUID]) -> list[None]:
    """Free the slots of calls that have ended."""
    with connection.cursor() as cursor:
        cursor.execute(FREE_SLOTS_SQL, {"holders": list(holders)})
    return [None] * len(holders)


class SlotKeeper:
    """Takes, renews, and frees the slots of this process's calls."""

    def __init__(self, batcher: DatabaseBatcher) -> None:
        self.batcher = batcher
        self.holders: set[UUID] = set()
        self.waiting: Counter[tuple[int, bool]] = Counter()  # calls that found no slot at once

    @contextlib.asynccontextmanager
    async def hold(self, endpoint_id: int, holder: UUID | None, *, shared: bool) -> AsyncIterator[None]:
        """Hold a slot in this block: the one that `holder` has, or else the next that the call can take."""
        request = SlotRequest(endpoint_id, holder or uuid4(), shared, time.monotonic())
        self.holders.add(request.holder)
        try:
            if holder is None:
                await self._take(request)
            yield
        finally:
            self.holders.remove(request.holder)
            self.batcher.call_later(free_slots, request.holder)

    async def _take(self, request: SlotRequest) -> None:
        queue = request.endpoint_id, request.shared
        if not self.waiting[queue] and await self.batcher.call_until_ok(take_slots, request):
            return
        self.waiting[queue] += 1
        try:
            is_taken = False
            while not is_taken:
                # All calls that wait try again at the same moment, in one statement, the first of them first.
                await asyncio.sleep(RETRY_S - time.monotonic() % RETRY_S)
                is_taken = await self.batcher.call_until_ok(take_slots, request)
        finally:
            self.waiting[queue] -= 1

    async def renew(self) -> None:
        """Renew all slots. If the database is unreachable, they can expire."""
        if self.holders:
            with contextlib.suppress(DatabaseUnreachable):
                await self.batcher.call(renew_slots, tuple(self.holders))
