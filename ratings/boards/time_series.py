"""How the ratings of models moved: what the boards said of them, one point for each board that was published."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from core.http.errors import field_error
from ratings.boards import snapshots
from ratings.boards.snapshots import BoardKey
from ratings.models import Board, Snapshot

MAX_POINTS = 200
DEFAULT_MODEL_COUNT = 10
POINT_FIELDS = ("rating", "ci_low", "ci_high", "rank", "votes")


def load_series(
    asked: BoardKey, models: Sequence[str], since: datetime | None, until: datetime | None
) -> dict[str, Any]:
    """The points of these models, oldest first; of the ten best of the board, if none are named.

    Both times are included; `at` of what is asked is an end as well. Where more than 200 boards were published, those
    are taken that divide the time most evenly, the first and the last among them. A model has a point for each board
    that it is on. Refusals as of `snapshots.load_newest_board`, and 400 for an end before the beginning.
    """
    end = min((time for time in (asked.at, until) if time), default=None)
    if since and end and since > end:
        raise field_error("since", "since must not lie after until or at.")
    board = snapshots.load_newest_board(**asdict(asked) | {"at": end})
    which = {name: value for name, value in asdict(asked).items() if name != "at"}
    wanted = list(models) or [row["model"] for row in board["rows"][:DEFAULT_MODEL_COUNT]]
    points: dict[str, list[dict[str, Any]]] = {model: [] for model in wanted}
    for snapshot in _iter_snapshots(asked, since, end):
        for row in snapshots.unpack_rows(snapshot.rows):
            if row["model"] in points:
                points[row["model"]].append(_build_point(snapshot.computed_at, row))
    return which | {"series": [{"model": model, "points": found} for model, found in points.items()]}


def _build_point(computed_at: datetime, row: Mapping[str, Any]) -> dict[str, Any]:
    return {"computed_at": computed_at, **{name: row[name] for name in POINT_FIELDS}}


def _iter_snapshots(asked: BoardKey, since: datetime | None, until: datetime | None) -> Iterable[Snapshot]:
    boards = Board.objects.filter(
        pool__slug=asked.pool, category__slug=asked.category, style_control=asked.style_control
    )
    found = Snapshot.objects.filter(board=boards.values("pk")[:1], method=asked.method)
    found = found.filter(computed_at__gte=since) if since else found
    found = found.filter(computed_at__lte=until) if until else found
    keys = _select_evenly([*found.order_by("computed_at").values_list("pk", "computed_at")])
    return Snapshot.objects.filter(pk__in=keys).order_by("computed_at", "pk").iterator(chunk_size=20)


def _select_evenly(times: Sequence[tuple[int, datetime]]) -> list[int]:
    """At most 200 of these keys with their rising times: the first, and the last one of each equal part of the time."""
    if len(times) <= MAX_POINTS:
        return [key for key, _ in times]
    start, whole = times[0][1], times[-1][1] - times[0][1]
    parts = {int((MAX_POINTS - 2) * ((time - start) / whole)) if whole else 0: key for key, time in times}
    return [*dict.fromkeys([times[0][0], *parts.values()])]
