"""Ownership of answers: claims, leases, and fenced saves. Each SQL statement handles many rows.

A worker owns an answer until another worker claims it, which is possible once the lease has expired on the database's
clock. Each claim increases `attempt`, and a write is ignored unless its `attempt` is the current one. Once an answer
has been claimed again, late writes from a frozen or disconnected worker therefore have no effect. Functions that do not
claim take a list and return one result per item, in order. The caller opens the transaction.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields
from itertools import chain
from typing import Any, TypeVar

from django.db import connection

from core.storage.database import fetch_rows

LEASE_S = 8
HEARTBEAT_S = 2
QUEUE_TIMEOUT_S = 5
MAX_REAPED_TURNS = 300
# The attempts of the claimed answers, keyed by turn id (None for single answers) and then by answer id.
Claims = dict[int | None, dict[int, int]]


@dataclass(frozen=True)
class AnswerLease:
    """A lease to extend or release.

    text: the text that readers can see so far, or None if the stored text is current
    """

    answer_id: int
    attempt: int
    text: str | None = None


@dataclass(frozen=True)
class AnswerResult:
    """The result of an attempt. `failure` is empty if the model answered.

    `first_token_age` and `finished_age` are in seconds before now. The first token can be a reasoning token.

    queue_again_s: seconds after which a failed single answer can be claimed again, or None if it is not
    is_try: whether the attempt counts as a try
    """

    answer_id: int
    attempt: int
    text: str = ""
    reasoning: str = ""
    failure: str = ""
    first_token_age: float | None = None
    finished_age: float = 0.0
    input_tokens: int | None = None
    output_tokens: int | None = None
    stopped: bool = False
    cut: bool = False
    queue_again_s: float | None = None
    is_try: bool = True


@dataclass(frozen=True)
class FinishedSides:
    """Results of one or both sides of a turn, which are saved together. A single answer has no turn."""

    turn_id: int | None
    results: tuple[AnswerResult, ...]


@dataclass(frozen=True)
class SaveOutcome:
    """The ids of the answers that were saved, and the battle's new state, or None if it has not changed."""

    saved_ids: frozenset[int]
    state: str | None


Row = TypeVar("Row", AnswerLease, AnswerResult)


def claim_answers(turn_ids: Sequence[int]) -> Claims:
    """Claim the queued answers of turns. Turns that another worker has claimed are omitted."""
    return _claim("turn_id = ANY(%s) AND state = 'queued'", turn_ids)


def reap_answers(own_turn_ids: Collection[int] = ()) -> Claims:
    """Claim turns whose lease has expired or that waited too long in the queue.

    At most `MAX_REAPED_TURNS` are claimed, the oldest first. Concurrent calls claim different turns.

    own_turn_ids: turns that the caller is still answering. They are excluded, because an overloaded worker that
        extends its leases too late would otherwise start its own answers again.
    """
    overdue_turns = fetch_rows(
        """
        SELECT id FROM arena_turn WHERE NOT id = ANY(%s) AND EXISTS (
            SELECT FROM arena_answer WHERE turn_id = arena_turn.id AND turn_id IS NOT NULL AND (
                state = 'running' AND lease_until < now()
                OR state = 'queued' AND queued_at < now() - %s * interval '1 s')
        ) ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED""",
        [list(own_turn_ids), QUEUE_TIMEOUT_S, MAX_REAPED_TURNS],
    )
    if not overdue_turns:
        return {}
    turn_ids = [turn_id for (turn_id,) in overdue_turns]
    return _claim("turn_id = ANY(%s) AND (state = 'queued' OR state = 'running' AND lease_until < now())", turn_ids)


def claim_locked_singles(answer_ids: Sequence[int]) -> dict[int, int]:
    """Claim single answers, which the caller has locked. Return their attempts, keyed by answer id."""
    return _claim("id = ANY(%s)", answer_ids).get(None, {}) if answer_ids else {}


def _claim(condition: str, ids: Sequence[int]) -> Claims:
    """Claim the answers that meet an SQL condition on these ids."""
    statement = f"""
        UPDATE arena_answer SET state = 'running', attempt = attempt + 1, tries = tries + 1, text = '',
            reasoning = '', failure = '', stopped = false, cut = false, started_at = now(),
            first_token_at = NULL, finished_at = NULL, lease_until = now() + %s * interval '1 s'
        WHERE {condition} RETURNING turn_id, id, attempt"""  # noqa: S608  # `condition` is a constant of this module
    claims: Claims = {}
    for turn_id, answer_id, attempt in fetch_rows(statement, [LEASE_S, list(ids)]):
        claims.setdefault(turn_id, {})[answer_id] = attempt
    return claims


@dataclass(frozen=True)
class LeaseExtension:
    """The ids of the answers that this worker still owns, and whether the voter has stopped the battle."""

    owned_ids: frozenset[int]
    stopped: bool


def extend_leases(turns: Sequence[Sequence[AnswerLease]]) -> list[LeaseExtension]:
    """Extend the leases on each turn's open answers, and store their released text.

    An expired lease is renewed unless another worker has claimed the answer since then.
    """
    extended_leases = fetch_rows(
        """
        UPDATE arena_answer SET lease_until = now() + %s * interval '1 s',
            text = coalesce(lease.text, arena_answer.text)
        FROM unnest(%s::bigint[], %s::int[], %s::text[]) AS lease(id, attempt, text)
        WHERE arena_answer.id = lease.id AND arena_answer.attempt = lease.attempt AND state = 'running'
        RETURNING arena_answer.id, (SELECT battle.stopped FROM arena_turn turn JOIN arena_battle battle
            ON battle.id = turn.battle_id WHERE turn.id = arena_answer.turn_id)""",
        [LEASE_S, *_list_columns(AnswerLease, chain.from_iterable(turns))],
    )
    stopped_by_answer = dict(extended_leases)
    owned_by_turn = [
        frozenset(lease.answer_id for lease in turn_leases) & stopped_by_answer.keys() for turn_leases in turns
    ]
    return [
        LeaseExtension(owned_ids, any(stopped_by_answer[answer_id] for answer_id in owned_ids))
        for owned_ids in owned_by_turn
    ]


def release_leases(turns: Sequence[Sequence[AnswerLease]]) -> list[None]:
    """Expire the leases immediately, so that another worker can claim the answers."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE arena_answer SET lease_until = now() - interval '1 s'
            FROM unnest(%s::bigint[], %s::int[], %s::text[]) AS lease(id, attempt)
            WHERE arena_answer.id = lease.id AND arena_answer.attempt = lease.attempt AND state = 'running'""",
            _list_columns(AnswerLease, chain.from_iterable(turns)),
        )
    return [None] * len(turns)


def finish_answers(finished_sides: Sequence[FinishedSides]) -> list[SaveOutcome]:
    """Save the answers that this worker still owns, and update the state of battles that are now fully answered.

    A battle becomes `void` if a side failed in its first turn, and otherwise `ready`.
    """
    turn_ids = [sides.turn_id for sides in finished_sides]
    # Without this lock, two workers that each finish one side could both see the other side as running.
    fetch_rows("SELECT FROM arena_turn WHERE id = ANY(%s) ORDER BY id FOR UPDATE", [turn_ids])
    saved_answers = fetch_rows(
        """
        UPDATE arena_answer SET state = CASE WHEN result.failure = '' THEN 'finished'
                WHEN queue_again_s IS NULL THEN 'failed' ELSE 'queued' END,
            queued_at = coalesce(now() + queue_again_s * interval '1 s', queued_at),
            tries = tries - CASE WHEN is_try THEN 0 ELSE 1 END,
            text = result.text, reasoning = result.reasoning, failure = result.failure, lease_until = NULL,
            first_token_at = now() - result.first_token_age * interval '1 s',
            finished_at = now() - result.finished_age * interval '1 s',
            input_tokens = result.input_tokens, output_tokens = result.output_tokens, stopped = result.stopped,
            cut = result.cut
        FROM unnest(%s::bigint[], %s::int[], %s::text[], %s::text[], %s::text[], %s::float[], %s::float[],
            %s::int[], %s::int[], %s::bool[], %s::bool[], %s::float[], %s::bool[]) AS result(id, attempt, text,
            reasoning, failure, first_token_age, finished_age, input_tokens, output_tokens, stopped, cut,
            queue_again_s, is_try)
        WHERE arena_answer.id = result.id AND arena_answer.attempt = result.attempt
            AND arena_answer.state = 'running'
        RETURNING arena_answer.id""",
        _list_columns(AnswerResult, (result for sides in finished_sides for result in sides.results)),
    )
    advanced_battles = fetch_rows(
        """
        UPDATE arena_battle SET state = answered.state FROM (
            SELECT turn.id, turn.battle_id, CASE WHEN turn.number = 1 AND bool_or(answer.state = 'failed')
                THEN 'void' ELSE 'ready' END AS state
            FROM arena_turn turn JOIN arena_answer answer ON answer.turn_id = turn.id
            WHERE turn.id = ANY(%s) GROUP BY turn.id
            HAVING NOT bool_or(answer.state IN ('queued', 'running'))
        ) AS answered
        WHERE arena_battle.id = answered.battle_id AND arena_battle.state = 'answering'
        RETURNING answered.id, answered.state""",
        [turn_ids],
    )
    saved_ids = frozenset(answer_id for (answer_id,) in saved_answers)
    states = dict(advanced_battles)
    return [
        SaveOutcome(frozenset(result.answer_id for result in sides.results) & saved_ids, states.get(sides.turn_id))
        for sides in finished_sides
    ]


def _list_columns(row_type: type[Row], rows: Iterable[Row]) -> list[list[Any]]:
    """Return the values of each field, for `unnest`."""
    rows = list(rows)
    return [[getattr(row, field.name) for row in rows] for field in fields(row_type)]
