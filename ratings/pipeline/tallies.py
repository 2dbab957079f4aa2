"""Tallies: the counts of votes per board and pair.

Votes do not commit in id order, so the outbox records which votes are not in the tallies yet. Every statement sees each
counted vote either in the tallies or in the outbox.
"""

from collections import defaultdict
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import F

from arena.models import Pool
from core.storage.database import fetch_rows
from ratings.models import (
    DECISIVE_CATEGORY,
    FULL_WEIGHT,
    OVERALL_CATEGORY,
    Board,
    PoolCounts,
    Tally,
    get_or_create_category,
)

# Votes to count. Each query of votes is the beginning of a statement.
DRAINED_VOTES_SQL = """
WITH votes AS (
    DELETE FROM ratings_outbox AS waiting USING unnest(%(ids)s::bigint[]) AS drained (id), arena_vote AS vote
    WHERE waiting.vote_id = drained.id AND vote.id = drained.id RETURNING vote.*
)"""

VOTES_BY_ID_SQL = "WITH votes AS (SELECT * FROM arena_vote WHERE id = ANY(%(ids)s))"

TALLIED_VOTES_SQL = """
WITH votes AS (
    SELECT * FROM arena_vote AS vote
    WHERE pool_id = %(pool)s AND NOT EXISTS (SELECT FROM ratings_outbox AS waiting WHERE waiting.vote_id = vote.id)
)"""

# What is counted of a vote: how often it is added, and from which weight to which it changes.
ADDED_SQL = """, weighted AS (
    SELECT votes.*, multiplicity AS added, %(full)s::bigint AS old_weight,
        CASE WHEN weight.excluded THEN 0 ELSE COALESCE(weight.filter_weight, %(full)s) END::bigint AS new_weight
    FROM votes LEFT JOIN ratings_voteweight AS weight ON weight.vote_id = votes.id WHERE counted
)"""

# `is_tallied` marks the votes that were in the tallies when the change was prepared.
CHANGED_SQL = """
WITH weighted AS (
    SELECT vote.*, 0 AS added,
        CASE WHEN stored.excluded THEN 0 ELSE COALESCE(stored.filter_weight, %(full)s) END::bigint AS old_weight,
        CASE WHEN COALESCE(changed.excluded, stored.excluded) THEN 0
            ELSE COALESCE(changed.filter_weight, stored.filter_weight, %(full)s) END::bigint AS new_weight
    FROM changed_weight AS changed JOIN arena_vote AS vote ON vote.id = changed.vote_id
        LEFT JOIN ratings_voteweight AS stored ON stored.vote_id = changed.vote_id
    WHERE counted AND is_tallied = %(is_tallied)s
        AND NOT EXISTS (SELECT FROM ratings_outbox AS waiting WHERE waiting.vote_id = vote.id)
)"""

JUDGED_SQL = """, judged AS (
    SELECT id, pool_id,
        LEAST(contestant_a_id, contestant_b_id) AS low, GREATEST(contestant_a_id, contestant_b_id) AS high,
        categories || %(overall)s::varchar
            || CASE WHEN winner IN ('a', 'b') THEN %(decided)s::varchar END AS categories,
        (winner = CASE WHEN contestant_a_id < contestant_b_id THEN 'a' ELSE 'b' END)::int AS wins,
        (winner = CASE WHEN contestant_a_id < contestant_b_id THEN 'b' ELSE 'a' END)::int AS losses,
        (winner IN ('tie', 'both_bad'))::int AS ties, (winner = 'both_bad')::int AS both_bad,
        added, multiplicity * (old_weight - new_weight) AS lost,
        multiplicity * (old_weight * old_weight - new_weight * new_weight) AS lost_squared
    FROM weighted
)"""

# The columns of `Tally`, as sums over votes.
SUMS = {outcome: f"added * {outcome}" for outcome in ("wins", "losses", "ties", "both_bad")} | {
    f"{lost}_{outcome}": f"{lost} * {outcome}"
    for lost in ("lost", "lost_squared")
    for outcome in ("wins", "losses", "ties")
}
COUNT_FIELDS = tuple(SUMS)
COLUMNS = ", ".join(COUNT_FIELDS)

MISSING_BOARDS_SQL = f"""{ADDED_SQL}{JUDGED_SQL}
SELECT DISTINCT pool_id, category FROM judged, unnest(categories) AS category WHERE category IS NOT NULL
EXCEPT
SELECT board.pool_id, category.slug FROM ratings_board AS board
    JOIN ratings_category AS category ON category.id = board.category_id WHERE NOT style_control"""  # noqa: S608  # our own columns

# The ids are those of all counted votes if they are listed in the category that all votes have.
COUNTS_SQL = f"""{JUDGED_SQL}, counted AS (
    SELECT judged.pool_id, category, low, high, MAX(id) AS last_vote_id,
        array_agg(id) FILTER (WHERE category = %(listed)s::varchar) AS ids,
        {", ".join(f"SUM({amount})::bigint AS {name}" for name, amount in SUMS.items())}
    FROM judged, LATERAL (SELECT DISTINCT unnest(categories)) AS counted_for (category)
    WHERE category IS NOT NULL
    GROUP BY judged.pool_id, category, low, high HAVING bool_or(added > 0 OR lost <> 0)
), added AS (
    SELECT counted.*, board.id AS board_id
    FROM counted JOIN ratings_category ON ratings_category.slug = category JOIN ratings_board AS board
        ON board.category_id = ratings_category.id AND board.pool_id = counted.pool_id AND NOT style_control
)"""  # noqa: S608  # our own columns

# The counts of a whole pool do not pass through Python, because PostgreSQL would end a transaction that is idle for as
# long as that takes (see `refresh_lease`).
STORE_SQL = f""", stored AS (
    INSERT INTO ratings_tally AS tally (board_id, contestant_a_id, contestant_b_id, {COLUMNS})
    SELECT board_id, low, high, {COLUMNS} FROM added
    ON CONFLICT (board_id, contestant_a_id, contestant_b_id) DO UPDATE SET
        {", ".join(f"{name} = tally.{name} + excluded.{name}" for name in COUNT_FIELDS)}
), marked AS (
    UPDATE ratings_board AS board SET behind = TRUE, last_vote_id = GREATEST(board.last_vote_id, newest.last_vote_id)
    FROM (SELECT board_id, MAX(last_vote_id) AS last_vote_id FROM added GROUP BY board_id) AS newest
    WHERE board.id = newest.board_id RETURNING pool_id
)"""  # noqa: S608  # our own columns
REVISE_SQL = """
UPDATE ratings_poolcounts SET revision = revision + 1, weight_revision = weight_revision + %(reweighted)s
WHERE pool_id IN (SELECT pool_id FROM marked)"""

APPLY_OUTBOX_SQL = f"""{DRAINED_VOTES_SQL}{ADDED_SQL}{COUNTS_SQL}{STORE_SQL}, revised AS ({REVISE_SQL})
SELECT pool_id, ids, category, low, high, {COLUMNS} FROM added"""  # noqa: S608  # our own columns

# A change of weights is prepared in temporary tables, because a transaction that locks the tallies must be short.
CREATE_STAGED_SQL = f"""
DROP TABLE IF EXISTS pg_temp.changed_weight, pg_temp.changed_tally;
CREATE TEMPORARY TABLE changed_weight (
    vote_id bigint, filter_weight smallint, reason varchar, excluded boolean, is_tallied boolean
) ON COMMIT DROP;
CREATE TEMPORARY TABLE changed_tally (
    {", ".join(f"{name} bigint" for name in ("board_id", "low", "high", "last_vote_id", *COUNT_FIELDS))}
) ON COMMIT DROP"""
STAGE_WEIGHTS_SQL = """
INSERT INTO changed_weight
SELECT changed.*, %s::boolean, NOT EXISTS (SELECT FROM ratings_outbox AS waiting WHERE waiting.vote_id = vote.id)
FROM unnest(%s::bigint[], %s::smallint[], %s::varchar[]) AS changed (vote_id, filter_weight, reason)
    JOIN arena_vote AS vote ON vote.id = vote_id"""
STAGE_TALLIES_SQL = f"""{CHANGED_SQL}{COUNTS_SQL}
INSERT INTO changed_tally SELECT board_id, low, high, last_vote_id, {COLUMNS} FROM added"""  # noqa: S608  # our own columns
STAGED_TALLIES_SQL = "WITH added AS (SELECT * FROM changed_tally)"

PARAMETERS: dict[str, Any] = {
    "overall": OVERALL_CATEGORY,
    "decided": DECISIVE_CATEGORY,
    "full": FULL_WEIGHT,
    "listed": None,
    "reweighted": 0,
}

# A category, a pair of contestants (the smaller key first), and their counts as in `COUNT_FIELDS`. Wins and losses are
# from the perspective of the first contestant.
PairCount = tuple[Any, ...]


class TallyChanges(NamedTuple):
    """The changes that new votes made to one pool: the added counts, and the ids of the votes."""

    counts: list[PairCount]
    votes: list[int]


def apply_outbox(ids: list[int]) -> dict[Pool, TallyChanges]:
    """Move these waiting votes into the tallies, and return the changes by pool. Call this within a transaction."""
    parameters = PARAMETERS | {"ids": ids, "listed": OVERALL_CATEGORY}
    _create_boards(VOTES_BY_ID_SQL, parameters)
    changes: dict[int, TallyChanges] = defaultdict(lambda: TallyChanges([], []))
    for pool, moved, *count in fetch_rows(APPLY_OUTBOX_SQL, parameters):
        changes[pool].counts.append(tuple(count))
        changes[pool].votes.extend(moved or ())
    return {pool: changes[pool.pk] for pool in Pool.objects.filter(pk__in=changes).select_related("counts")}


def read_tallies(pool: Pool) -> list[PairCount]:
    """Return the counts in a pool's tallies."""
    tallies = Tally.objects.filter(board__pool=pool, board__style_control=False)
    return list(tallies.values_list("board__category__slug", "contestant_a", "contestant_b", *COUNT_FIELDS))


def recount_tallies(pool: Pool) -> None:
    """Delete a pool's tallies, and count its votes again, except those in the outbox."""
    boards = Board.objects.filter(pool=pool)
    Tally.objects.filter(board__in=boards).delete()
    boards.update(last_vote_id=None)
    PoolCounts.objects.filter(pool=pool).update(revision=F("revision") + 1)
    parameters = PARAMETERS | {"pool": pool.pk}
    _create_boards(TALLIED_VOTES_SQL, parameters)
    with connection.cursor() as cursor:
        cursor.execute(f"{TALLIED_VOTES_SQL}{ADDED_SQL}{COUNTS_SQL}{STORE_SQL}{REVISE_SQL}", parameters)


def stage_weights(
    votes: list[int],
    weights: list[int] | None = None,
    reasons: list[str] | None = None,
    *,
    excluded: bool | None = None,
) -> None:
    """Store new weights for the votes with these ids, and the resulting changes to the tallies, in temporary tables.

    If an argument is None, its values stay unchanged. Call this within a transaction. It writes to no other tables, so
    it does not need the lock of `refresh_lease`.
    """
    with connection.cursor() as cursor:
        cursor.execute(CREATE_STAGED_SQL)
        cursor.execute(STAGE_WEIGHTS_SQL, [excluded, votes, weights, reasons])
        cursor.execute("ANALYZE changed_weight")
        cursor.execute(STAGE_TALLIES_SQL, PARAMETERS | {"is_tallied": True})


def apply_staged_weights() -> None:
    """Update the tallies with the weights that `stage_weights` has prepared in this transaction.

    Call this while the tallies are locked (see `refresh_lease`), and before the new weights are stored.
    """
    # Some votes may have left the outbox since the change was prepared.
    with connection.cursor() as cursor:
        for counts in (f"{CHANGED_SQL}{COUNTS_SQL}", STAGED_TALLIES_SQL):
            cursor.execute(f"{counts}{STORE_SQL}{REVISE_SQL}", PARAMETERS | {"is_tallied": False, "reweighted": 1})


def _create_boards(votes: str, parameters: dict[str, Any]) -> None:
    """Create the missing boards and categories of these votes."""
    for pool, category in fetch_rows(f"{votes}{MISSING_BOARDS_SQL}", parameters):
        Board.objects.create(pool_id=pool, category=get_or_create_category(category))
