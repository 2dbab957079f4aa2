"""Ratings over time for a page: the API URL for the plot, and a table with the same numbers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from ratings.boards import board_urls, time_series
from ratings.boards.board_row import BoardRow
from ratings.boards.number_text import format_whole
from ratings.boards.snapshots import BoardKey

MAX_MODELS = 10  # in one plot


def build_series_table(
    board_key: BoardKey, rows: Sequence[BoardRow], until: datetime | None, since: datetime | None = None
) -> dict[str, Any]:
    """Return the table for the first ten models in these rows, from `since` (or the first stored board) to `until`.

    The result has these keys:

    models: the slug and name of each model.
    names: the same as JSON, for the plot.
    lines: the boards, newest first. Each line has the board's time and one cell per model: its rating and interval as
        text, or None if the model was not on the board.
    json: the API URL for the plot.
    """
    models = [{"model": row["model"], "name": row["name"]} for row in rows[:MAX_MODELS]]
    slugs = [model["model"] for model in models]
    all_series = time_series.load_series(board_key, slugs, since, until)["series"] if slugs else []
    by_time: dict[datetime, dict[str, Any]] = {}
    for series in all_series:
        for point in series["points"]:
            by_time.setdefault(point["computed_at"], {})[series["model"]] = point
    times = sorted(by_time, reverse=True)
    return {
        "models": models,
        "names": orjson.dumps([[row["model"], row["name"]] for row in models]).decode(),
        "lines": [{"at": time, "cells": [_format_cell(by_time[time].get(slug)) for slug in slugs]} for time in times],
        "json": board_urls.build_board_url("leaderboard-history", board_key, model=slugs, since=since, until=until),
    }


def _format_cell(point: Mapping[str, Any] | None) -> tuple[str, str] | None:
    if point is None:
        return None
    ends = (point["ci_low"], point["ci_high"])
    interval = " \N{EN DASH} ".join("…" if end is None else format_whole(end) for end in ends)
    return format_whole(point["rating"]), "" if ends == (None, None) else interval
