"""Ownership of answers: claims, leases, and fenced saves. Each SQL statement handles many rows.

A worker owns an answer until another worker claims it, which is possible once the lease has expired on the database's
clock. Each claim increases `attempt`, and a write is ignored unless its `attempt` is the current one. Once an answer
has been claimed again, late writes from a frozen or disconnected worker therefore have no effect. All functions except
`reap_answers` take a list and return one result per item, in order. The caller opens the transaction.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter

from django.db import connection

LEASE_S = 8
HEARTBEAT_S = 2
QUEUE_TIMEOUT_S = 5
MAX_REAPED_TURNS = 300


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


RESULT_COLUMNS = attrgetter(*(field.name for field in fields(AnswerResult)))


@dataclass(frozen=True)
class FinishedSides:
    """Results of one or both sides of a turn, which are saved together."""

    turn_id: int
    results: tuple[AnswerResult, ...]


@dataclass(frozen=True)
class SaveOutcome:
    """The ids of the answers that were saved, and the battle's new state, or None if it has not changed."""

    saved_ids: frozenset[int]
    state: str | None


def claim_answers(turn_ids: Sequence[int]) -> list[dict[int, int]]:
    """Claim the queued answers of turns. Return one dict per turn with the attempts, keyed by answer id.

    The dict is empty if another worker has claimed the turn.
    """
    return _group_by_turn(turn_ids, _claim_rows("state = 'queued'", list(turn_ids)))


def _claim_rows(condition: str, turn_ids: list[int]) -> list[tuple[int, int, int]]:
    """Claim the answers of these turns that meet an SQL condition. Return (turn id, answer id, attempt) for each."""
    statement = f"""
        UPDATE arena_answer SET state = 'running', attempt = attempt + 1, tries = tries + 1, text = '',
            reasoning = '', failure = '', stopped = false, cut = false, started_at = now(),
            first_token_at = NULL, finished_at = NULL, lease_until = now() + %s * interval '1 s'
        WHERE turn_id = ANY(%s) AND {condition} RETURNING turn_id, id, attempt"""  # noqa: S608  # `condition` is a constant of this module
    with connection.cursor() as cursor:
        cursor.execute(statement, [LEASE_S, turn_ids])
        return list(cursor.fetchall())


def _group_by_turn(turn_ids: Sequence[int], rows: list[tuple[int, int, int]]) -> list[dict[int, int]]:
    """Return the attempts, keyed by answer id, for each of these turns in order."""
    attempts: dict[int, dict[int, int]] = {}
    for turn_id, answer_id, attempt in rows:
        attempts.setdefault(turn_id, {})[answer_id] = attempt
    return [attempts.pop(turn_id, {}) for turn_id in turn_ids]


def reap_answers(own_turn_ids: Collection[int] = ()) -> dict[int, dict[int, int]]:
    """Claim turns whose lease has expired or that waited too long in the queue.

    At most `MAX_REAPED_TURNS` are claimed, the oldest first. Concurrent calls claim different turns. Return the
    attempts, keyed by turn id and then by answer id.

    own_turn_ids: turns that the caller is still answering. They are excluded, because an overloaded worker that
        extends its leases too late would otherwise start its own answers again.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT id FROM arena_turn WHERE NOT id = ANY(%s) AND EXISTS (
                SELECT FROM arena_answer WHERE turn_id = arena_turn.id AND (
                    state = 'running' AND lease_until < now()
                    OR state = 'queued' AND queued_at < now() - %s * interval '1 s')
            ) ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED""",
            [list(own_turn_ids), QUEUE_TIMEOUT_S, MAX_REAPED_TURNS],
        )
        turn_ids = [turn_id for (turn_id,) in cursor.fetchall()]
    if not turn_ids:
        return {}
    rows = _claim_rows("(state = 'queued' OR state = 'running' AND lease_until < now())", turn_ids)
    claims = zip(turn_ids, _group_by_turn(turn_ids, rows), strict=True)
    return {turn_id: attempts for turn_id, attempts in claims if attempts}


@dataclass(frozen=True)
class LeaseExtension:
    """The ids of the answers that this worker still owns, and whether the voter has stopped the battle."""

    owned_ids: frozenset[int]
    stopped: bool


def extend_leases(turns: Sequence[Sequence[AnswerLease]]) -> list[LeaseExtension]:
    """Extend the leases on each turn's open answers, and store their released text.

    An expired lease is renewed unless another worker has claimed the answer since then.
    """
    all_leases = [lease for turn_leases in turns for lease in turn_leases]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE arena_answer SET lease_until = now() + %s * interval '1 s',
                text = coalesce(lease.text, arena_answer.text)
            FROM unnest(%s::bigint[], %s::int[], %s::text[]) AS lease(id, attempt, text)
            WHERE arena_answer.id = lease.id AND arena_answer.attempt = lease.attempt AND state = 'running'
            RETURNING arena_answer.id, (SELECT battle.stopped FROM arena_turn turn JOIN arena_battle battle
                ON battle.id = turn.battle_id WHERE turn.id = arena_answer.turn_id)""",
            [
                LEASE_S,
                [lease.answer_id for lease in all_leases],
                [lease.attempt for lease in all_leases],
                [lease.text for lease in all_leases],
            ],
        )
        stopped_by_answer = dict(cursor.fetchall())
    owned_by_turn = [
        frozenset(lease.answer_id for lease in turn_leases) & stopped_by_answer.keys() for turn_leases in turns
    ]
    return [
        LeaseExtension(owned_ids, any(stopped_by_answer[answer_id] for answer_id in owned_ids))
        for owned_ids in owned_by_turn
    ]


def release_leases(turns: Sequence[Sequence[AnswerLease]]) -> list[None]:
    """Expire the leases immediately, so that another worker can claim the answers."""
    all_leases = [lease for turn_leases in turns for lease in turn_leases]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE arena_answer SET lease_until = now() - interval '1 s'
            FROM unnest(%s::bigint[], %s::int[]) AS lease(id, attempt)
            WHERE arena_answer.id = lease.id AND arena_answer.attempt = lease.attempt AND state = 'running'""",
            [[lease.answer_id for lease in all_leases], [lease.attempt for lease in all_leases]],
        )
    return [None] * len(turns)


def finish_answers(finished_sides: Sequence[FinishedSides]) -> list[SaveOutcome]:
    """Save the answers that this worker still owns, and update the state of battles that are now fully answered."""
    turn_ids = [sides.turn_id for sides in finished_sides]
    _lock_turns(turn_ids)
    saved_ids = _save_results([result for sides in finished_sides for result in sides.results])
    states = _advance_battles(turn_ids)
    return [
        SaveOutcome(frozenset(result.answer_id for result in sides.results) & saved_ids, states.get(sides.turn_id))
        for sides in finished_sides
    ]


def _lock_turns(turn_ids: list[int]) -> None:
    """Lock the turns. Otherwise, two workers that each finish one side could both see the other side as running."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM arena_turn WHERE id = ANY(%s) ORDER BY id FOR UPDATE", [turn_ids])


def _save_results(results: list[AnswerResult]) -> frozenset[int]:
    """Save the results whose attempt is the current one. Return the ids of their answers."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE arena_answer SET state = CASE WHEN result.failure = '' THEN 'finished' ELSE 'failed' END,
                text = result.text, reasoning = result.reasoning, failure = result.failure, lease_until = NULL,
                first_token_at = now() - result.first_token_age * interval '1 s',
                finished_at = now() - result.finished_age * interval '1 s',
                input_tokens = result.input_tokens, output_tokens = result.output_tokens, stopped = result.stopped,
                cut = result.cut
            FROM unnest(%s::bigint[], %s::int[], %s::text[], %s::text[], %s::text[], %s::float[], %s::float[],
                %s::int[], %s::int[], %s::bool[], %s::bool[]) AS result(id, attempt, text, reasoning, failure,
                first_token_age, finished_age, input_tokens, output_tokens, stopped, cut)
            WHERE arena_answer.id = result.id AND arena_answer.attempt = result.attempt
                AND arena_answer.state = 'running'
            RETURNING arena_answer.id""",
            [list(column) for column in zip(*map(RESULT_COLUMNS, results), strict=True)],
        )
        return frozenset(answer_id for (answer_id,) in cursor.fetchall())


def _advance_battles(turn_ids: list[int]) -> dict[int, str]:
    """Set the state of fully answered battles to `void` if a side failed in the first turn, and otherwise to `ready`.

    Return the new states, keyed by turn id.
    """
    with connection.cursor() as cursor:
        cursor.execute(
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
        return dict(cursor.fetchall())
