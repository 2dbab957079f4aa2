"""Claims single answers that can begin at once, with their slots and tokens (see `arena.answers.singles`)."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest
from operator import attrgetter
from typing import NamedTuple

from django.db import connection

from arena.answers import jobs, leases, slots
from arena.answers.jobs import TurnJob
from arena.endpoints import token_budgets
from arena.endpoints.draw import Budget
from core.storage.database import fetch_rows

RETRY_S = 0.1  # between two looks while single answers wait
# The oldest single answers of each contestant that can begin now. Those that another worker is claiming are skipped.
LIST_WAITING_SQL = """
    SELECT endpoint.id, endpoint.max_concurrency, contestant.id, coalesce(octet_length(contestant.system), 0),
        endpoint.tokens_per_day, waiting.id
    FROM arena_endpoint endpoint JOIN arena_contestant contestant ON contestant.endpoint_id = endpoint.id
    JOIN LATERAL (
        SELECT id FROM arena_answer
        WHERE contestant_id = contestant.id AND turn_id IS NULL AND NOT id = ANY(%(own)s) AND (
            state = 'queued' AND queued_at <= statement_timestamp() OR state = 'running' AND lease_until < now())
        ORDER BY id LIMIT least(%(limit)s, (max_concurrency + 1) / 2) FOR UPDATE SKIP LOCKED
    ) AS waiting ON true
    WHERE contestant.enabled AND contestant.retired_at IS NULL AND endpoint.failed_probes = 0
        AND endpoint.singles_after <= statement_timestamp()
    ORDER BY endpoint.id, waiting.id"""
PAUSE_SQL = """
    UPDATE arena_endpoint SET singles_after = greatest(singles_after, now() + seconds * interval '1 s')
    FROM unnest(%s::bigint[], %s::float[]) AS pause(endpoint_id, seconds) WHERE id = endpoint_id"""


@dataclass(frozen=True)
class SinglesRequest:
    """A worker's request for up to `limit` single answers. It is still making the answers with the ids `own`."""

    limit: int
    own: Collection[int]


@dataclass(frozen=True)
class ClaimedSingles:
    """The jobs of claimed single answers, and whether the worker should look again soon, because others may wait."""

    jobs: list[TurnJob]
    others_wait: bool


class _Waiting(NamedTuple):
    """A single answer that waits. `limit` is that of its endpoint, `octets` the length of its own system prompt."""

    endpoint_id: int
    limit: int | None
    contestant_id: int
    octets: int
    tokens_per_day: int | None
    answer_id: int


def claim_singles(requests: Sequence[SinglesRequest]) -> list[ClaimedSingles]:
    """Claim single answers that can begin now, with their slots, and charge their tokens.

    The first request gets all of them, as many as it may have.
    """
    own = [answer_id for request in requests for answer_id in request.own]
    claimed = _claim(requests[0].limit, own)
    return [claimed, *(ClaimedSingles([], others_wait=False) for _ in requests[1:])]


def _claim(limit: int, own: list[int]) -> ClaimedSingles:
    waiting = [_Waiting(*row) for row in fetch_rows(LIST_WAITING_SQL, {"own": own, "limit": limit})]
    by_answer = {row.answer_id: row for row in waiting}
    budgets = {row.contestant_id: Budget.of(row.endpoint_id, row.tokens_per_day) for row in waiting}
    affordable = token_budgets.select_affordable_singles(budgets)
    candidates = _take_turns(row for row in waiting if row.contestant_id in affordable)
    limited = [row for row in candidates if row.limit is not None][:limit]
    holders = slots.take_at_once([(row.answer_id, row.endpoint_id, True) for row in limited])
    unlimited = [row.answer_id for row in candidates if row.limit is None]
    attempts = leases.claim_locked_singles([*holders, *unlimited][:limit])
    single_jobs = jobs.load_single_jobs(attempts, holders)
    tokens: Counter[int] = Counter()
    for side in (job.sides[0] for job in single_jobs):
        row, request = by_answer[side.answer_id], side.request
        octets = row.octets + sum(len(message.content.encode()) for message in request.messages)
        tokens[row.contestant_id] += token_budgets.estimate_tokens(octets, request.max_tokens, request.thinking_tokens)
    token_budgets.charge_singles(affordable, tokens)
    return ClaimedSingles(single_jobs, others_wait=len(candidates) > len(single_jobs))


def _take_turns(waiting: Iterable[_Waiting]) -> list[_Waiting]:
    """Return the first answer of each endpoint, then the second of each, and so on, so that none waits for another."""
    by_endpoint = [list(rows) for _, rows in groupby(waiting, key=attrgetter("endpoint_id"))]
    return [row for rank in zip_longest(*by_endpoint) for row in rank if row is not None]


def pause_endpoints(pauses: Sequence[tuple[int, float]]) -> list[None]:
    """Let single answers wait, as a provider has asked. A pause is an endpoint's id and a number of seconds."""
    longest = dict(sorted(pauses))
    with connection.cursor() as cursor:
        cursor.execute(PAUSE_SQL, [list(longest), list(longest.values())])
    return [None] * len(pauses)
