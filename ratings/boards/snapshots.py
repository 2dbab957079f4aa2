"""Loads published boards by key, and deletes old snapshots."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import orjson
from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet, Subquery

from arena.identity.pool_access import STRANGER, Viewer, visible_to
from arena.models import LIVE_SLUG, Pool
from core.http.errors import RequestError, field_error, not_found_error
from ratings.boards.board_row import BoardRow
from ratings.models import OVERALL_CATEGORY, Board, Category, Snapshot

BRADLEY_TERRY = "bt"
ELO = "elo"
METHODS = (BRADLEY_TERRY, ELO)
RATING_SCALE = {"factor": 400, "base": 10, "mean": 1000}
EMPTY_BOARD: dict[str, Any] = {
    "computed_at": None,
    "votes": 0,
    "last_vote_id": None,
    "provisional": True,
    "scale": RATING_SCALE,
    "rows": [],
}
LISTING_HINTS = {
    "pool": "See /api/v1/pools/ for a list of pools.",
    "category": "See /api/v1/categories/ for a list of categories.",
    "method": f"Use {' or '.join(METHODS)}.",
}
ELO_STYLE_CONFLICT = "Elo ratings are not available under style control. Choose one of the two."
BOOLEAN_VALUES = {"": False, "false": False, "0": False, "true": True, "1": True}


@dataclass(frozen=True)
class BoardKey:
    """A board's key: pool, category, style control, method, and time. The time is None for the newest board."""

    pool: str = LIVE_SLUG
    category: str = OVERALL_CATEGORY
    style_control: bool = False
    method: str = BRADLEY_TERRY
    at: datetime | None = None


def parse_board_key(parameters: Mapping[str, str]) -> BoardKey:
    """Return the key from a request's parameters.

    Raises RequestError 400 if a parameter is invalid.
    """
    style_control = BOOLEAN_VALUES.get(parameters.get("style_control", "").lower())
    if style_control is None:
        raise field_error("style_control", "“style_control” must be true or false.")
    return BoardKey(
        pool=parameters.get("pool") or LIVE_SLUG,
        category=parameters.get("category") or OVERALL_CATEGORY,
        style_control=style_control,
        method=parameters.get("method") or BRADLEY_TERRY,
        at=parse_time("at", parameters),
    )


def find_board_key(parameters: Mapping[str, str], viewer: Viewer) -> BoardKey:
    """Return the key of the board that a viewer's request names.

    Raises RequestError as `parse_board_key` and `check_visible` do.
    """
    board_key = parse_board_key(parameters)
    check_visible(viewer, board_key.pool, board_key.category)
    return board_key


def check_visible(viewer: Viewer, pool: str = "", category: str = "") -> None:
    """Check the slugs that a request names, if any. This takes one query for each, and none for the defaults.

    Raises RequestError 404 if one does not exist, or if the viewer may not see it.
    """
    if pool not in ("", LIVE_SLUG) and ("\0" in pool or not visible_to(viewer).filter(slug=pool).exists()):
        raise unknown_part_error("pool", pool)
    is_named = category not in ("", OVERALL_CATEGORY)
    # PostgreSQL rejects NUL.
    if is_named and ("\0" in category or not list_visible_categories(viewer).filter(slug=category).exists()):
        raise unknown_part_error("category", category)


def list_visible_categories(viewer: Viewer) -> QuerySet[Category]:
    """Return the categories, except those that only pools have that the viewer may not see."""
    boards = Board.objects.filter(category=OuterRef("pk"))
    return Category.objects.filter(Exists(boards.filter(pool__in=visible_to(viewer))) | ~Exists(boards))


def parse_api_board_key(parameters: Mapping[str, str], viewer: Viewer = STRANGER) -> BoardKey:
    """Return the key for an API call, as `find_board_key` does.

    Also raises RequestError 404 for style control if the votes were imported as counts. Pages show an empty board
    instead.
    """
    board_key = find_board_key(parameters, viewer)
    pools_of_counts = Pool.objects.filter(slug=board_key.pool, ordered=False).exclude(kind=Pool.Kind.REFERENCE)
    if board_key.style_control and pools_of_counts.exists():
        raise _missing_board_error(
            f"Style control needs the answers, but the votes in {board_key.pool!r} were imported as counts."
        )
    return board_key


def load_newest_board(board_key: BoardKey) -> dict[str, Any]:
    """Return the newest board, or the newest one as of the key's time, in the API's format.

    Raises RequestError 404 if the pool, category, or method is unknown, for Elo under style control, and for Elo if the
    order of the votes is unknown.
    """
    return load_newest_with_id(board_key)[1]


def load_newest_with_id(board_key: BoardKey, newest: int | None = None) -> tuple[int | None, dict[str, Any]]:
    """Return the id of the newest snapshot (None before the first one), and its board as in `load_newest_board`.

    newest: the id if it is known. If this snapshot has been deleted, the newest one is looked up.
    """
    snapshot = newest and Snapshot.objects.filter(pk=newest).first()
    snapshot = snapshot or _query_snapshots(board_key).first()
    if snapshot is not None:
        return snapshot.pk, build_board(board_key, snapshot)
    if _get_pool(board_key).kind != Pool.Kind.REFERENCE:
        return None, build_key_fields(board_key) | EMPTY_BOARD
    # Before its publication, a reference board names the publisher, but has no rows.
    first_snapshot = _query_snapshots(replace(board_key, at=None)).earliest("computed_at")
    return None, build_board(board_key, first_snapshot) | {"computed_at": None, "rows": []}


def build_key_fields(board_key: BoardKey) -> dict[str, Any]:
    """Return the key's fields in the API's format, excluding the time."""
    return {name: getattr(board_key, name) for name in ("pool", "category", "style_control", "method")}


def find_newest_id(board_key: BoardKey) -> int | None:
    """Return the id of the snapshot that `load_newest_board` returns, or None if there is none.

    Raises RequestError 404 for an unknown method, and for Elo under style control. It does not check that the pool and
    the category exist.
    """
    return _query_snapshots(board_key).values_list("pk", flat=True).first()


def find_oldest_time(board_key: BoardKey) -> datetime | None:
    """Return the time of the board's oldest snapshot, or None if there is none. The key's time is ignored.

    Raises RequestError as `find_newest_id` does.
    """
    oldest: datetime | None = (
        _query_snapshots(replace(board_key, at=None))
        .order_by("computed_at")
        .values_list("computed_at", flat=True)
        .first()
    )
    return oldest


def _query_snapshots(board_key: BoardKey) -> QuerySet[Snapshot]:
    """Return a board's snapshots up to the key's time, newest first.

    Raises RequestError 404 for an invalid key.
    """
    if board_key.method not in METHODS:
        raise unknown_part_error("method", board_key.method)
    if board_key.method == ELO and board_key.style_control:
        raise _missing_board_error(ELO_STYLE_CONFLICT)
    for part, name in (("pool", board_key.pool), ("category", board_key.category)):
        if "\0" in name:  # PostgreSQL rejects NUL
            raise unknown_part_error(part, name)
    snapshots = Snapshot.objects.filter(board=select_board_id(board_key), method=board_key.method)
    if board_key.at:
        snapshots = snapshots.filter(computed_at__lte=board_key.at)
    return snapshots.order_by("-computed_at")


def select_board_id(board_key: BoardKey) -> Any:
    """Return a subquery for a board's primary key. It returns no row if the board does not exist."""
    boards = Board.objects.filter(
        pool__slug=board_key.pool, category__slug=board_key.category, style_control=board_key.style_control
    )
    return boards.values("pk")[:1]


def list_newest_snapshots(category: str = OVERALL_CATEGORY) -> list[Snapshot]:
    """Return the newest snapshot in this category of each pool for everyone, oldest pool first."""
    boards = Board.objects.filter(pool__in=visible_to(STRANGER), category__slug=category, style_control=False)
    keys = boards.annotate(newest=select_newest_fit("pk")).values("newest")
    related = ("board__pool", "board__category")
    return list(Snapshot.objects.filter(pk__in=keys).select_related(*related).order_by("board__pool_id"))


def select_newest_fit(field: str) -> Subquery:
    """Return a subquery for a field of the newest Bradley-Terry snapshot, for use in a query for boards."""
    newest = Snapshot.objects.filter(board=OuterRef("pk"), method=BRADLEY_TERRY).order_by("-computed_at")
    return Subquery(newest.values(field)[:1])


def build_board(board_key: BoardKey, snapshot: Snapshot) -> dict[str, Any]:
    """Return a snapshot's board as in `load_newest_board`. `board_key` must be the key of its board."""
    board = build_key_fields(board_key) | {
        "computed_at": snapshot.computed_at,
        "votes": snapshot.votes,
        "last_vote_id": snapshot.last_vote_id,
        "provisional": snapshot.parameters.get("provisional", False),
        "scale": _build_scale(snapshot.parameters),
    }
    for name in ("style", "reference", "problem"):
        if snapshot.parameters.get(name) is not None:
            board[name] = snapshot.parameters[name]
    return board | {"rows": unpack_rows(snapshot.rows)}


def _build_scale(parameters: Mapping[str, Any]) -> dict[str, Any]:
    scale: dict[str, Any] = {**RATING_SCALE}
    if parameters.get("reference"):
        scale["mean"] = None
    if parameters.get("anchor"):
        model, rating = parameters["anchor"]
        scale["anchor"] = {"model": model, "rating": rating}
    return scale


THIN_SNAPSHOTS_SQL = """
DELETE FROM ratings_snapshot AS old USING (
    SELECT id,
        -- 1 for the last snapshot of each period
        row_number() OVER (PARTITION BY board_id, method, period, date_trunc(period, computed_at)
            ORDER BY computed_at DESC, id DESC) AS number_from_end,
        -- 1 for the first snapshot of a board
        row_number() OVER (PARTITION BY board_id, method ORDER BY computed_at, id) AS number_from_start
    FROM (
        SELECT id, board_id, method, computed_at, CASE
            WHEN computed_at > now() - interval '1 day' THEN 'minute'
            WHEN computed_at > now() - interval '1 month' THEN 'hour'
            ELSE 'day' END AS period
        FROM ratings_snapshot WHERE computed_at < now() - interval '10 minutes'
    ) AS aged
) AS numbered WHERE numbered.id = old.id AND number_from_end > 1 AND number_from_start > 1"""


def thin_snapshots() -> int:
    """Delete old snapshots and return the number of deleted snapshots.

    All snapshots are stored for ten minutes. After that, the last snapshot of each minute is stored for a day, the last
    of each hour for a month, and the last of each day forever. The first snapshot of a board is never deleted.
    """
    with connection.cursor() as cursor:
        cursor.execute(THIN_SNAPSHOTS_SQL)
        return int(cursor.rowcount)


def pack_rows(rows: list[BoardRow]) -> bytes:
    return zlib.compress(orjson.dumps(rows), 1)


def unpack_rows(packed: bytes | memoryview) -> list[BoardRow]:
    rows: list[BoardRow] = orjson.loads(zlib.decompress(packed))
    return rows


def _get_pool(board_key: BoardKey) -> Pool:
    """Return a board's pool. Raises RequestError 404 if the board cannot exist."""
    pool = Pool.objects.filter(slug=board_key.pool).first()
    if pool is None:
        raise unknown_part_error("pool", board_key.pool)
    if not Category.objects.filter(slug=board_key.category).exists():
        raise unknown_part_error("category", board_key.category)
    if pool.kind == Pool.Kind.REFERENCE:
        _check_reference_board(board_key, pool)
    elif board_key.method == ELO and not pool.ordered:
        raise _missing_board_error(
            f"Elo needs the order of the votes, but the votes in {board_key.pool!r} were imported as counts."
        )
    return pool


def _check_reference_board(board_key: BoardKey, pool: Pool) -> None:
    """Raise RequestError 404 if the publisher of a reference pool has not published this board."""
    if board_key.style_control or board_key.method == ELO:
        raise _missing_board_error(
            f"{board_key.pool!r} is a reference pool. Its ratings have only one method and no style control."
        )
    if not pool.boards.filter(category__slug=board_key.category).exists():
        raise _missing_board_error(
            f"The publisher of {board_key.pool!r} has no board for the category {board_key.category!r}."
        )


def no_votes_error(pool: str) -> RequestError:
    """Return the error for a request that needs votes from a reference pool."""
    return _missing_board_error(
        f"{pool!r} is a reference pool. Its ratings were published elsewhere, without the votes."
    )


def _missing_board_error(detail: str) -> RequestError:
    return RequestError("not_found", detail, 404)


def unknown_part_error(part: str, name: str) -> RequestError:
    """Return the error for a pool, a category, or a method that does not exist."""
    return not_found_error(part, name, LISTING_HINTS[part])


def parse_time(name: str, parameters: Mapping[str, str]) -> datetime | None:
    """Return the time in a parameter, or None if it is empty. Raises RequestError 400 if it is invalid."""
    text = parameters.get(name)
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise field_error(
            name, f"“{name}” must be a time in ISO 8601 format, such as 2026-01-31T12:00:00Z. In a URL, write + as %2B."
        ) from None
