"""From votes to tallies.

Votes commit out of the order of their ids, so the outbox says which ones are in the tallies: of the counted
votes that one statement sees, each is either folded or in the outbox that the same statement sees.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import F

from arena.models import API, LIVE
from ratings.models import DECIDED, OVERALL, Board, Category, Pool, Tally, category_name

WAITING = """
DELETE FROM ratings_outbox AS waiting USING arena_vote AS vote WHERE vote.id = waiting.vote_id
RETURNING vote.id, vote.pool"""

TAKEN = "WITH votes AS (SELECT * FROM arena_vote WHERE id = ANY(%(ids)s))"

FOLDED = """
WITH votes AS (
    SELECT * FROM arena_vote AS vote
    WHERE pool = %(pool)s AND NOT EXISTS (SELECT FROM ratings_outbox AS waiting WHERE waiting.vote_id = vote.id)
)"""

PER_PAIR = """, judged AS (
    SELECT id, pool, LEAST(model_a_id, model_b_id) AS low, GREATEST(model_a_id, model_b_id) AS high,
        categories || %(overall)s::varchar
            || CASE WHEN winner IN ('a', 'b') THEN %(decided)s::varchar END AS categories,
        multiplicity * (winner = CASE WHEN model_a_id < model_b_id THEN 'a' ELSE 'b' END)::int AS wins,
        multiplicity * (winner = CASE WHEN model_a_id < model_b_id THEN 'b' ELSE 'a' END)::int AS losses,
        multiplicity * (winner IN ('tie', 'both_bad'))::int AS ties,
        multiplicity * (winner = 'both_bad')::int AS both_bad
    FROM votes WHERE counted
)
SELECT pool, category, low, high, SUM(wins), SUM(losses), SUM(ties), SUM(both_bad), MAX(id)
FROM judged, LATERAL (SELECT DISTINCT unnest(categories)) AS counted_for (category)
WHERE category IS NOT NULL
GROUP BY 1, 2, 3, 4"""

ADD = """
INSERT INTO ratings_tally AS tally (board_id, model_a_id, model_b_id, wins, losses, ties, both_bad)
SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
ON CONFLICT (board_id, model_a_id, model_b_id) DO UPDATE SET
    wins = tally.wins + excluded.wins, losses = tally.losses + excluded.losses,
    ties = tally.ties + excluded.ties, both_bad = tally.both_bad + excluded.both_bad"""


Key = tuple[str, str]  # slugs of a pool and of a category


class Count(NamedTuple):
    """Votes between two models in one category of one pool; `low` is the smaller key, wins and losses its own."""

    pool: str
    category: str
    low: int
    high: int
    wins: int
    losses: int
    ties: int
    both_bad: int
    last_vote_id: int


class Folded(NamedTuple):
    """What a fold did to one pool: its boards that changed, by how much, and by which votes."""

    boards: list[Board]
    counts: list[Count]
    votes: list[int]


def fold() -> dict[Pool, Folded]:
    """Move all waiting votes into the tallies, by pool. One transaction around it."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        taken = cursor.fetchall()
    return _add(_counts(TAKEN, ids=[vote for vote, _ in taken]), taken) if taken else {}


def recount(pool: Pool) -> None:
    """Throw the tallies of a pool away and count its folded votes again."""
    boards = Board.objects.filter(pool=pool)
    Tally.objects.filter(board__in=boards).delete()
    boards.update(last_vote_id=None)
    Pool.objects.filter(pk=pool.pk).update(revision=F("revision") + 1)
    _add(_counts(FOLDED, pool=pool.slug), [])


def _counts(votes: str, **parameters: Any) -> list[Count]:
    with connection.cursor() as cursor:
        cursor.execute(votes + PER_PAIR, {**parameters, "overall": OVERALL, "decided": DECIDED})
        return [Count(*row) for row in cursor.fetchall()]


def _add(counts: list[Count], votes: list[tuple[int, str]]) -> dict[Pool, Folded]:
    known = _known_boards({count.pool for count in counts})
    pools, counts = _pools(known, counts)
    boards = _boards({(count.pool, count.category) for count in counts}, known, pools)
    for count in counts:
        board = boards[count.pool, count.category]
        board.last_vote_id = max(board.last_vote_id or 0, count.last_vote_id)
        board.behind = True
    if counts:
        rows = [(boards[count[:2]].pk, *count[2:8]) for count in counts]
        with connection.cursor() as cursor:
            cursor.execute(ADD, [list(column) for column in zip(*rows, strict=True)])
        Board.objects.bulk_update(boards.values(), ["last_vote_id", "behind"])
    folded: dict[Pool, Folded] = {}
    for board in boards.values():
        folded.setdefault(board.pool, Folded([], [], [])).boards.append(board)
    for pool, change in folded.items():
        change.counts.extend(count for count in counts if count.pool == pool.slug)
        change.votes.extend(vote for vote, slug in votes if slug == pool.slug)
    Pool.objects.filter(pk__in=[pool.pk for pool in folded]).update(revision=F("revision") + 1)
    return folded


def _known_boards(pools: set[str]) -> dict[Key, Board]:
    known = Board.objects.filter(style_control=False, pool__slug__in=pools)
    return {(board.pool.slug, board.category.slug): board for board in known.select_related("pool", "category")}


def _pools(known: Mapping[Key, Board], counts: list[Count]) -> tuple[dict[str, Pool], list[Count]]:
    """The pools of these counts, made where they have their first vote, and what of the counts their boards get.

    A set of a visitor has its overall board alone. One that is made may have been dropped before, as nobody voted on
    it: then it has more votes than these, and is counted from all of them.
    """
    pools = {board.pool.slug: board.pool for board in known.values()}
    made = []
    for slug in sorted({count.pool for count in counts} - pools.keys()):
        pools[slug], is_new = Pool.objects.get_or_create(slug=slug, defaults=_new_pool(slug))
        if is_new and pools[slug].is_set:
            made.append(slug)
    counts = [count for count in counts if count.pool not in made]
    counts += [count for slug in made for count in _counts(FOLDED, pool=slug)]
    return pools, [count for count in counts if count.category == OVERALL or not pools[count.pool].is_set]


def _boards(keys: set[Key], known: Mapping[Key, Board], pools: Mapping[str, Pool]) -> dict[Key, Board]:
    """The boards of these pools and categories; what is missing is made, for it has its first vote now."""
    boards = dict(known)
    for pool, category in keys - boards.keys():
        boards[pool, category] = Board.objects.create(
            pool=pools[pool],
            category=Category.objects.get_or_create(slug=category, defaults={"name": category_name(category)})[0],
        )
    return {key: boards[key] for key in keys}


def _new_pool(slug: str) -> dict[str, str]:
    if slug == LIVE:
        return {"name": "This arena", "kind": Pool.Kind.LIVE}
    if slug == API:
        return {"name": "Votes by API key", "kind": Pool.Kind.API}
    return {"name": slug, "kind": Pool.Kind.SHORTLIST}
