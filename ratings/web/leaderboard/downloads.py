"""What somebody sees of a board, as a file: the same models in the same order, with full precision."""

import csv
import io
import re
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
from django.http import HttpResponse

from core.files.csv_injection import defuse
from ratings.web.leaderboard.columns import COLUMNS, Column, Entry
from ratings.web.leaderboard.query import Shown

# The columns that hold what a row of the API does.
OF_ROWS = {"rank", "model", "rating", "tier", "votes", "voters", "win_rate"}
KINDS = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


def response(shown: Shown, kind: str) -> HttpResponse:
    body = as_csv(shown) if kind == "csv" else as_json(shown)
    headers = {"Content-Disposition": f'attachment; filename="{name(shown, kind)}"'}
    return HttpResponse(body, content_type=KINDS[kind], headers=headers)


def name(shown: Shown, kind: str) -> str:
    """Pool, category, and the time of the board."""
    at: datetime | None = shown.board["computed_at"]
    parts = [shown.asked.pool, shown.asked.category, *(["style-control"] if shown.asked.style_control else [])]
    parts += [*([shown.asked.method] if shown.asked.method != "bt" else []), f"{at:%Y%m%dT%H%M%SZ}" if at else "empty"]
    return re.sub(r"[^A-Za-z0-9.-]+", "_", "-".join(["leaderboard", *parts])) + f".{kind}"


def records(shown: Shown) -> list[dict[str, Any]]:
    return [_record(shown, entry) for entry in shown.entries]


def _record(shown: Shown, entry: Entry) -> dict[str, Any]:
    return {key: value(entry) for column in _columns(shown) for key, value in column.cells.items()}


def _columns(shown: Shown) -> list[Column]:
    """Those that are shown, and all fields of a row of the API, whether their columns are shown or not."""
    return [column for column in COLUMNS if column.name in OF_ROWS | {*shown.columns}]


def as_json(shown: Shown) -> bytes:
    """The head of the board as the API has it, and beside it what was asked for and left out."""
    head = {name: value for name, value in shown.board.items() if name != "rows"}
    view = {"query": shown.query, "left_out_unknown": shown.left_out, "unknown": shown.unknown}
    return orjson.dumps(head | view | {"rows": records(shown)}, default=float, option=orjson.OPT_UTC_Z)


def as_csv(shown: Shown) -> str:
    keys = [key for column in _columns(shown) for key in column.cells]
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(keys)
    writer.writerows([_cell(record[key]) for key in keys] for record in records(shown))
    return file.getvalue()


def _cell(value: Any) -> Any:
    """Numbers stay numbers, also negative ones, and prices without noughts behind; only a text can be a formula."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return defuse(value) if isinstance(value, str) else value
