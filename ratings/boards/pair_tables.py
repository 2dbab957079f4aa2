"""Counts and standard errors for all pairs of models on a board.

A table is saved in the same transaction as the snapshot of its board, so the two match. Each day's last table is stored
for 31 days, and each month's last table is never deleted.

For large boards, only one table is saved every 0.4 s: with 200 models, a table is 230 kB, and 27 such tables per second
would delay votes. Other tables wait in the worker's memory until it is idle. If the worker dies, these tables are
missing until the next vote on their boards. `computed_at` is the time when a table was computed. Imports and
recomputations save all tables at once.

The arrays are stored uncompressed, because compressing doubles is slow and saves almost nothing.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from io import BytesIO
from typing import Any

import numpy as np
from django.db import connection

from ratings.models import PairTable, Snapshot
from ratings.statistics.bradley_terry import Fit
from ratings.statistics.comparisons import Comparisons
from ratings.statistics.vote_arrays import Flags, Floats, Indices

LARGE_TABLE_BYTES = 16_384  # about 50 models
WRITE_INTERVAL_S = 0.4
# While a table is pending, its board might be deleted, and another process might save a newer table.
UPSERT_SQL = """
INSERT INTO ratings_pairtable AS old (board_id, day, computed_at, slugs, arrays)
SELECT new.* FROM (VALUES {rows}) AS new (board_id, day, computed_at, slugs, arrays)
JOIN ratings_board AS board ON board.id = new.board_id
ON CONFLICT (board_id, day) DO UPDATE
SET computed_at = excluded.computed_at, slugs = excluded.slugs, arrays = excluded.arrays
WHERE old.computed_at <= excluded.computed_at"""
ROW_SQL = "(%s::bigint, %s::date, %s::timestamptz, %s::varchar[], %s::bytea)"
_pending_tables: dict[int, PairTable] = {}  # board id → newest unsaved table
_last_large_writes: dict[int, float] = {}  # board id → monotonic time when its last large table was saved


@dataclass(frozen=True, eq=False)
class PairArrays:
    """The arrays of a table for M models, in the order of the board's labels. The labels are slugs.

    ratings (M,), difference_se (M, M), component (M,), unbounded (M,): as in `bradley_terry.Fit`, not shifted by an
        anchor.
    elo (M,): Elo ratings. None under style control, or if the order of the votes is unknown.
    """

    board: Comparisons
    ratings: Floats
    difference_se: Floats
    component: Indices
    unbounded: Flags
    elo: Floats | None


def build_pair_table(fit: Fit, board: Comparisons, elo: Floats | None = None) -> PairTable:
    """Return an unsaved table. `save_pair_tables` sets its board and time."""
    upper_triangle = np.triu_indices(len(board.labels), 1)
    arrays = {
        "wins": _shrink_dtype(board.wins),
        "ties": _shrink_dtype(board.ties[upper_triangle]),
        "error": fit.difference_se[upper_triangle],
        "ratings": fit.ratings,
        "component": fit.component,
        "unbounded": fit.unbounded,
    }
    if elo is not None:
        arrays["elo"] = elo
    file = BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return PairTable(slugs=[str(label) for label in board.labels], arrays=file.getvalue())


def save_pair_tables(snapshots: Iterable[Snapshot]) -> None:
    """Save these snapshots' tables. A table replaces an earlier one for the same board and day."""
    for snapshot in snapshots:
        table = snapshot.pairs
        if table is not None:
            table.board = snapshot.board
            table.computed_at = snapshot.computed_at
            table.day = snapshot.computed_at.astimezone(UTC).date()
            _pending_tables[snapshot.board_id] = table
    write_pending_tables()


def write_pending_tables(*, include_all_large: bool = False) -> None:
    """Save all small pending tables, and one large table if the last one was saved at least `WRITE_INTERVAL_S` ago.

    Of the large tables, the one whose board's previous table was saved longest ago comes first.

    include_all_large: also save all large tables.
    """
    rows: list[tuple[Any, ...]] = []
    for board_id in sorted(_pending_tables, key=lambda board_id: _last_large_writes.get(board_id, 0.0)):
        is_large = len(_pending_tables[board_id].arrays) >= LARGE_TABLE_BYTES
        now = time.monotonic()
        if (
            is_large
            and not include_all_large
            and now - max(_last_large_writes.values(), default=0.0) < WRITE_INTERVAL_S
        ):
            continue
        table = _pending_tables.pop(board_id)
        rows.append((board_id, table.day, table.computed_at, table.slugs, bytes(table.arrays)))
        if is_large:
            _last_large_writes[board_id] = now
    if rows:
        statement = UPSERT_SQL.format(rows=", ".join([ROW_SQL] * len(rows)))
        with connection.cursor() as cursor:
            cursor.execute(statement, [value for row in rows for value in row])


def _shrink_dtype(counts: Floats) -> Indices:
    """Return the counts in the smallest integer type that fits all of them."""
    narrow: Indices = counts.astype(np.min_scalar_type(int(counts.max(initial=0))))
    return narrow


def load_pair_arrays(table: PairTable) -> PairArrays:
    """Return a stored table's arrays."""
    size = len(table.slugs)
    with np.load(BytesIO(table.arrays), allow_pickle=False) as arrays:
        return PairArrays(
            board=Comparisons.from_counts(table.slugs, arrays["wins"], _build_symmetric(size, arrays["ties"])),
            ratings=arrays["ratings"],
            difference_se=_build_symmetric(size, arrays["error"]),
            component=arrays["component"],
            unbounded=arrays["unbounded"],
            elo=arrays.get("elo"),
        )


def _build_symmetric(size: int, upper_triangle: Floats) -> Floats:
    """Return a symmetric (size, size) matrix with a zero diagonal from the values above the diagonal."""
    matrix = np.zeros((size, size))
    matrix[np.triu_indices(size, 1)] = upper_triangle
    return matrix + matrix.T


THIN_PAIR_TABLES_SQL = """
DELETE FROM ratings_pairtable AS old USING (
    SELECT id, row_number() OVER (PARTITION BY board_id, date_trunc('month', day) ORDER BY day DESC) AS number_from_end
    FROM ratings_pairtable WHERE day < current_date - 31
) AS aged WHERE aged.id = old.id AND number_from_end > 1"""


def thin_pair_tables() -> int:
    """Delete tables that are older than 31 days, except the last one of each month.

    Return the number of deleted tables.
    """
    with connection.cursor() as cursor:
        cursor.execute(THIN_PAIR_TABLES_SQL)
        return int(cursor.rowcount)
