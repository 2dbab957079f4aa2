"""Published boards: kept as they were shown, and found again by time."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import orjson
from django.db import connection
from django.db.models import OuterRef, QuerySet, Subquery

from arena.models import LIVE_POOL
from core.http.errors import RequestError, field_error, not_found_error
from ratings.models import OVERALL_CATEGORY, Board, Category, Pool, Snapshot

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
    "pool": "All are listed at /api/v1/pools/.",
    "category": "All are listed at /api/v1/categories/.",
    "method": f"It is {' or '.join(METHODS)}.",
}
ELO_STYLE_CONFLICT = "There is no method 'elo' under style control; take one of them away."
BOOLEAN_VALUES = {"": False, "false": False, "0": False, "true": True, "1": True}


@dataclass(frozen=True)
class BoardKey:
    """Which board somebody wants to see, and as of when."""

    pool: str = LIVE_POOL
    category: str = OVERALL_CATEGORY
    style_control: bool = False
    method: str = BRADLEY_TERRY
    at: datetime | None = None


def parse_board_key(parameters: Mapping[str, str]) -> BoardKey:
    """From the parameters of a request; raises Refusal 400 where one cannot be understood."""
    style_control = BOOLEAN_VALUES.get(parameters.get("style_control", "").lower())
    if style_control is None:
        raise field_error("style_control", "style_control is true or false.")
    return BoardKey(
        pool=parameters.get("pool") or LIVE_POOL,
        category=parameters.get("category") or OVERALL_CATEGORY,
        style_control=style_control,
        method=parameters.get("method") or BRADLEY_TERRY,
        at=_parse_time(parameters.get("at", "")),
    )


def parse_api_board_key(parameters: Mapping[str, str]) -> BoardKey:
    """The same; raises Refusal 404 for style control of votes that came as counts: a page has an empty board."""
    wanted = parse_board_key(parameters)
    if wanted.style_control and "\0" not in wanted.pool and _has_only_counts(wanted.pool):
        detail = f"The votes of {wanted.pool!r} came as counts, without the answers that style control needs."
        raise RequestError("not_found", detail, 404)
    return wanted


def _has_only_counts(pool: str) -> bool:
    return Pool.objects.filter(slug=pool, ordered=False).exclude(kind=Pool.Kind.REFERENCE).exists()


def load_newest_board(
    pool: str,
    category: str,
    style_control: bool,  # noqa: FBT001  # one of the four parts of a board's key
    method: str,
    at: datetime | None = None,
) -> dict[str, Any]:
    """The board published last, or last at that time, as the API shows it.

    Raises Refusal 404 for an unknown pool, category or method, and for Elo where it takes an order that is not known.
    """
    return load_newest_with_id(BoardKey(pool, category, style_control, method, at))[1]


def load_newest_with_id(asked: BoardKey) -> tuple[int | None, dict[str, Any]]:
    """The same, and the key of its snapshot; None before the first one."""
    snapshot = _query_snapshots(asked).first()
    if snapshot is None:
        pool = _get_pool(asked)
        return None, _build_key_fields(asked) | (
            _build_upcoming_board(asked) if pool.kind == Pool.Kind.REFERENCE else EMPTY_BOARD
        )
    return snapshot.pk, _build_key_fields(asked) | _build_board(snapshot)


def find_board_by_id(asked: BoardKey, key: int) -> dict[str, Any] | None:
    """A snapshot of the board asked for, in the same shape; None if it has been forgotten."""
    snapshot = Snapshot.objects.filter(pk=key).first()
    return _build_key_fields(asked) | _build_board(snapshot) if snapshot else None


def _build_key_fields(asked: BoardKey) -> dict[str, Any]:
    return {name: getattr(asked, name) for name in ("pool", "category", "style_control", "method")}


def find_newest_id(asked: BoardKey) -> int | None:
    """The key of the snapshot that `load_newest_board` shows; None where there is none, or nothing of that name."""
    return _query_snapshots(asked).values_list("pk", flat=True).first()


def _query_snapshots(asked: BoardKey) -> QuerySet[Snapshot]:
    """Snapshots of a board up to the time asked for, the newest first."""
    if asked.method not in METHODS:
        raise _unknown_part_error("method", asked.method)
    if asked.method == ELO and asked.style_control:
        raise RequestError("not_found", ELO_STYLE_CONFLICT, 404)
    for what in ("pool", "category"):
        if "\0" in getattr(asked, what):  # which no query can hold
            raise _unknown_part_error(what, getattr(asked, what))
    boards = Board.objects.filter(
        pool__slug=asked.pool, category__slug=asked.category, style_control=asked.style_control
    )
    kept = Snapshot.objects.filter(board=boards.values("pk")[:1], method=asked.method).order_by("-computed_at")
    return kept.filter(computed_at__lte=asked.at) if asked.at else kept


def list_newest_snapshots(category: str = OVERALL_CATEGORY) -> list[Snapshot]:
    """The board of each pool in this category, published last; without those of single shortlists, oldest first."""
    boards = Board.objects.filter(category__slug=category, style_control=False).exclude(pool__kind=Pool.Kind.SHORTLIST)
    newest = Snapshot.objects.filter(board=OuterRef("pk"), method=BRADLEY_TERRY).order_by("-computed_at")
    keys = boards.annotate(newest=Subquery(newest.values("pk")[:1])).values("newest")
    beside = ("board__pool", "board__category")
    return list(Snapshot.objects.filter(pk__in=keys).select_related(*beside).order_by("board__pool_id"))


def _build_board(snapshot: Snapshot) -> dict[str, Any]:
    anchor, style, credit = (snapshot.parameters.get(name) for name in ("anchor", "style", "reference"))
    return {
        "computed_at": snapshot.computed_at,
        "votes": snapshot.votes,
        "last_vote_id": snapshot.last_vote_id,
        "provisional": snapshot.parameters.get("provisional", False),
        "scale": RATING_SCALE
        | ({"mean": None} if credit else {})
        | ({"anchor": {"model": anchor[0], "rating": anchor[1]}} if anchor else {}),
        **({"style": style} if style is not None else {}),
        **({"reference": credit} if credit else {}),
        **({"problem": snapshot.parameters["problem"]} if "problem" in snapshot.parameters else {}),
        "rows": unpack_rows(snapshot.rows),
    }


def _build_upcoming_board(asked: BoardKey) -> dict[str, Any]:
    """A reference board before its day: it has no rows yet, and is somebody else's all the same."""
    return _build_board(_query_snapshots(replace(asked, at=None)).earliest("computed_at")) | {
        "computed_at": None,
        "rows": [],
    }


THIN_SNAPSHOTS_SQL = """
DELETE FROM ratings_snapshot AS old USING (
    SELECT id, row_number() OVER (PARTITION BY board_id, method, kept_by, date_trunc(kept_by, computed_at)
        ORDER BY computed_at DESC, id DESC) AS place,
        row_number() OVER (PARTITION BY board_id, method ORDER BY computed_at, id) AS number
    FROM (
        SELECT id, board_id, method, computed_at, CASE
            WHEN computed_at > now() - interval '1 day' THEN 'minute'
            WHEN computed_at > now() - interval '1 month' THEN 'hour'
            ELSE 'day' END AS kept_by
        FROM ratings_snapshot WHERE computed_at < now() - interval '10 minutes' AND board_id IN (
            SELECT board.id FROM ratings_board AS board JOIN ratings_pool AS pool ON pool.id = board.pool_id
            WHERE pool.kind {kinds} 'shortlist')
    ) AS aged
) AS aged WHERE aged.id = old.id AND aged.place > 1 AND aged.number > 1"""


def thin_snapshots(*, of_sets: bool = False) -> int:
    """Forget what is too old to be kept in full; gives how many snapshots.

    Those of visitors' sets are thinned apart and seldom, for there may be many.

    Kept are all for ten minutes, the newest of each minute for a day, of each hour for a month, of each day for ever;
    and the first, or else nothing would seem to have been published before the newest of its minute, hour or day.
    """
    with connection.cursor() as cursor:
        cursor.execute(THIN_SNAPSHOTS_SQL.format(kinds="=" if of_sets else "<>"))
        return int(cursor.rowcount)


def pack_rows(rows: list[dict[str, Any]]) -> bytes:
    return zlib.compress(orjson.dumps(rows), 1)


def unpack_rows(packed: bytes | memoryview) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = orjson.loads(zlib.decompress(packed))
    return rows


def _get_pool(asked: BoardKey) -> Pool:
    """Raises Refusal for a board that there is not."""
    found = Pool.objects.filter(slug=asked.pool).first()
    if found is None:
        raise _unknown_part_error("pool", asked.pool)
    if not Category.objects.filter(slug=asked.category).exists():
        raise _unknown_part_error("category", asked.category)
    if found.kind == Pool.Kind.REFERENCE:
        _check_reference_board(asked, found)
    elif asked.method == ELO and not found.ordered:
        raise RequestError(
            "not_found", f"The votes of {asked.pool!r} came as counts, without the order that Elo needs.", 404
        )
    return found


def _check_reference_board(asked: BoardKey, pool: Pool) -> None:
    """A reference board has what somebody else has published, and nothing can be computed beside it."""
    if asked.style_control or asked.method == ELO:
        raise RequestError(
            "not_found", f"Of {asked.pool!r} one rating of each model was published, without another way.", 404
        )
    if not pool.boards.filter(category__slug=asked.category).exists():
        raise RequestError("not_found", f"{asked.pool!r} was published without a board of {asked.category!r}.", 404)


def no_votes_error(pool: str) -> RequestError:
    """For whoever asks for votes where ratings were published elsewhere, without those behind them."""
    detail = f"The ratings of {pool!r} were published elsewhere; the votes behind them did not come along."
    return RequestError("not_found", detail, 404)


def _unknown_part_error(what: str, name: str) -> RequestError:
    return not_found_error(what, name, LISTING_HINTS[what])


def _parse_time(text: str) -> datetime | None:
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise invalid_time_error("at") from None


def invalid_time_error(field: str) -> RequestError:
    return field_error(
        field, f"{field} is a time in ISO 8601, such as 2026-01-31T12:00:00Z; in an address + is written %2B."
    )
