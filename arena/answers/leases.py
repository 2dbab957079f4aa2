"""Who works on which answer: claims, leases and fenced saves, each one statement for many rows.

A worker holds an answer while its lease runs, on the database's clock. Every claim raises `attempt`, and nothing is
written but `WHERE attempt = mine`: a worker that was frozen or cut off finds its writes void. All functions but
`reap_answers` take a list of what is due and give one result for each, in order; the caller brings the transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from operator import attrgetter

from django.db import connection

LEASE_S = 8
HEARTBEAT_S = 2
QUEUE_TIMEOUT_S = 5
MAX_REAPED_TURNS = 300  # turns


@dataclass(frozen=True)
class AnswerLease:
    """An answer in this worker's hands; `text` is what has been released of it, None if unchanged."""

    answer_id: int
    attempt: int
    text: str | None = None


@dataclass(frozen=True)
class AnswerResult:
    """How an attempt ended: `failure` is empty for an answer. Ages are seconds before now; thoughts are tokens too."""

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


RESULT_COLUMNS = attrgetter(*(each.name for each in fields(AnswerResult)))


@dataclass(frozen=True)
class FinishedSides:
    """The end of one or both sides of a turn, saved together."""

    turn_id: int
    results: tuple[AnswerResult, ...]


@dataclass(frozen=True)
class SaveOutcome:
    """`saved` are the answers that were still ours; `state` is the battle's new state, if this brought one."""

    saved: frozenset[int]
    state: str | None


def claim_answers(turn_ids: Sequence[int]) -> list[dict[int, int]]:
    """Take the queued answers of these turns; per turn {answer: attempt}, empty if another was quicker."""
    return _group_by_turn(turn_ids, _claim_rows("state = 'queued'", list(turn_ids)))


def _claim_rows(condition: str, turn_ids: list[int]) -> list[tuple[int, int, int]]:
    statement = f"""
        UPDATE arena_answer SET state = 'running', attempt = attempt + 1, tries = tries + 1, text = '',
            reasoning = '', failure = '', stopped = false, cut = false, started_at = now(),
            first_token_at = NULL, finished_at = NULL, lease_until = now() + %s * interval '1 s'
        WHERE turn_id = ANY(%s) AND {condition} RETURNING turn_id, id, attempt"""  # noqa: S608  # our own words
    with connection.cursor() as cursor:
        cursor.execute(statement, [LEASE_S, turn_ids])
        return list(cursor.fetchall())


def _group_by_turn(turn_ids: Sequence[int], rows: list[tuple[int, int, int]]) -> list[dict[int, int]]:
    taken: dict[int, dict[int, int]] = {}
    for turn, answer, attempt in rows:
        taken.setdefault(turn, {})[answer] = attempt
    return [taken.pop(turn, {}) for turn in turn_ids]


def reap_answers() -> dict[int, dict[int, int]]:
    """Take turns whose worker is gone, and those of which no worker was told: {turn: {answer: attempt}}.

    The oldest first, at most REAPED_AT_ONCE; reapers at the same time take different ones.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT id FROM arena_turn WHERE EXISTS (
                SELECT FROM arena_answer WHERE turn_id = arena_turn.id AND (
                    state = 'running' AND lease_until < now()
                    OR state = 'queued' AND queued_at < now() - %s * interval '1 s')
            ) ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED""",
            [QUEUE_TIMEOUT_S, MAX_REAPED_TURNS],
        )
        turns = [turn for (turn,) in cursor.fetchall()]
    if not turns:
        return {}
    rows = _claim_rows("(state = 'queued' OR state = 'running' AND lease_until < now())", turns)
    return {turn: taken for turn, taken in zip(turns, _group_by_turn(turns, rows), strict=True) if taken}


@dataclass(frozen=True)
class LeaseExtension:
    """`ours` are the answers that no other worker has by now; `stopped` if the voter wants no more of the turn."""

    ours: frozenset[int]
    stopped: bool


def extend_leases(turns: Sequence[Sequence[AnswerLease]]) -> list[LeaseExtension]:
    """Renew the leases of each turn's open answers and keep what has been released.

    An expired lease that nobody took is revived: the worker was only cut off for a while.
    """
    held = [each for turn in turns for each in turn]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE arena_answer SET lease_until = now() + %s * interval '1 s',
                text = coalesce(h.text, arena_answer.text)
            FROM unnest(%s::bigint[], %s::int[], %s::text[]) AS h(id, attempt, text)
            WHERE arena_answer.id = h.id AND arena_answer.attempt = h.attempt AND state = 'running'
            RETURNING arena_answer.id, (SELECT battle.stopped FROM arena_turn turn JOIN arena_battle battle
                ON battle.id = turn.battle_id WHERE turn.id = arena_answer.turn_id)""",
            [LEASE_S, [h.answer_id for h in held], [h.attempt for h in held], [h.text for h in held]],
        )
        ours = dict(cursor.fetchall())
    kept = [frozenset(h.answer_id for h in turn) & ours.keys() for turn in turns]
    return [LeaseExtension(answers, any(ours[answer] for answer in answers)) for answers in kept]


def turns_exist(turn_ids: Sequence[int]) -> list[bool]:
    """Whether each turn is still there: a voter may delete a battle at any time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM arena_turn WHERE id = ANY(%s)", [list(turn_ids)])
        there = {turn for (turn,) in cursor.fetchall()}
    return [turn in there for turn in turn_ids]


def release_leases(turns: Sequence[Sequence[AnswerLease]]) -> list[None]:
    """End the leases of each turn at once, so that another worker takes over without waiting for them to run out."""
    held = [each for turn in turns for each in turn]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE arena_answer SET lease_until = now() - interval '1 s'
            FROM unnest(%s::bigint[], %s::int[]) AS h(id, attempt)
            WHERE arena_answer.id = h.id AND arena_answer.attempt = h.attempt AND state = 'running'""",
            [[h.answer_id for h in held], [h.attempt for h in held]],
        )
    return [None] * len(turns)


def finish_answers(finishes: Sequence[FinishedSides]) -> list[SaveOutcome]:
    """Save ended answers that are still ours, and move each battle on whose last answer this was."""
    _lock_turns([each.turn_id for each in finishes])
    results = [result for each in finishes for result in each.results]
    saved = _save_results(results)
    states = _advance_battles([each.turn_id for each in finishes])
    return [
        SaveOutcome(frozenset(r.answer_id for r in each.results) & saved, states.get(each.turn_id)) for each in finishes
    ]


def _lock_turns(turn_ids: list[int]) -> None:
    """Two workers that end one side each at the same time would both take the other side for running."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM arena_turn WHERE id = ANY(%s) ORDER BY id FOR UPDATE", [turn_ids])


def _save_results(results: list[AnswerResult]) -> frozenset[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE arena_answer SET state = CASE WHEN r.failure = '' THEN 'finished' ELSE 'failed' END,
                text = r.text, reasoning = r.reasoning, failure = r.failure, lease_until = NULL,
                first_token_at = now() - r.first_token_age * interval '1 s',
                finished_at = now() - r.finished_age * interval '1 s',
                input_tokens = r.input_tokens, output_tokens = r.output_tokens, stopped = r.stopped,
                cut = r.cut
            FROM unnest(%s::bigint[], %s::int[], %s::text[], %s::text[], %s::text[], %s::float[], %s::float[],
                %s::int[], %s::int[], %s::bool[], %s::bool[]) AS r(id, attempt, text, reasoning, failure,
                first_token_age, finished_age, input_tokens, output_tokens, stopped, cut)
            WHERE arena_answer.id = r.id AND arena_answer.attempt = r.attempt AND arena_answer.state = 'running'
            RETURNING arena_answer.id""",
            [list(column) for column in zip(*map(RESULT_COLUMNS, results), strict=True)],
        )
        return frozenset(answer for (answer,) in cursor.fetchall())


def _advance_battles(turn_ids: list[int]) -> dict[int, str]:
    """A first turn with a failed side voids its battle; any later turn leaves it ready for the vote."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE arena_battle SET state = t.state FROM (
                SELECT turn.id, turn.battle_id, CASE WHEN turn.number = 1 AND bool_or(answer.state = 'failed')
                    THEN 'void' ELSE 'ready' END AS state
                FROM arena_turn turn JOIN arena_answer answer ON answer.turn_id = turn.id
                WHERE turn.id = ANY(%s) GROUP BY turn.id
                HAVING NOT bool_or(answer.state IN ('queued', 'running'))
            ) AS t
            WHERE arena_battle.id = t.battle_id AND arena_battle.state = 'answering' RETURNING t.id, t.state""",
            [turn_ids],
        )
        return dict(cursor.fetchall())
