"""The leaderboard as a CSV or JSON file: all models that pass the page's filters, in its order, at full precision."""

import csv
import io
import re
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
from django.http import HttpResponse

from core.files.csv_injection import escape_formula
from ratings.boards.snapshots import BRADLEY_TERRY
from ratings.web.leaderboard.columns import COLUMNS, ROW
from ratings.web.leaderboard.query import LeaderboardState

# Columns whose fields come from an API row. Files always include them, even if they are hidden on the page.
API_COLUMNS = {column.name for column in COLUMNS if column.source == ROW}
CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


def build_download(leaderboard: LeaderboardState, kind: str) -> HttpResponse:
    """Return the response with the file.

    kind: `csv` or `json`.
    """
    body = render_csv(leaderboard) if kind == "csv" else render_json(leaderboard)
    headers = {"Content-Disposition": f'attachment; filename="{build_filename(leaderboard, kind)}"'}
    return HttpResponse(body, content_type=CONTENT_TYPES[kind], headers=headers)


def build_filename(leaderboard: LeaderboardState, kind: str) -> str:
    """Return a file name with the pool, category, options, and time of the board."""
    board_key = leaderboard.board_key
    computed_at: datetime | None = leaderboard.board["computed_at"]
    parts = ["leaderboard", board_key.pool, board_key.category]
    if board_key.style_control:
        parts.append("style-control")
    if board_key.method != BRADLEY_TERRY:
        parts.append(board_key.method)
    parts.append(f"{computed_at:%Y%m%dT%H%M%SZ}" if computed_at else "empty")
    return re.sub(r"[^A-Za-z0-9.-]+", "_", "-".join(parts)) + f".{kind}"


def _list_fields(leaderboard: LeaderboardState) -> dict[str, str]:
    """Return the fields of the visible columns, and all fields of an API row, with the paths of their values."""
    columns = API_COLUMNS | {*leaderboard.columns}
    return {field: path for column in COLUMNS if column.name in columns for field, path in column.fields.items()}


def render_json(leaderboard: LeaderboardState) -> bytes:
    """Return the board in the API's format, with the page's query and the number of omitted models."""
    fields = _list_fields(leaderboard)
    rows = [{field: entry.read(path) for field, path in fields.items()} for entry in leaderboard.entries]
    view = {
        "query": leaderboard.query,
        "left_out_unknown": leaderboard.filtered.left_out_count,
        "unknown": leaderboard.filtered.unknown_counts,
    }
    return orjson.dumps({**leaderboard.board, **view, "rows": rows}, default=float, option=orjson.OPT_UTC_Z)


def render_csv(leaderboard: LeaderboardState) -> str:
    """Return a header line and one line per model."""
    fields = _list_fields(leaderboard)
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(fields)
    writer.writerows([_format_cell(entry.read(path)) for path in fields.values()] for entry in leaderboard.entries)
    return file.getvalue()


def _format_cell(value: Any) -> Any:
    """Return the value for a CSV file. Text that looks like a formula is escaped. Prices lose trailing zeros."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return escape_formula(value) if isinstance(value, str) else value
