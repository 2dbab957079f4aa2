"""A pool's votes in memory, as columns of numbers."""

import sys
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from core.storage.binary_copy import build_row_dtype, iter_rows
from core.storage.database import fetch_rows
from ratings.models import FULL_WEIGHT
from ratings.pipeline.tallies import TALLIED_VOTES_SQL, VOTES_BY_ID_SQL
from ratings.statistics.vote_arrays import Indices

STYLE_FEATURES = ("length", "headers", "bold", "list_items")
UNKNOWN_VOTER = -1
NO_PERSON = -2
# Whether a voter counts as a person. Clusters, crowds, the filter, and ranks count persons alone. In the pool `api`,
# keys count as persons do elsewhere, and so does whoever judged in an imported pool.
IS_PERSON_SQL = "(voter_kind = 'person' OR pool_id IN (SELECT id FROM arena_pool WHERE kind IN ('api', 'import')))"

# All values have a fixed size and are never NULL, so the binary response can be read as an array.
SELECT_VOTES_SQL = f"""
SELECT votes.id, contestant_a_id, contestant_b_id, COALESCE(uuid_hash_extended(voter, 0), 0), voter IS NOT NULL,
    {IS_PERSON_SQL},
    (CASE winner WHEN 'a' THEN 2 WHEN 'b' THEN 0 ELSE 1 END)::smallint, winner = 'both_bad', multiplicity,
    CASE WHEN weight.excluded THEN 0 ELSE COALESCE(weight.filter_weight, %(full)s) END::smallint,
    COALESCE(EXTRACT(EPOCH FROM created_at), 0)::float8, hashtextextended(categories::text, 0),
    COALESCE(features[1], 'NaN')::real, COALESCE(features[2], 'NaN')::real, COALESCE(features[3], 'NaN')::real,
    COALESCE(features[4], 'NaN')::real, COALESCE(features[5], 'NaN')::real, COALESCE(features[6], 'NaN')::real,
    COALESCE(features[7], 'NaN')::real, COALESCE(features[8], 'NaN')::real
FROM votes LEFT JOIN ratings_voteweight AS weight ON weight.vote_id = votes.id WHERE counted ORDER BY votes.id"""  # noqa: S608  # our own constant
SELECT_WEIGHTS_SQL = """
SELECT vote_id, CASE WHEN excluded THEN 0 ELSE filter_weight END
FROM ratings_voteweight JOIN arena_vote AS vote ON vote.id = vote_id WHERE pool_id = %s"""
SELECT_CATEGORY_SETS_SQL = " SELECT DISTINCT hashtextextended(categories::text, 0), categories FROM votes WHERE counted"
ROW_DTYPE = build_row_dtype(
    [
        ("id", ">i8"),
        ("a", ">i8"),
        ("b", ">i8"),
        ("voter", ">i8"),
        ("has_voter", "?"),
        ("is_person", "?"),
        ("double_score", ">i2"),
        ("both_bad", "?"),
        ("weight", ">i4"),
        ("filter_weight", ">i2"),
        ("time", ">f8"),
        ("category_set", ">i8"),
        *((f"style{n}", ">f4") for n in range(2 * len(STYLE_FEATURES))),
    ]
)


class VoteColumns:
    """N counted votes in id order.

    For example, `votes["weight"]` is the column of weights (N,). The columns are:

    id: the key of the vote.
    a, b: the keys of the contestants.
    voter: the index of the voter, counting from 0, UNKNOWN_VOTER, or NO_PERSON if the voter does not count as a person.
    double_score: 2 if a won, 0 if b won, 1 otherwise.
    both_bad: whether both answers were bad.
    weight: the number of identical votes.
    filter_weight: from 0 to 1. It is 0 for excluded votes.
    time: when the vote was cast, in seconds since 1970, or 0 if unknown.
    category_set: an index into `category_sets`.
    style (N, 8): the style features of a's answer, then of b's. NaN if unknown.
    """

    def __init__(self) -> None:
        dtypes = {
            "id": "i8",
            "a": "i4",
            "b": "i4",
            "voter": "i4",
            "double_score": "i1",
            "both_bad": "?",
            "weight": "i4",
            "filter_weight": "f4",
            "time": "f8",
            "category_set": "i4",
        }
        self._columns: dict[str, NDArray[Any]] = {name: np.empty(0, dtype) for name, dtype in dtypes.items()}
        self._columns["style"] = np.empty((0, 2 * len(STYLE_FEATURES)), "f4")
        self._size = 0
        self._voter_codes: dict[int, int] = {}
        self._category_set_codes: dict[int, int] = {}
        self.category_sets: list[tuple[str, ...]] = []

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._columns[name][: self._size]

    def load(self, pool: int) -> None:
        """Load the counted votes in a pool, except those in the outbox."""
        self._append(TALLIED_VOTES_SQL, pool=pool)

    def add(self, ids: list[int]) -> int:
        """Load the votes with these ids, and return the first position that has changed."""
        return self._append(VOTES_BY_ID_SQL, ids=ids)

    def reload_weights(self, pool: int) -> None:
        """Load the filter weights of all votes again."""
        rows = np.array(fetch_rows(SELECT_WEIGHTS_SQL, [pool]), dtype=np.int64).reshape(-1, 2)
        known_rows = rows[np.isin(rows[:, 0], self["id"])]
        self["filter_weight"][:] = 1
        self["filter_weight"][np.searchsorted(self["id"], known_rows[:, 0])] = known_rows[:, 1] / FULL_WEIGHT

    def has_category(self, category: str, part: slice | Indices) -> NDArray[np.bool_]:
        """Return whether each vote in this slice, or at these positions, has the category."""
        set_has_category = np.array([category in categories for categories in self.category_sets], dtype=bool)
        has_category: NDArray[np.bool_] = set_has_category[self["category_set"][part]]
        return has_category

    def _append(self, votes_sql: str, **parameters: Any) -> int:
        parameters["full"] = FULL_WEIGHT
        with connection.cursor() as cursor:
            batches = iter_rows(cursor.cursor, votes_sql + SELECT_VOTES_SQL, parameters, ROW_DTYPE)
            first_changed = min((self._insert(rows) for rows in batches), default=self._size)
            if new_keys := list(self._category_set_codes)[len(self.category_sets) :]:
                cursor.execute(votes_sql + SELECT_CATEGORY_SETS_SQL, parameters)
                categories = dict(cursor.fetchall())
                self.category_sets += [tuple(map(sys.intern, categories[key])) for key in new_keys]
        return first_changed

    def _insert(self, rows: NDArray[Any]) -> int:
        """Insert rows that are sorted by id, and return the first position that has changed.

        Only the rows from that position on are sorted. There are few, because votes usually commit almost in order.
        """
        start = int(np.searchsorted(self["id"], rows["id"][0]))
        new: dict[str, NDArray[Any]] = {
            name: rows[name] for name in ("id", "a", "b", "double_score", "both_bad", "weight", "time")
        }
        new["filter_weight"] = rows["filter_weight"] / FULL_WEIGHT
        new["voter"] = np.where(rows["has_voter"], _assign_codes(self._voter_codes, rows["voter"]), UNKNOWN_VOTER)
        new["voter"][~rows["is_person"]] = NO_PERSON
        new["category_set"] = _assign_codes(self._category_set_codes, rows["category_set"])
        new["style"] = np.column_stack([rows[f"style{n}"] for n in range(2 * len(STYLE_FEATURES))])
        order = np.argsort(np.concatenate((self["id"][start:], new["id"])), kind="stable")
        self._reserve(len(rows))
        for name, column in new.items():
            tail = np.concatenate((self[name][start:], column))[order]
            self._columns[name][start : start + len(tail)] = tail
        self._size += len(rows)
        return start

    def _reserve(self, extra_rows: int) -> None:
        """Make room for more rows. Columns grow by an eighth or more, so the average cost per row stays constant."""
        rows = self._size + extra_rows
        if rows > len(self._columns["id"]):
            for name, column in self._columns.items():
                grown = np.empty((rows + rows // 8, *column.shape[1:]), column.dtype)
                grown[: self._size] = column[: self._size]
                self._columns[name] = grown


def _assign_codes(known: dict[int, int], values: NDArray[Any]) -> NDArray[np.intp]:
    """Return an integer code for each value, counting from 0. Known values keep their codes, and new ones are added."""
    distinct, inverse = np.unique(values, return_inverse=True)
    return np.array([known.setdefault(value, len(known)) for value in distinct.tolist()], dtype=np.intp)[inverse]
