"""Ratings of models over time, with one point per published board."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from core.http.errors import field_error
from ratings.boards import snapshots
from ratings.boards.board_row import select_columns
from ratings.boards.snapshots import BoardKey
from ratings.models import Snapshot

MAX_POINTS = 200
DEFAULT_MODEL_COUNT = 10
POINT_FIELDS = ("rating", "ci_low", "ci_high", "rank", "votes")


def load_series(
    board_key: BoardKey, models: Sequence[str], since: datetime | None, until: datetime | None
) -> dict[str, Any]:
    """Return these models' points in the API's format, oldest first.

    If `models` is empty, return the points of the ten best models on the board.

    Only boards that were published from `since` to `until`, and not after the key's time, are used. Boards from exactly
    these times are included. If there are more than 200 boards, at most 200 of them are used, at roughly equal
    intervals, including the first and the last one. A model has a point for each of these boards that includes it.

    Raises RequestError as `snapshots.load_newest_board` does, and 400 if the end is before the start.
    """
    end = min((time for time in (board_key.at, until) if time), default=None)
    if since and end and since > end:
        raise field_error("since", "“since” must not be later than “until” or “at”.")
    board = snapshots.load_newest_board(replace(board_key, at=end))
    slugs = list(models) or [row["model"] for row in board["rows"][:DEFAULT_MODEL_COUNT]]
    points: dict[str, list[dict[str, Any]]] = {model: [] for model in slugs}
    for snapshot in _iter_snapshots(board_key, since, end):
        for row in snapshots.unpack_rows(snapshot.rows):
            if row["model"] in points:
                point = {"computed_at": snapshot.computed_at} | select_columns(row, POINT_FIELDS)
                points[row["model"]].append(point)
    series = [{"model": model, "points": model_points} for model, model_points in points.items()]
    return snapshots.build_key_fields(board_key) | {"series": series}


def _iter_snapshots(board_key: BoardKey, since: datetime | None, until: datetime | None) -> Iterable[Snapshot]:
    stored = Snapshot.objects.filter(board=snapshots.select_board_id(board_key), method=board_key.method)
    if since:
        stored = stored.filter(computed_at__gte=since)
    if until:
        stored = stored.filter(computed_at__lte=until)
    ids = _select_evenly([*stored.order_by("computed_at").values_list("pk", "computed_at")])
    return Snapshot.objects.filter(pk__in=ids).order_by("computed_at", "pk").iterator(chunk_size=20)


def _select_evenly(times: Sequence[tuple[int, datetime]]) -> list[int]:
    """Return at most 200 snapshot ids: the first one, and the last one in each of several equal periods.

    times: pairs of snapshot id and time, oldest first.
    """
    if len(times) <= MAX_POINTS:
        return [snapshot_id for snapshot_id, _ in times]
    first_id, start = times[0]
    duration = times[-1][1] - start
    last_of_period: dict[int, int] = {}
    for snapshot_id, time in times:
        period = int((MAX_POINTS - 2) * ((time - start) / duration)) if duration else 0
        last_of_period[period] = snapshot_id
    return [*dict.fromkeys([first_id, *last_of_period.values()])]
