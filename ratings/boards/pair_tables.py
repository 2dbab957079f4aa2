"""What the newest board knows of each pair of its models: counts, and the error of the difference of ratings.

Written with the snapshot of a board, in the same transaction, so both agree; of each day the last one stays. Of large
ones only one is written every 0.4 s: 200 models are 230 kB, and 27 such boards a second would hold up votes. The others
wait in the memory of the worker until it has nothing else to do, and are lost with it until the board's next vote:
`computed_at` says of when a table is. An import and a recomputation write all of them at once. Arrays are kept as they
are: compressing doubles takes long and saves nothing.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from io import BytesIO

import numpy as np
from django.db import connection

from ratings.models import PairTable, Snapshot
from ratings.statistics.bradley_terry import Fit
from ratings.statistics.comparisons import Comparisons
from ratings.statistics.likelihood import Flags
from ratings.statistics.vote_arrays import Floats, Indices

LARGE_TABLE_BYTES = 16_384  # bytes; about 50 models
WRITE_INTERVAL_S = 0.4
# The board may be gone by now, and another process may have written a newer one.
UPSERT_SQL = """
INSERT INTO ratings_pairtable AS old (board_id, day, computed_at, slugs, arrays)
SELECT id, %s, %s, %s, %s FROM ratings_board WHERE id = %s
ON CONFLICT (board_id, day) DO UPDATE
SET computed_at = excluded.computed_at, slugs = excluded.slugs, arrays = excluded.arrays
WHERE old.computed_at <= excluded.computed_at"""
_pending_tables: dict[int, PairTable] = {}  # board → its newest, not written yet
_last_large_writes: dict[int, float] = {}  # board → when its last large one was, on the monotonic clock


@dataclass(frozen=True, eq=False)
class PairArrays:
    """M models in the order of the board's labels, which are slugs.

    ratings (M,), error (M, M), component, unbounded (M,): as of `bradley_terry.Fit`, no anchor in them. elo (M,):
    None where the votes have no order, and under style control.
    """

    board: Comparisons
    ratings: Floats
    error: Floats
    component: Indices
    unbounded: Flags
    elo: Floats | None


def build_pair_table(fit: Fit, board: Comparisons, elo: Floats | None = None) -> PairTable:
    """To be saved with the board's snapshot, whose board and time it gets there."""
    above = np.triu_indices(len(board.labels), 1)
    arrays = {
        "wins": _shrink_dtype(board.wins),
        "ties": _shrink_dtype(board.ties[above]),
        "error": fit.error[above],
        **{name: getattr(fit, name) for name in ("ratings", "component", "unbounded")},
        **({} if elo is None else {"elo": elo}),
    }
    file = BytesIO()
    np.savez(file, allow_pickle=False, **arrays)
    return PairTable(slugs=[str(label) for label in board.labels], arrays=file.getvalue())


def save_pair_tables(snapshots: Iterable[Snapshot]) -> None:
    """Save what was drafted with these, instead of what the same boards had earlier on the same day."""
    for snapshot in snapshots:
        if snapshot.pairs is not None:
            snapshot.pairs.board, snapshot.pairs.computed_at = snapshot.board, snapshot.computed_at
            snapshot.pairs.day = snapshot.computed_at.astimezone(UTC).date()
            _pending_tables[snapshot.board_id] = snapshot.pairs
    write_pending_tables()


def write_pending_tables(*, everything: bool = False) -> None:
    """Save what waits and is small, and of the large ones that which has waited longest, if it is time for one."""
    for key in sorted(_pending_tables, key=lambda board: _last_large_writes.get(board, 0.0)):
        large = len(_pending_tables[key].arrays) >= LARGE_TABLE_BYTES
        now = time.monotonic()
        if large and not everything and now - max(_last_large_writes.values(), default=0.0) < WRITE_INTERVAL_S:
            continue
        table = _pending_tables.pop(key)
        with connection.cursor() as cursor:
            cursor.execute(UPSERT_SQL, [table.day, table.computed_at, table.slugs, bytes(table.arrays), key])
        if large:
            _last_large_writes[key] = now


def _shrink_dtype(counts: Floats) -> Indices:
    """In as few bytes as the largest count needs."""
    narrow: Indices = counts.astype(np.min_scalar_type(int(counts.max(initial=0))))
    return narrow


def load_pair_arrays(stored: PairTable) -> PairArrays:
    size = len(stored.slugs)
    with np.load(BytesIO(stored.arrays), allow_pickle=False) as found:
        return PairArrays(
            board=Comparisons.from_counts(stored.slugs, found["wins"], _build_symmetric(size, found["ties"])),
            ratings=found["ratings"],
            error=_build_symmetric(size, found["error"]),
            component=found["component"],
            unbounded=found["unbounded"],
            elo=found.get("elo"),
        )


def _build_symmetric(size: int, above: Floats) -> Floats:
    """(size, size) from what is above its diagonal, which is zero."""
    found = np.zeros((size, size))
    found[np.triu_indices(size, 1)] = above
    return found + found.T


THIN_PAIR_TABLES_SQL = """
DELETE FROM ratings_pairtable AS old USING (
    SELECT id, row_number() OVER (PARTITION BY board_id, date_trunc('month', day) ORDER BY day DESC) AS place
    FROM ratings_pairtable WHERE day < current_date - 31
) AS aged WHERE aged.id = old.id AND aged.place > 1"""


def thin_pair_tables() -> int:
    """Forget what is too old to be kept in full; kept are those of a month, and of each month before the last one."""
    with connection.cursor() as cursor:
        cursor.execute(THIN_PAIR_TABLES_SQL)
        return int(cursor.rowcount)
