"""The votes of a pool as columns of numbers, in the memory of a process that needs each of them."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from ratings.pipeline.tallies import FOLDED_VOTES_SQL, VOTES_BY_ID_SQL

STYLE_FEATURE_COUNT = 4
COPY_HEADER_SIZE = 19  # bytes before the first row of PostgreSQL's binary COPY; two more end it
BATCH_BYTES = 1 << 25  # bytes
UNKNOWN_VOTER = -1

# Every value has a fixed size and is never NULL, so that the answer is an array as it comes.
SELECT_VOTES_SQL = """
SELECT id, model_a_id, model_b_id, COALESCE(uuid_hash_extended(voter, 0), 0), voter IS NOT NULL,
    (CASE winner WHEN 'a' THEN 2 WHEN 'b' THEN 0 ELSE 1 END)::smallint, winner = 'both_bad', multiplicity,
    hashtextextended(categories::text, 0),
    COALESCE(features[1], 'NaN')::real, COALESCE(features[2], 'NaN')::real, COALESCE(features[3], 'NaN')::real,
    COALESCE(features[4], 'NaN')::real, COALESCE(features[5], 'NaN')::real, COALESCE(features[6], 'NaN')::real,
    COALESCE(features[7], 'NaN')::real, COALESCE(features[8], 'NaN')::real
FROM votes WHERE counted ORDER BY id"""
SELECT_CATEGORY_SETS_SQL = " SELECT DISTINCT hashtextextended(categories::text, 0), categories FROM votes WHERE counted"
COPY_FIELDS = (
    *(("id", ">i8"), ("a", ">i8"), ("b", ">i8"), ("voter", ">i8"), ("named", "?"), ("twice", ">i2")),
    *(
        ("bad", "?"),
        ("weight", ">i4"),
        ("kind", ">i8"),
        *((f"style{n}", ">f4") for n in range(2 * STYLE_FEATURE_COUNT)),
    ),
)
COPY_ROW_DTYPE = np.dtype(
    [("", ">i2"), *(part for name, kind in COPY_FIELDS for part in ((f"{name} length", ">i4"), (name, kind)))]
)


class VoteColumns:
    """N counted votes in the order of their ids.

    id, a, b (keys of models), voter (from 0, NOBODY where unknown), twice (2 if a won, 0 if b did, 1 otherwise),
    bad (whether both were), weight, kind (number of its set of categories); style (N, 8): features of a, then of b,
    NaN where unknown.
    """

    def __init__(self) -> None:
        kinds = {
            "id": "i8",
            "a": "i4",
            "b": "i4",
            "voter": "i4",
            "twice": "i1",
            "bad": "?",
            "weight": "f8",
            "kind": "i4",
        }
        self._room: dict[str, NDArray[Any]] = {name: np.empty(0, kind) for name, kind in kinds.items()}
        self._room["style"] = np.empty((0, 2 * STYLE_FEATURE_COUNT), "f4")
        self._size = 0
        self._voters: dict[int, int] = {}
        self._kinds: dict[int, int] = {}
        self.kinds: list[frozenset[str]] = []

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._room[name][: self._size]

    def load(self, pool: str) -> None:
        """Read all folded votes of a pool."""
        self._append(FOLDED_VOTES_SQL, pool=pool)

    def add(self, ids: list[int]) -> int:
        """Read these votes; gives the position from which on something is new."""
        return self._append(VOTES_BY_ID_SQL, ids=ids)

    def of_category(self, category: str, part: slice) -> NDArray[np.bool_]:
        """Which votes of a part have it."""
        has = np.array([category in kind for kind in self.kinds], dtype=bool)
        chosen: NDArray[np.bool_] = has[self["kind"][part]]
        return chosen

    def _append(self, votes: str, **parameters: Any) -> int:
        with connection.cursor() as cursor:
            cursor.execute(votes + SELECT_CATEGORY_SETS_SQL, parameters)
            for key, categories in cursor.fetchall():
                self._kind(key, categories)
            with cursor.cursor.copy(f"COPY ({votes}{SELECT_VOTES_SQL}) TO STDOUT (FORMAT binary)", parameters) as copy:
                return min((self._take(rows) for rows in _iter_row_batches(copy)), default=self._size)

    def _kind(self, key: int, categories: Iterable[str]) -> None:
        if key not in self._kinds:
            self._kinds[key] = len(self.kinds)
            self.kinds.append(frozenset(categories))

    def _take(self, rows: NDArray[Any]) -> int:
        """Put rows, which are in order, where their ids belong: votes commit out of order, but seldom by much."""
        start = int(np.searchsorted(self["id"], rows["id"][0]))
        new: dict[str, NDArray[Any]] = {name: rows[name] for name in ("id", "a", "b", "twice", "bad", "weight")}
        new["voter"] = np.where(rows["named"], _assign_codes(self._voters, rows["voter"]), UNKNOWN_VOTER)
        new["kind"] = _assign_codes(self._kinds, rows["kind"])
        new["style"] = np.column_stack([rows[f"style{n}"] for n in range(2 * STYLE_FEATURE_COUNT)])
        order = np.argsort(np.concatenate((self["id"][start:], new["id"])), kind="stable")
        self._make_room(len(rows))
        for name, column in new.items():
            tail = np.concatenate((self[name][start:], column))[order]
            self._room[name][start : start + len(tail)] = tail
        self._size += len(rows)
        return start

    def _make_room(self, more: int) -> None:
        if self._size + more > len(self._room["id"]):
            for name, column in self._room.items():
                grown = np.empty((2 * self._size + more, *column.shape[1:]), column.dtype)
                grown[: self._size] = column[: self._size]
                self._room[name] = grown


def _iter_row_batches(copy: Iterable[bytes]) -> Iterator[NDArray[Any]]:
    """The rows of a binary COPY, many at once."""
    waiting, start = bytearray(), COPY_HEADER_SIZE
    for data in copy:
        waiting += data
        if len(waiting) > BATCH_BYTES:
            end = start + (len(waiting) - start) // COPY_ROW_DTYPE.itemsize * COPY_ROW_DTYPE.itemsize
            yield np.frombuffer(bytes(waiting[start:end]), COPY_ROW_DTYPE)
            del waiting[:end]
            start = 0
    if rest := bytes(waiting[start:-2]):
        yield np.frombuffer(rest, COPY_ROW_DTYPE)


def _assign_codes(known: dict[int, int], values: NDArray[Any]) -> NDArray[np.intp]:
    """Numbers from 0 for values, the same as before for known ones."""
    distinct, inverse = np.unique(values, return_inverse=True)
    return np.array([known.setdefault(value, len(known)) for value in distinct.tolist()], dtype=np.intp)[inverse]
