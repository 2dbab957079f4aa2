"""Published boards: kept as they were shown, and found again by time."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import orjson
from django.db import connection
from django.db.models import OuterRef, QuerySet, Subquery

from arena.models import LIVE
from core.http.errors import Refusal, bad, unknown
from ratings.models import OVERALL, Board, Category, Pool, Snapshot

BRADLEY_TERRY = "bt"
ELO = "elo"
METHODS = (BRADLEY_TERRY, ELO)
SCALE = {"factor": 400, "base": 10, "mean": 1000}
NOTHING: dict[str, Any] = {
    "computed_at": None,
    "votes": 0,
    "last_vote_id": None,
    "provisional": True,
    "scale": SCALE,
    "rows": [],
}
HINTS = {
    "pool": "All are listed at /api/v1/pools/.",
    "category": "All are listed at /api/v1/categories/.",
    "method": f"It is {' or '.join(METHODS)}.",
}
NOT_BOTH = "There is no method 'elo' under style control; take one of them away."
SWITCH = {"": False, "false": False, "0": False, "true": True, "1": True}


@dataclass(frozen=True)
class Asked:
    """Which board somebody wants to see, and as of when."""

    pool: str = LIVE
    category: str = OVERALL
    style_control: bool = False
    method: str = BRADLEY_TERRY
    at: datetime | None = None


def asked(parameters: Mapping[str, str]) -> Asked:
    """From the parameters of a request; raises Refusal 400 where one cannot be understood."""
    style_control = SWITCH.get(parameters.get("style_control", "").lower())
    if style_control is None:
        raise bad("style_control", "style_control is true or false.")
    return Asked(
        pool=parameters.get("pool") or LIVE,
        category=parameters.get("category") or OVERALL,
        style_control=style_control,
        method=parameters.get("method") or BRADLEY_TERRY,
        at=_time(parameters.get("at", "")),
    )


def asked_by_program(parameters: Mapping[str, str]) -> Asked:
    """The same; raises Refusal 404 for style control of votes that came as counts: a page has an empty board."""
    wanted = asked(parameters)
    if wanted.style_control and "\0" not in wanted.pool and _came_as_counts(wanted.pool):
        detail = f"The votes of {wanted.pool!r} came as counts, without the answers that style control needs."
        raise Refusal("not_found", detail, 404)
    return wanted


def _came_as_counts(pool: str) -> bool:
    return Pool.objects.filter(slug=pool, ordered=False).exclude(kind=Pool.Kind.REFERENCE).exists()


def newest(
    pool: str,
    category: str,
    style_control: bool,  # noqa: FBT001  # one of the four parts of a board's key
    method: str,
    at: datetime | None = None,
) -> dict[str, Any]:
    """The board published last, or last at that time, as the API shows it.

    Raises Refusal 404 for an unknown pool, category or method, and for Elo where it takes an order that is not known.
    """
    return newest_with_key(Asked(pool, category, style_control, method, at))[1]


def newest_with_key(asked: Asked) -> tuple[int | None, dict[str, Any]]:
    """The same, and the key of its snapshot; None before the first one."""
    snapshot = _newest(asked).first()
    if snapshot is None:
        pool = _checked_pool(asked)
        return None, _which(asked) | (_not_yet(asked) if pool.kind == Pool.Kind.REFERENCE else NOTHING)
    return snapshot.pk, _which(asked) | _shown(snapshot)


def of_key(asked: Asked, key: int) -> dict[str, Any] | None:
    """A snapshot of the board asked for, in the same shape; None if it has been forgotten."""
    snapshot = Snapshot.objects.filter(pk=key).first()
    return _which(asked) | _shown(snapshot) if snapshot else None


def _which(asked: Asked) -> dict[str, Any]:
    return {name: getattr(asked, name) for name in ("pool", "category", "style_control", "method")}


def newest_key(asked: Asked) -> int | None:
    """The key of the snapshot that `newest` shows; None where there is none, or nothing of that name."""
    return _newest(asked).values_list("pk", flat=True).first()


def _newest(asked: Asked) -> QuerySet[Snapshot]:
    """Snapshots of a board up to the time asked for, the newest first."""
    if asked.method not in METHODS:
        raise _unknown("method", asked.method)
    if asked.method == ELO and asked.style_control:
        raise Refusal("not_found", NOT_BOTH, 404)
    for what in ("pool", "category"):
        if "\0" in getattr(asked, what):  # which no query can hold
            raise _unknown(what, getattr(asked, what))
    boards = Board.objects.filter(
        pool__slug=asked.pool, category__slug=asked.category, style_control=asked.style_control
    )
    kept = Snapshot.objects.filter(board=boards.values("pk")[:1], method=asked.method).order_by("-computed_at")
    return kept.filter(computed_at__lte=asked.at) if asked.at else kept


def newest_of_pools(category: str = OVERALL) -> list[Snapshot]:
    """The board of each pool in this category, published last; without those of single shortlists, oldest first."""
    boards = Board.objects.filter(category__slug=category, style_control=False).exclude(pool__kind=Pool.Kind.SHORTLIST)
    newest = Snapshot.objects.filter(board=OuterRef("pk"), method=BRADLEY_TERRY).order_by("-computed_at")
    keys = boards.annotate(newest=Subquery(newest.values("pk")[:1])).values("newest")
    beside = ("board__pool", "board__category")
    return list(Snapshot.objects.filter(pk__in=keys).select_related(*beside).order_by("board__pool_id"))


def _shown(snapshot: Snapshot) -> dict[str, Any]:
    anchor, style, credit = (snapshot.parameters.get(name) for name in ("anchor", "style", "reference"))
    return {
        "computed_at": snapshot.computed_at,
        "votes": snapshot.votes,
        "last_vote_id": snapshot.last_vote_id,
        "provisional": snapshot.parameters.get("provisional", False),
        "scale": SCALE
        | ({"mean": None} if credit else {})
        | ({"anchor": {"model": anchor[0], "rating": anchor[1]}} if anchor else {}),
        **({"style": style} if style is not None else {}),
        **({"reference": credit} if credit else {}),
        **({"problem": snapshot.parameters["problem"]} if "problem" in snapshot.parameters else {}),
        "rows": unpack(snapshot.rows),
    }


def _not_yet(asked: Asked) -> dict[str, Any]:
    """A reference board before its day: it has no rows yet, and is somebody else's all the same."""
    return _shown(_newest(replace(asked, at=None)).earliest("computed_at")) | {"computed_at": None, "rows": []}


THIN = """
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


def thin(*, of_sets: bool = False) -> int:
    """Forget what is too old to be kept in full; gives how many snapshots.

    Those of visitors' sets are thinned apart and seldom, for there may be many.

    Kept are all for ten minutes, the newest of each minute for a day, of each hour for a month, of each day for ever;
    and the first, or else nothing would seem to have been published before the newest of its minute, hour or day.
    """
    with connection.cursor() as cursor:
        cursor.execute(THIN.format(kinds="=" if of_sets else "<>"))
        return int(cursor.rowcount)


def pack(rows: list[dict[str, Any]]) -> bytes:
    return zlib.compress(orjson.dumps(rows), 1)


def unpack(packed: bytes | memoryview) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = orjson.loads(zlib.decompress(packed))
    return rows


def _checked_pool(asked: Asked) -> Pool:
    """Raises Refusal for a board that there is not."""
    found = Pool.objects.filter(slug=asked.pool).first()
    if found is None:
        raise _unknown("pool", asked.pool)
    if not Category.objects.filter(slug=asked.category).exists():
        raise _unknown("category", asked.category)
    if found.kind == Pool.Kind.REFERENCE:
        _check_published(asked, found)
    elif asked.method == ELO and not found.ordered:
        raise Refusal(
            "not_found", f"The votes of {asked.pool!r} came as counts, without the order that Elo needs.", 404
        )
    return found


def _check_published(asked: Asked, pool: Pool) -> None:
    """A reference board has what somebody else has published, and nothing can be computed beside it."""
    if asked.style_control or asked.method == ELO:
        raise Refusal(
            "not_found", f"Of {asked.pool!r} one rating of each model was published, without another way.", 404
        )
    if not pool.boards.filter(category__slug=asked.category).exists():
        raise Refusal("not_found", f"{asked.pool!r} was published without a board of {asked.category!r}.", 404)


def without_votes(pool: str) -> Refusal:
    """For whoever asks for votes where ratings were published elsewhere, without those behind them."""
    detail = f"The ratings of {pool!r} were published elsewhere; the votes behind them did not come along."
    return Refusal("not_found", detail, 404)


def _unknown(what: str, name: str) -> Refusal:
    return unknown(what, name, HINTS[what])


def _time(text: str) -> datetime | None:
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise no_time("at") from None


def no_time(field: str) -> Refusal:
    return bad(field, f"{field} is a time in ISO 8601, such as 2026-01-31T12:00:00Z; in an address + is written %2B.")
