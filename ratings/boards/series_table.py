"""Ratings over time as a page shows them: the address of what is drawn, and a table with the same numbers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from ratings.boards import addresses, time_series
from ratings.boards.snapshots import BoardKey

MAX_MODELS = 10  # models of one picture


def build_series_table(
    asked: BoardKey, rows: Sequence[Mapping[str, Any]], until: datetime | None, since: datetime | None = None
) -> dict[str, Any]:
    """The first ten models of these rows of a board, from its first kept board, or from `since`, to `until`.

    `models`: slug and name of each; `lines`, newest first: the time of a board, and for each model its rating and its
    interval in words, or None where it was not on the board.
    """
    models = [{"model": row["model"], "name": row["name"]} for row in rows[:MAX_MODELS]]
    slugs = [each["model"] for each in models]
    found = time_series.load_series(asked, slugs, since, until)["series"] if slugs else []
    by_time: dict[datetime, dict[str, Any]] = {}
    for series in found:
        for point in series["points"]:
            by_time.setdefault(point["computed_at"], {})[series["model"]] = point
    return {
        "models": models,
        "names": orjson.dumps([[row["model"], row["name"]] for row in models]).decode(),
        "lines": [
            {"at": at, "cells": [_format_cell(by_time[at].get(slug)) for slug in slugs]} for at in sorted(by_time)[::-1]
        ],
        "json": addresses.build_board_url("leaderboard-history", asked, model=slugs, since=since, until=until),
    }


def _format_cell(point: Mapping[str, Any] | None) -> tuple[str, str] | None:
    if point is None:
        return None
    low, high = (None if point[end] is None else f"{point[end]:,.0f}" for end in ("ci_low", "ci_high"))
    return f"{point['rating']:,.0f}", "" if low is high is None else f"{low or '…'} \N{EN DASH} {high or '…'}"
