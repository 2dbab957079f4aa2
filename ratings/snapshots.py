"""Published boards: kept as they were shown, and found again by time."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from arena.errors import Refusal, bad
from arena.models import LIVE
from ratings.models import OVERALL, Board, Category, Pool, Snapshot

BRADLEY_TERRY = "bt"
METHODS = (BRADLEY_TERRY,)
SCALE = {"factor": 400, "base": 10, "mean": 1000}
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


def newest(
    pool: str,
    category: str,
    style_control: bool,  # noqa: FBT001  # one of the four parts of a board's key
    method: str,
    at: datetime | None = None,
) -> dict[str, Any]:
    """The board published last, or last at that time, as the API shows it.

    Raises Refusal 404 for an unknown pool, category or method.
    """
    if method not in METHODS:
        raise _unknown("method", method)
    if "\0" in pool + category:  # which no query can hold
        raise _unknown("pool or category", pool + category)
    boards = Board.objects.filter(pool__slug=pool, category__slug=category, style_control=style_control)
    kept = Snapshot.objects.filter(board=boards.values("pk")[:1], method=method).order_by("-computed_at")
    snapshot = (kept.filter(computed_at__lte=at) if at else kept).first()
    if snapshot is None:
        _check_known(pool, category)
    return {
        "pool": pool,
        "category": category,
        "style_control": style_control,
        "method": method,
        "computed_at": snapshot and snapshot.computed_at,
        "votes": snapshot.votes if snapshot else 0,
        "last_vote_id": snapshot and snapshot.last_vote_id,
        "scale": SCALE,
        "rows": unpack(snapshot.rows) if snapshot else [],
    }


def pack(rows: list[dict[str, Any]]) -> bytes:
    return zlib.compress(orjson.dumps(rows))


def unpack(packed: bytes | memoryview) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = orjson.loads(zlib.decompress(packed))
    return rows


def _check_known(pool: str, category: str) -> None:
    if not Pool.objects.filter(slug=pool).exists():
        raise _unknown("pool", pool)
    if not Category.objects.filter(slug=category).exists():
        raise _unknown("category", category)


def _unknown(what: str, name: str) -> Refusal:
    return Refusal("not_found", f"There is no {what} {name!r}.", 404)


def _time(text: str) -> datetime | None:
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise bad("at", "at is a time in ISO 8601, such as 2026-01-31T12:00:00Z.") from None
