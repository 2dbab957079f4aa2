"""Tallies: the counts of votes per board and pair.

Votes do not commit in id order, so the outbox records which votes are not in the tallies yet. Every statement sees each
counted vote either in the tallies or in the outbox.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db import connection

from arena.models import API_POOL, LIVE_POOL, READY_POOL
from core.storage.database import fetch_rows
from ratings.models import (
    DECISIVE_CATEGORY,
    FULL_WEIGHT,
    OVERALL_CATEGORY,
    Board,
    Pool,
    Tally,
    get_or_create_category,
)

DRAINED_VOTES_SQL = """
WITH votes AS (
    DELETE FROM ratings_outbox AS waiting USING unnest(%(ids)s::bigint[]) AS drained (id), arena_vote AS vote
    WHERE waiting.vote_id = drained.id AND vote.id = drained.id RETURNING vote.*
)"""

VOTES_BY_ID_SQL = "WITH votes AS (SELECT * FROM arena_vote WHERE id = ANY(%(ids)s))"

TALLIED_VOTES_SQL = """
WITH votes AS (
    SELECT * FROM arena_vote AS vote
    WHERE pool = %(pool)s AND NOT EXISTS (SELECT FROM ratings_outbox AS waiting WHERE waiting.vote_id = vote.id)
)"""

WEIGHTED_SQL = """, weighted AS (
    SELECT votes.*, %(full)s::bigint AS old_weight,
        CASE WHEN weight.excluded THEN 0 ELSE COALESCE(weight.filter_weight, %(full)s) END::bigint AS new_weight
    FROM votes LEFT JOIN ratings_voteweight AS weight ON weight.vote_id = votes.id WHERE counted
)"""

# The weight that votes in the tallies lose in a change. `is_tallied` marks the votes that were in the tallies when the
# change was prepared.
CHANGED_SQL = """
WITH weighted AS (
    SELECT vote.*, CASE WHEN stored.excluded THEN 0 ELSE COALESCE(stored.filter_weight, %(full)s) END::bigint
            AS old_weight,
        CASE WHEN COALESCE(changed.excluded, stored.excluded) THEN 0
            ELSE COALESCE(changed.filter_weight, stored.filter_weight, %(full)s) END::bigint AS new_weight
    FROM changed_weight AS changed JOIN arena_vote AS vote ON vote.id = changed.vote_id
        LEFT JOIN ratings_voteweight AS stored ON stored.vote_id = changed.vote_id
    WHERE counted AND is_tallied = %(is_tallied)s
        AND NOT EXISTS (SELECT FROM ratings_outbox AS waiting WHERE waiting.vote_id = vote.id)
)"""

JUDGED_SQL = """, judged AS (
    SELECT id, pool, LEAST(model_a_id, model_b_id) AS low, GREATEST(model_a_id, model_b_id) AS high,
        categories || %(overall)s::varchar
            || CASE WHEN winner IN ('a', 'b') THEN %(decided)s::varchar END AS categories,
        multiplicity * (winner = CASE WHEN model_a_id < model_b_id THEN 'a' ELSE 'b' END)::int AS wins,
        multiplicity * (winner = CASE WHEN model_a_id < model_b_id THEN 'b' ELSE 'a' END)::int AS losses,
        multiplicity * (winner IN ('tie', 'both_bad'))::int AS ties,
        multiplicity * (winner = 'both_bad')::int AS both_bad,
        old_weight - new_weight AS lost,
        old_weight * old_weight - new_weight * new_weight AS lost_squared
    FROM weighted
)"""

LOST_FIELDS = (
    "lost_wins", "lost_losses", "lost_ties", "lost_squared_wins", "lost_squared_losses", "lost_squared_ties",
)  # fmt: skip
COUNT_FIELDS = ("wins", "losses", "ties", "both_bad", *LOST_FIELDS)
STORED_FIELDS = ("low", "high", "last_vote_id", *COUNT_FIELDS)  # as in `STORE_COUNTS_SQL`
LOST_COLUMNS, COUNT_COLUMNS = ", ".join(LOST_FIELDS), ", ".join(COUNT_FIELDS)
LOST_SUMS = ", ".join(
    f"SUM({outcome} * {lost})::bigint AS {lost}_{outcome}"
    for lost in ("lost", "lost_squared")
    for outcome in ("wins", "losses", "ties")
)
LOST_SUMS_SQL = f""" {LOST_SUMS}
FROM judged, LATERAL (SELECT DISTINCT unnest(categories)) AS counted_for (category)
WHERE category IS NOT NULL
GROUP BY pool, category, low, high"""

COUNT_PAIRS_SQL = f"""
SELECT {{ids}}, pool, category, low, high, SUM(wins) AS wins, SUM(losses) AS losses, SUM(ties) AS ties,
    SUM(both_bad) AS both_bad, MAX(id) AS last_vote_id,{LOST_SUMS_SQL}"""
OVERALL_IDS = "array_agg(id) FILTER (WHERE category = %(overall)s)"

STORE_ADDED_SQL = f""", tallied AS (
    INSERT INTO ratings_tally AS tally (board_id, model_a_id, model_b_id, {COUNT_COLUMNS})
    SELECT board_id, low, high, {COUNT_COLUMNS} FROM added
    ON CONFLICT (board_id, model_a_id, model_b_id) DO UPDATE SET
        {", ".join(f"{name} = tally.{name} + excluded.{name}" for name in COUNT_FIELDS)}
), marked AS (
    UPDATE ratings_board AS board SET behind = TRUE, last_vote_id = GREATEST(board.last_vote_id, newest.last_vote_id)
    FROM (SELECT board_id, MAX(last_vote_id) AS last_vote_id FROM added GROUP BY board_id) AS newest
    WHERE board.id = newest.board_id
)
UPDATE ratings_pool SET revision = revision + 1 WHERE id = ANY(%(pools)s)"""  # noqa: S608  # our own columns

STORE_COUNTS_SQL = f"""
WITH added AS (
    SELECT * FROM unnest({", ".join(f"%({name})s::bigint[]" for name in ("board_id", *STORED_FIELDS))})
        AS added (board_id, {", ".join(STORED_FIELDS)})
){STORE_ADDED_SQL}"""  # noqa: S608  # our own columns

# The counts do not pass through Python, because PostgreSQL would end a transaction that is idle for as long as a large
# pool takes there (see `refresh_lease`).
RECOUNT_SQL = f"""{TALLIED_VOTES_SQL}{WEIGHTED_SQL}{JUDGED_SQL}, counted AS ({COUNT_PAIRS_SQL.format(ids="NULL")}
), added AS (
    SELECT board.id AS board_id, {", ".join(f"counted.{name}" for name in STORED_FIELDS)}
    FROM counted JOIN ratings_category ON ratings_category.slug = category
        JOIN ratings_board AS board
            ON board.category_id = ratings_category.id AND board.pool_id = ANY(%(pools)s) AND NOT style_control
){STORE_ADDED_SQL}"""  # noqa: S608  # our own columns

VOTED_CATEGORIES_SQL = f"""{TALLIED_VOTES_SQL}{WEIGHTED_SQL}{JUDGED_SQL}
SELECT DISTINCT category FROM judged, unnest(categories) AS category WHERE category IS NOT NULL"""  # noqa: S608  # our own columns

# A change of weights is prepared in temporary tables, because a transaction that locks the tallies must be short.
CREATE_CHANGES_SQL = f"""
DROP TABLE IF EXISTS pg_temp.changed_weight, pg_temp.changed_tally;
CREATE TEMPORARY TABLE changed_weight (
    vote_id bigint, filter_weight smallint, reason varchar, excluded boolean, is_tallied boolean
) ON COMMIT DROP;
CREATE TEMPORARY TABLE changed_tally (
    board_id bigint, low bigint, high bigint, {", ".join(f"{name} bigint" for name in LOST_FIELDS)}
) ON COMMIT DROP"""

STAGE_WEIGHTS_SQL = """
INSERT INTO changed_weight
SELECT changed.*, %s::boolean, NOT EXISTS (SELECT FROM ratings_outbox AS waiting WHERE waiting.vote_id = vote.id)
FROM unnest(%s::bigint[], %s::smallint[], %s::varchar[]) AS changed (vote_id, filter_weight, reason)
    JOIN arena_vote AS vote ON vote.id = vote_id"""

COUNT_CHANGES_SQL = f"""{CHANGED_SQL}{JUDGED_SQL},
lost AS (SELECT pool, category, low, high,{LOST_SUMS_SQL} HAVING bool_or(lost <> 0))
INSERT INTO changed_tally
SELECT board.id, low, high, {LOST_COLUMNS}
FROM lost JOIN ratings_category ON ratings_category.slug = category JOIN ratings_pool ON ratings_pool.slug = pool
    JOIN ratings_board AS board
        ON board.pool_id = ratings_pool.id AND board.category_id = ratings_category.id AND NOT style_control"""  # noqa: S608  # our own columns

CHANGE_TALLIES_SQL = f"""
WITH changed AS (
    UPDATE ratings_tally AS tally SET {", ".join(f"{name} = tally.{name} + changed.{name}" for name in LOST_FIELDS)}
    FROM (
        SELECT board_id, low, high, {", ".join(f"SUM({name}) AS {name}" for name in LOST_FIELDS)}
        FROM changed_tally GROUP BY board_id, low, high
    ) AS changed
    WHERE tally.board_id = changed.board_id AND model_a_id = low AND model_b_id = high
), marked AS (
    UPDATE ratings_board SET behind = TRUE WHERE id IN (SELECT board_id FROM changed_tally) RETURNING pool_id
)
UPDATE ratings_pool SET revision = revision + 1, weight_revision = weight_revision + 1
WHERE id IN (SELECT pool_id FROM marked)"""  # noqa: S608  # our own columns

SQL_CONSTANTS: dict[str, Any] = {"overall": OVERALL_CATEGORY, "decided": DECISIVE_CATEGORY, "full": FULL_WEIGHT}

# The pools of votes that are cast here. Other pools are created by whoever imports votes.
OWN_POOLS = {
    LIVE_POOL: {"name": "This arena", "kind": Pool.Kind.LIVE},
    API_POOL: {"name": "This arena (API votes only)", "kind": Pool.Kind.API},
    READY_POOL: {"name": "Ready pairs", "kind": Pool.Kind.READY},
}


class PairCount(NamedTuple):
    """The votes on one pair of models in one category of one pool.

    Wins and losses are from the perspective of `low`, the model with the smaller key. Lost weights are as in `Tally`.
    """

    pool: str
    category: str
    low: int
    high: int
    wins: int
    losses: int
    ties: int
    both_bad: int
    last_vote_id: int
    lost_wins: int = 0
    lost_losses: int = 0
    lost_ties: int = 0
    lost_squared_wins: int = 0
    lost_squared_losses: int = 0
    lost_squared_ties: int = 0


class TallyChanges(NamedTuple):
    """The changes that new votes made to one pool: the added counts, and the ids of the votes."""

    counts: list[PairCount]
    votes: list[int]


def apply_outbox(ids: list[int]) -> dict[Pool, TallyChanges]:
    """Move these waiting votes into the tallies, and return the changes by pool. Call this within a transaction."""
    statement = DRAINED_VOTES_SQL + WEIGHTED_SQL + JUDGED_SQL + COUNT_PAIRS_SQL.format(ids=OVERALL_IDS)
    rows = fetch_rows(statement, SQL_CONSTANTS | {"ids": ids})
    votes: dict[str, list[int]] = defaultdict(list)
    for moved, pool, *_ in rows:
        votes[pool] += moved or ()
    added = _add_counts([PairCount(*numbers) for _, *numbers in rows])
    return {pool: TallyChanges(counts, votes[pool.slug]) for pool, counts in added.items()}


def iter_tallies(pool: Pool) -> Iterator[PairCount]:
    """Yield the counts in a pool's tallies. Tallies do not store a `last_vote_id`, so it is 0."""
    tallies = Tally.objects.filter(board__pool=pool, board__style_control=False)
    rows = tallies.values_list("board__category__slug", "model_a", "model_b", *COUNT_FIELDS)
    for category, low, high, *numbers in rows.iterator(chunk_size=10_000):
        yield PairCount(pool.slug, category, low, high, last_vote_id=0, **dict(zip(COUNT_FIELDS, numbers, strict=True)))


def recount_tallies(pool: Pool) -> None:
    """Delete a pool's tallies, and count its votes again, except those in the outbox."""
    boards = Board.objects.filter(pool=pool)
    Tally.objects.filter(board__in=boards).delete()
    boards.update(last_vote_id=None)
    parameters = SQL_CONSTANTS | {"pool": pool.slug, "pools": [pool.pk]}
    for (category,) in fetch_rows(VOTED_CATEGORIES_SQL, parameters):
        Board.objects.get_or_create(pool=pool, category=get_or_create_category(category), style_control=False)
    with connection.cursor() as cursor:
        cursor.execute(RECOUNT_SQL, parameters)


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
        cursor.execute(CREATE_CHANGES_SQL)
        cursor.execute(STAGE_WEIGHTS_SQL, [excluded, votes, weights, reasons])
        cursor.execute("ANALYZE changed_weight")
    _count_changes(is_tallied=True)


def apply_staged_weights() -> None:
    """Update the tallies with the weights that `stage_weights` has prepared in this transaction.

    Call this while the tallies are locked (see `refresh_lease`), and before the new weights are stored.
    """
    _count_changes(is_tallied=False)  # votes that have left the outbox since the change was prepared
    with connection.cursor() as cursor:
        cursor.execute(CHANGE_TALLIES_SQL)


def _count_changes(*, is_tallied: bool) -> None:
    with connection.cursor() as cursor:
        cursor.execute(COUNT_CHANGES_SQL, SQL_CONSTANTS | {"is_tallied": is_tallied})


def _add_counts(counts: list[PairCount]) -> dict[Pool, list[PairCount]]:
    """Add counts to the tallies of their boards, and return them by pool.

    Missing boards and categories are created, and so are the pools in `OWN_POOLS`.
    """
    slugs = {count.pool for count in counts}
    known = Board.objects.filter(style_control=False, pool__slug__in=slugs).select_related("pool", "category")
    boards = {(board.pool.slug, board.category.slug): board for board in known}
    pools = {board.pool.slug: board.pool for board in boards.values()}
    for slug in sorted(slugs - pools.keys()):
        known_pool = Pool.objects.filter(slug=slug).first()
        pools[slug] = known_pool or Pool.objects.get_or_create(slug=slug, defaults=OWN_POOLS[slug])[0]
    added: dict[Pool, list[PairCount]] = defaultdict(list)
    for count in counts:
        added[pools[count.pool]].append(count)
    for pool, category in {(count.pool, count.category) for count in counts} - boards.keys():
        boards[pool, category] = Board.objects.create(pool=pools[pool], category=get_or_create_category(category))
    if counts:
        columns = {field: [getattr(count, field) for count in counts] for field in STORED_FIELDS}
        columns["board_id"] = [boards[count.pool, count.category].pk for count in counts]
        columns["pools"] = [pool.pk for pool in added]
        with connection.cursor() as cursor:
            cursor.execute(STORE_COUNTS_SQL, columns)
    return added
