"""Tallies: the counts of votes per board and pair.

Votes do not commit in id order, so the outbox records which votes are not in the tallies yet. Every statement sees each
counted vote either in the tallies or in the outbox.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import F

from arena.models import API_POOL, LIVE_POOL, READY_POOL
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
    DELETE FROM ratings_outbox AS waiting USING arena_vote AS vote WHERE vote.id = waiting.vote_id RETURNING vote.*
)"""

VOTES_BY_ID_SQL = "WITH votes AS (SELECT * FROM arena_vote WHERE id = ANY(%(ids)s))"

TALLIED_VOTES_SQL = """
WITH votes AS (
    SELECT * FROM arena_vote AS vote
    WHERE pool = %(pool)s AND NOT EXISTS (SELECT FROM ratings_outbox AS waiting WHERE waiting.vote_id = vote.id)
)"""

CHANGED_VOTES_SQL = """
WITH votes AS (
    SELECT * FROM arena_vote AS vote
    WHERE id = ANY(%(ids)s) AND NOT EXISTS (SELECT FROM ratings_outbox AS waiting WHERE waiting.vote_id = vote.id)
)"""

COUNT_PAIRS_SQL = """, weighted AS (
    SELECT votes.*, CASE WHEN weight.excluded THEN 0 ELSE COALESCE(weight.filter_weight, %(full)s) END::bigint AS weight
    FROM votes LEFT JOIN ratings_voteweight AS weight ON weight.vote_id = votes.id WHERE counted
), judged AS (
    SELECT id, pool, LEAST(model_a_id, model_b_id) AS low, GREATEST(model_a_id, model_b_id) AS high,
        categories || %(overall)s::varchar
            || CASE WHEN winner IN ('a', 'b') THEN %(decided)s::varchar END AS categories,
        multiplicity * (winner = CASE WHEN model_a_id < model_b_id THEN 'a' ELSE 'b' END)::int AS wins,
        multiplicity * (winner = CASE WHEN model_a_id < model_b_id THEN 'b' ELSE 'a' END)::int AS losses,
        multiplicity * (winner IN ('tie', 'both_bad'))::int AS ties,
        multiplicity * (winner = 'both_bad')::int AS both_bad,
        %(full)s::bigint - weight AS lost,
        %(full)s::bigint * %(full)s::bigint - weight * weight AS lost_squared
    FROM weighted
)
SELECT {ids}, pool, category, low, high, SUM(wins), SUM(losses), SUM(ties), SUM(both_bad), MAX(id),
    SUM(wins * lost)::bigint, SUM(losses * lost)::bigint, SUM(ties * lost)::bigint,
    SUM(wins * lost_squared)::bigint, SUM(losses * lost_squared)::bigint, SUM(ties * lost_squared)::bigint
FROM judged, LATERAL (SELECT DISTINCT unnest(categories)) AS counted_for (category)
WHERE category IS NOT NULL
GROUP BY pool, category, low, high"""
OVERALL_IDS = "array_agg(id) FILTER (WHERE category = %(overall)s)"

COUNT_FIELDS = (
    "wins", "losses", "ties", "both_bad", "lost_wins", "lost_losses", "lost_ties",
    "lost_squared_wins", "lost_squared_losses", "lost_squared_ties",
)  # fmt: skip
STORED_FIELDS = ("low", "high", "last_vote_id", *COUNT_FIELDS)  # as in `STORE_COUNTS_SQL`
STORE_COUNTS_SQL = """
WITH added AS (
    SELECT * FROM unnest(
        %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
        %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[]
    ) AS added (
        board_id, low, high, last_vote_id, wins, losses, ties, both_bad,
        lost_wins, lost_losses, lost_ties, lost_squared_wins, lost_squared_losses, lost_squared_ties
    )
), tallied AS (
    INSERT INTO ratings_tally AS tally (
        board_id, model_a_id, model_b_id, wins, losses, ties, both_bad,
        lost_wins, lost_losses, lost_ties, lost_squared_wins, lost_squared_losses, lost_squared_ties
    )
    SELECT board_id, low, high, wins, losses, ties, both_bad,
        lost_wins, lost_losses, lost_ties, lost_squared_wins, lost_squared_losses, lost_squared_ties
    FROM added
    ON CONFLICT (board_id, model_a_id, model_b_id) DO UPDATE SET
        wins = tally.wins + excluded.wins, losses = tally.losses + excluded.losses,
        ties = tally.ties + excluded.ties, both_bad = tally.both_bad + excluded.both_bad,
        lost_wins = tally.lost_wins + excluded.lost_wins, lost_losses = tally.lost_losses + excluded.lost_losses,
        lost_ties = tally.lost_ties + excluded.lost_ties,
        lost_squared_wins = tally.lost_squared_wins + excluded.lost_squared_wins,
        lost_squared_losses = tally.lost_squared_losses + excluded.lost_squared_losses,
        lost_squared_ties = tally.lost_squared_ties + excluded.lost_squared_ties
), marked AS (
    UPDATE ratings_board AS board SET behind = TRUE, last_vote_id = GREATEST(board.last_vote_id, newest.last_vote_id)
    FROM (SELECT board_id, MAX(last_vote_id) AS last_vote_id FROM added GROUP BY board_id) AS newest
    WHERE board.id = newest.board_id
)
UPDATE ratings_pool SET revision = revision + 1 WHERE id = ANY(%s)"""


BoardSlugs = tuple[str, str]  # slugs of a pool and of a category


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

    @property
    def lost(self) -> tuple[int, ...]:
        """All lost weights, in the order of the fields."""
        return (
            self.lost_wins,
            self.lost_losses,
            self.lost_ties,
            self.lost_squared_wins,
            self.lost_squared_losses,
            self.lost_squared_ties,
        )


class TallyChanges(NamedTuple):
    """The changes that new votes made to one pool: the changed boards, the added counts, and the ids of the votes."""

    boards: list[Board]
    counts: list[PairCount]
    votes: list[int]


def apply_outbox() -> dict[Pool, TallyChanges]:
    """Move all waiting votes into the tallies, and return the changes by pool. Call this within a transaction."""
    rows = _count_votes(DRAINED_VOTES_SQL, OVERALL_IDS)
    if not rows:
        return {}
    counts = [PairCount(*numbers) for _, *numbers in rows]
    votes = [(vote_id, count.pool) for (ids, *_), count in zip(rows, counts, strict=True) for vote_id in ids or ()]
    return _add_counts(counts, votes)


def recount_tallies(pool: Pool) -> None:
    """Delete a pool's tallies, and count its votes again, except those in the outbox."""
    boards = Board.objects.filter(pool=pool)
    Tally.objects.filter(board__in=boards).delete()
    boards.update(last_vote_id=None)
    Pool.objects.filter(pk=pool.pk).update(revision=F("revision") + 1)
    _add_counts(_count_pairs(pool.slug), [])


def change_weights(votes: list[int], write: Callable[[], None]) -> None:
    """Call `write`, which changes the weights of these votes, and change the tallies to match.

    votes: ids. Call this within a transaction that holds the refresh lock.
    """
    before = {count[:4]: count for count in _count_changed(votes)}
    write()
    changes = [_subtract(count, before[count[:4]]) for count in _count_changed(votes)]
    _add_counts([change for change in changes if any(change.lost)], [])


def _count_changed(votes: list[int]) -> list[PairCount]:
    return [PairCount(*numbers) for _, *numbers in _count_votes(CHANGED_VOTES_SQL, "NULL", ids=votes)]


def _subtract(after: PairCount, before: PairCount) -> PairCount:
    """Return the change in the lost weights. The votes themselves are the same."""
    lost = [new - old for new, old in zip(after.lost, before.lost, strict=True)]
    return PairCount(*after[:4], 0, 0, 0, 0, after.last_vote_id, *lost)


def _count_pairs(pool: str) -> list[PairCount]:
    """Return the counts of all votes in a pool, except those in the outbox."""
    return [PairCount(*numbers) for _, *numbers in _count_votes(TALLIED_VOTES_SQL, "NULL", pool=pool)]


def _count_votes(votes_sql: str, ids_sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
    """Return rows with the vote ids that `ids_sql` selects, followed by the fields of a PairCount."""
    with connection.cursor() as cursor:
        cursor.execute(
            votes_sql + COUNT_PAIRS_SQL.format(ids=ids_sql),
            {**parameters, "overall": OVERALL_CATEGORY, "decided": DECISIVE_CATEGORY, "full": FULL_WEIGHT},
        )
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _add_counts(counts: list[PairCount], votes: list[tuple[int, str]]) -> dict[Pool, TallyChanges]:
    """Add counts to the tallies of their boards, and return the changes by pool. Missing pools and boards are created.

    votes: pairs of vote id and pool slug.
    """
    known = _load_boards({count.pool for count in counts})
    pools, counts = _get_or_create_pools(known, counts)
    boards = _get_or_create_boards({(count.pool, count.category) for count in counts}, known, pools)
    changes = _group_changes(boards.values(), counts, votes)
    if counts:
        keys = [boards[count.pool, count.category].pk for count in counts]
        columns = [[getattr(count, field) for count in counts] for field in STORED_FIELDS]
        with connection.cursor() as cursor:
            cursor.execute(STORE_COUNTS_SQL, [keys, *columns, [pool.pk for pool in changes]])
    return changes


def _group_changes(
    boards: Iterable[Board], counts: list[PairCount], votes: list[tuple[int, str]]
) -> dict[Pool, TallyChanges]:
    changes: dict[Pool, TallyChanges] = {}
    for board in boards:
        changes.setdefault(board.pool, TallyChanges([], [], [])).boards.append(board)
    for pool, change in changes.items():
        change.counts.extend(count for count in counts if count.pool == pool.slug)
        change.votes.extend(vote_id for vote_id, slug in votes if slug == pool.slug)
    return changes


def _load_boards(pools: set[str]) -> dict[BoardSlugs, Board]:
    boards = Board.objects.filter(style_control=False, pool__slug__in=pools)
    return {(board.pool.slug, board.category.slug): board for board in boards.select_related("pool", "category")}


def _get_or_create_pools(
    known: Mapping[BoardSlugs, Board], counts: list[PairCount]
) -> tuple[dict[str, Pool], list[PairCount]]:
    """Return the pools for these counts, and the counts to add to their boards. Missing pools are created.

    A named set has only an overall board. If the pool of a set is new, it might have been deleted earlier because it
    had no recent votes. So all votes on the set are counted, and not only the new ones.
    """
    pools = {board.pool.slug: board.pool for board in known.values()}
    new_sets = []
    for slug in sorted({count.pool for count in counts} - pools.keys()):
        pools[slug], is_new = Pool.objects.get_or_create(slug=slug, defaults=_build_pool_defaults(slug))
        if is_new and pools[slug].is_set:
            new_sets.append(slug)
    counts = [count for count in counts if count.pool not in new_sets]
    for slug in new_sets:
        counts += _count_pairs(slug)
    return pools, [count for count in counts if count.category == OVERALL_CATEGORY or not pools[count.pool].is_set]


def _get_or_create_boards(
    keys: set[BoardSlugs], known: Mapping[BoardSlugs, Board], pools: Mapping[str, Pool]
) -> dict[BoardSlugs, Board]:
    """Return the boards for these pools and categories. Missing boards and categories are created."""
    boards = dict(known)
    for pool, slug in keys - boards.keys():
        boards[pool, slug] = Board.objects.create(pool=pools[pool], category=get_or_create_category(slug))
    return {key: boards[key] for key in keys}


def _build_pool_defaults(slug: str) -> dict[str, str]:
    if slug == LIVE_POOL:
        return {"name": "This arena", "kind": Pool.Kind.LIVE}
    if slug == API_POOL:
        return {"name": "Votes by programs", "kind": Pool.Kind.API}
    if slug == READY_POOL:
        return {"name": "Ready pairs", "kind": Pool.Kind.READY}
    # The slug of a named set is "set-" and a hash. The name has enough of the hash to tell two sets apart.
    return {"name": f"Shortlist {slug.removeprefix('set-')[:6]}", "kind": Pool.Kind.SHORTLIST}
