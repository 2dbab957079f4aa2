"""What somebody sees of a board, as a file: the same models in the same order, with full precision."""

import csv
import io
import re
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
from django.http import HttpResponse

from core.files.csv_injection import escape_formula
from ratings.web.leaderboard.columns import COLUMNS, LeaderboardColumn, LeaderboardEntry
from ratings.web.leaderboard.query import LeaderboardState

# The columns that hold what a row of the API does.
API_COLUMNS = {"rank", "model", "rating", "tier", "votes", "voters", "win_rate"}
CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


def build_download(shown: LeaderboardState, kind: str) -> HttpResponse:
    body = render_csv(shown) if kind == "csv" else render_json(shown)
    headers = {"Content-Disposition": f'attachment; filename="{build_filename(shown, kind)}"'}
    return HttpResponse(body, content_type=CONTENT_TYPES[kind], headers=headers)


def build_filename(shown: LeaderboardState, kind: str) -> str:
    """Pool, category, and the time of the board."""
    at: datetime | None = shown.board["computed_at"]
    parts = [shown.asked.pool, shown.asked.category, *(["style-control"] if shown.asked.style_control else [])]
    parts += [*([shown.asked.method] if shown.asked.method != "bt" else []), f"{at:%Y%m%dT%H%M%SZ}" if at else "empty"]
    return re.sub(r"[^A-Za-z0-9.-]+", "_", "-".join(["leaderboard", *parts])) + f".{kind}"


def build_records(shown: LeaderboardState) -> list[dict[str, Any]]:
    return [_build_record(shown, entry) for entry in shown.entries]


def _build_record(shown: LeaderboardState, entry: LeaderboardEntry) -> dict[str, Any]:
    return {key: value(entry) for column in _list_columns(shown) for key, value in column.cells.items()}


def _list_columns(shown: LeaderboardState) -> list[LeaderboardColumn]:
    """Those that are shown, and all fields of a row of the API, whether their columns are shown or not."""
    return [column for column in COLUMNS if column.name in API_COLUMNS | {*shown.columns}]


def render_json(shown: LeaderboardState) -> bytes:
    """The head of the board as the API has it, and beside it what was asked for and left out."""
    head = {name: value for name, value in shown.board.items() if name != "rows"}
    view = {"query": shown.query, "left_out_unknown": shown.left_out, "unknown": shown.unknown}
    return orjson.dumps(head | view | {"rows": build_records(shown)}, default=float, option=orjson.OPT_UTC_Z)


def render_csv(shown: LeaderboardState) -> str:
    keys = [key for column in _list_columns(shown) for key in column.cells]
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(keys)
    writer.writerows([_format_cell(record[key]) for key in keys] for record in build_records(shown))
    return file.getvalue()


def _format_cell(value: Any) -> Any:
    """Numbers stay numbers, also negative ones, and prices without noughts behind; only a text can be a formula."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return escape_formula(value) if isinstance(value, str) else value
