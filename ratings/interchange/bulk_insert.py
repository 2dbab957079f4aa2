"""Bulk insertion of votes with COPY, in a thread that runs while the next rows are read."""

import gc
import re
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from typing import Any, NamedTuple, Self

import orjson
from django.db import connection
from psycopg.errors import UniqueViolation

from arena.judging.style_features import compute_features
from arena.models import Pool, Vote, VoteFile
from ratings.interchange import public_view
from ratings.interchange.contestant_names import NamedContestants
from ratings.interchange.vote_fields import CONVERSATION_FIELDS, VoteRow, list_assistant_messages
from ratings.models import DECISIVE_CATEGORY, OVERALL_CATEGORY

# The sending thread needs the GIL often, but only briefly. With Python's default interval, it waits ten times as long.
SWITCH_INTERVAL_S = 0.0005
KEY_BATCH_SIZE = 10_000  # number of keys that one query reserves
VOTE_COLUMNS = (
    "id", "pool_id", "file_id", "contestant_a_id", "contestant_b_id", "winner", "multiplicity", "voter", "source",
    "counted", "reason", "categories", "features", "propensity", "turns", "created_at", "record_key", "reasons",
    "comment", "voter_kind", "item", "prompt_hash",
)  # fmt: skip
COPY_NULL = "\\N"
COPY_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
# These categories are derived from each vote, so a row cannot set them.
DERIVED_CATEGORIES = (OVERALL_CATEGORY, DECISIVE_CATEGORY)


class ImportTarget(NamedTuple):
    """The settings for an import.

    hash_name: returns the hash of the name of a judge, an item, or a question (the first argument).
    with_text: whether conversations are stored.
    """

    pool: Pool
    file: VoteFile
    hash_name: Callable[[str, str], str]
    with_text: bool


class VoteWriter:
    """Writes votes to the database in a thread.

    PostgreSQL takes about as long to store the rows as Python takes to read them, so the two run in parallel.
    """

    def __init__(self, target: ImportTarget) -> None:
        self.contestants = NamedContestants(target.pool)
        self._target = target
        self._keys: list[int] = []
        self._thread = ThreadPoolExecutor(1)
        self._pending_copy: Future[None] = Future()
        self._pending_copy.set_result(None)

    def __enter__(self) -> Self:
        self._switch_interval = sys.getswitchinterval()
        self._gc_was_enabled = gc.isenabled()
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        gc.disable()  # rows contain no reference cycles, and searching for cycles takes a sixth of the import's time
        return self

    def __exit__(self, *_: object) -> None:
        sys.setswitchinterval(self._switch_interval)
        if self._gc_was_enabled:
            gc.enable()
        with self._thread:
            self._pending_copy.result()

    def send(self, rows: list[VoteRow]) -> None:
        """Start storing a batch once the previous batch is stored.

        Raises a ValueError that names the line of an invalid row.
        """
        names = {name for row in rows for name in (row.model_a, row.model_b)}
        if len(self._keys) < len(rows) or not self.contestants.has_all(names):
            self._pending_copy.result()  # no query may use this connection during a COPY
            self._keys += _reserve_keys(KEY_BATCH_SIZE)
        ids = self.contestants.get_or_create_keys(names)
        for row in rows:
            if ids[row.model_a] == ids[row.model_b]:
                raise ValueError(f"line {row.line}: model_b is the same model as model_a")
            if row.voter_kind == Vote.VoterKind.JUDGE and self._target.pool.kind != Pool.Kind.IMPORT:
                reason = f"{self._target.pool.slug!r} is a pool of people; choose another pool"
                raise ValueError(f"line {row.line}: voter_kind must not be judge, because {reason}")
        keyed_rows = [*zip(self._keys, rows, strict=False)]
        del self._keys[: len(rows)]
        votes = "".join([_format_vote(key, row, self._target, ids) for key, row in keyed_rows])
        imported_rows = "".join([_format_imported_row(key, row, self._target) for key, row in keyed_rows])
        self._pending_copy.result()
        lines = [row.line for row in rows]
        self._pending_copy = self._thread.submit(_copy_rows, connection.connection, votes, imported_rows, lines)


def _copy_rows(database: Any, votes: str, imported_rows: str, lines: list[int]) -> None:
    """Store the rows of a batch. `lines` are the lines of its votes in the file."""
    try:
        _copy_tables(database, votes, imported_rows)
    except UniqueViolation as error:
        copied = re.search(r"arena_vote\D+(\d+)", error.diag.context or "")
        if error.diag.constraint_name != "vote_item_once" or not copied:
            raise
        line = lines[int(copied[1]) - 1]
        raise ValueError(f"line {line}: item has been judged by this voter already") from None


def _copy_tables(database: Any, votes: str, imported_rows: str) -> None:
    for table, columns, rows in (
        ("arena_vote", VOTE_COLUMNS, votes),
        ("arena_importedrow", ("vote_id", "row"), imported_rows),
    ):
        with database.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
            copy.write(rows)


def _format_vote(key: int, row: VoteRow, target: ImportTarget, ids: dict[str, int]) -> str:
    """Return a vote's line in COPY's text format."""
    voter = COPY_NULL if row.voter is None else target.hash_name("judge", row.voter)
    # A known voter judges an item once, so a row that stands for several votes has none.
    item = None if row.voter is not None and row.multiplicity > 1 else row.item
    item = COPY_NULL if item is None else target.hash_name("item", item)
    question = "" if row.question is None else target.hash_name("question", row.question)
    style = _compute_features(row)
    features = COPY_NULL if style is None else _format_array(map(repr, style))
    propensity = COPY_NULL if row.propensity is None else repr(row.propensity)
    created_at = COPY_NULL if row.created_at is None else row.created_at.isoformat()
    record_key = public_view.build_imported_key(target.file, row.created_at, key)
    return (
        f"{key}\t{target.pool.pk}\t{target.file.pk}\t{ids[row.model_a]}\t{ids[row.model_b]}\t{row.winner}\t"
        f"{row.multiplicity}\t{voter}\timport\t{row.counted}\t{row.reason.translate(COPY_ESCAPES)}\t"
        f"{_format_categories(row.categories)}\t{features}\t{propensity}\t{row.turns}\t{created_at}\t{record_key}\t{{}}\t\t"
        f"{row.voter_kind}\t{item}\t{question}\n"
    )


@lru_cache
def _format_categories(categories: tuple[str, ...]) -> str:
    return _format_array(f'"{category}"' for category in categories if category not in DERIVED_CATEGORIES)


def _compute_features(row: VoteRow) -> list[float] | None:
    if row.features is not None or not all(side in row.conversations for side in CONVERSATION_FIELDS):
        return row.features
    first, second = (compute_features(list_assistant_messages(row.conversations[side])) for side in CONVERSATION_FIELDS)
    return [*first, *second]


def _format_imported_row(key: int, row: VoteRow, target: ImportTarget) -> str:
    """Return the line with all fields that have no column, in COPY's text format, or "" if there are none.

    These fields include the original source of the vote, because its source column has the value "import".
    """
    other_fields = row.other_fields
    if row.source != "import":
        other_fields = other_fields | {"source": row.source}
    if target.with_text:
        other_fields = other_fields | row.conversations
    if not other_fields:
        return ""
    try:
        text = orjson.dumps(other_fields).decode()
    except orjson.JSONEncodeError:
        raise ValueError(f"line {row.line}: the row is nested too deeply") from None
    if "\\u0000" in text:
        text = orjson.dumps(_replace_nul(other_fields)).decode()
    return f"{key}\t{text}\n".replace("\\", "\\\\")  # orjson has escaped everything else


def _replace_nul(value: Any) -> Any:
    """Return the value with NUL replaced by U+FFFD, because PostgreSQL cannot store NUL in JSON."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, dict):
        return {_replace_nul(key): _replace_nul(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_replace_nul(item) for item in value]
    return value


def _format_array(values: Iterable[str]) -> str:
    return f"{{{','.join(values)}}}"


def _reserve_keys(number: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT array_agg(nextval(pg_get_serial_sequence('arena_vote', 'id'))) FROM generate_series(1, %s)",
            [number],
        )
        keys: list[int] = cursor.fetchone()[0]
        return keys
