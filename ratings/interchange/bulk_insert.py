"""Rows of votes on their way into the database, by COPY, while the next ones are read."""

import gc
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from typing import Any, NamedTuple, Self

import orjson
from django.db import connection

from arena.judging.style_features import compute_features
from arena.models import VoteFile
from catalog.matching.resolver import NamedModels
from ratings.interchange.vote_fields import CONVERSATION_FIELDS, VoteRow, list_assistant_texts
from ratings.models import DECISIVE_CATEGORY, OVERALL_CATEGORY, Pool

SWITCH_INTERVAL_S = (
    0.0005  # the thread that sends needs Python often, for a moment each; by default it waits ten times as long
)
KEY_BATCH_SIZE = 10_000  # taken from the sequence at once
VOTE_COLUMNS = (
    "id", "pool", "file_id", "model_a_id", "model_b_id", "winner", "multiplicity", "voter", "source", "counted",
    "reason", "categories", "features", "propensity", "turns", "created_at", "reasons", "comment",
)  # fmt: skip
COPY_NULL = "\\N"
COPY_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
DERIVED_CATEGORIES = (
    OVERALL_CATEGORY,
    DECISIVE_CATEGORY,
)  # every vote is counted in these by what it is, so no row can say it


class ImportTarget(NamedTuple):
    """Where rows go, what a voter is called there, and whether texts go with the rows."""

    pool: Pool
    file: VoteFile
    pseudonym: Callable[[str], str]
    with_text: bool


class VoteWriter:
    """Writes rows to the database while the next ones are read: PostgreSQL takes as long for them as reading does."""

    def __init__(self, target: ImportTarget) -> None:
        self.models = NamedModels()
        self._target = target
        self._keys: list[int] = []
        self._thread = ThreadPoolExecutor(1)
        self._last: Future[None] = Future()
        self._last.set_result(None)

    def __enter__(self) -> Self:
        self._switch, self._collected = sys.getswitchinterval(), gc.isenabled()
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        gc.disable()  # rows hold no cycles, and to look for some takes a sixth of the time
        return self

    def __exit__(self, *_: object) -> None:
        sys.setswitchinterval(self._switch)
        if self._collected:
            gc.enable()
        with self._thread:
            self._last.result()

    def send(self, rows: list[VoteRow]) -> None:
        names = {name for row in rows for name in (row.model_a, row.model_b)}
        if len(self._keys) < len(rows) or not self.models.know(names):
            self._last.result()  # nothing may ask this connection while rows are on their way
            self._keys += _reserve_keys(KEY_BATCH_SIZE)
        ids = self.models.ids(names)
        for row in rows:
            if ids[row.model_a] == ids[row.model_b]:
                raise ValueError(f"line {row.line}: model_b is the same model as model_a")
        keyed = [*zip(self._keys, rows, strict=False)]
        del self._keys[: len(rows)]
        votes = "".join([_format_vote(key, row, self._target, ids) for key, row in keyed])
        asides = "".join([_format_aside(key, row, self._target) for key, row in keyed])
        self._last.result()
        self._last = self._thread.submit(_copy_rows, connection.connection, votes, asides)


def _copy_rows(database: Any, votes: str, asides: str) -> None:
    for table, columns, rows in (
        ("arena_vote", VOTE_COLUMNS, votes),
        ("arena_importedrow", ("vote_id", "row"), asides),
    ):
        with database.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
            copy.write(rows)


def _format_vote(key: int, row: VoteRow, target: ImportTarget, ids: dict[str, int]) -> str:
    """A line as PostgreSQL reads it in a COPY."""
    voter = COPY_NULL if row.voter is None else target.pseudonym(row.voter)
    style = _compute_features(row)
    features = COPY_NULL if style is None else _format_array(map(repr, style))
    propensity = COPY_NULL if row.propensity is None else repr(row.propensity)
    at = COPY_NULL if row.created_at is None else row.created_at.isoformat()
    return (
        f"{key}\t{target.pool.slug}\t{target.file.pk}\t{ids[row.model_a]}\t{ids[row.model_b]}\t{row.winner}\t"
        f"{row.multiplicity}\t{voter}\timport\t{row.counted}\t{_escape_text(row.reason)}\t{_format_categories(row.categories)}\t"
        f"{features}\t{propensity}\t{row.turns}\t{at}\t{{}}\t\n"
    )


@lru_cache
def _format_categories(categories: tuple[str, ...]) -> str:
    return _format_array(f'"{each}"' for each in categories if each not in DERIVED_CATEGORIES)


def _compute_features(row: VoteRow) -> list[float] | None:
    if row.features is not None or not all(side in row.conversations for side in CONVERSATION_FIELDS):
        return row.features
    first, second = (compute_features(list_assistant_texts(row.conversations[side])) for side in CONVERSATION_FIELDS)
    return [*first, *second]


def _format_aside(key: int, row: VoteRow, target: ImportTarget) -> str:
    """What the vote's own columns do not say, where it was cast included: it came here by a file, wherever that was."""
    aside = row.aside
    if row.source != "import":
        aside = aside | {"source": row.source}
    if target.with_text:
        aside = aside | row.conversations
    if not aside:
        return ""
    try:
        text = orjson.dumps(aside).decode()
    except orjson.JSONEncodeError:
        raise ValueError(f"line {row.line}: is nested too deeply") from None
    if "\\u0000" in text:
        text = orjson.dumps(_replace_nul(aside)).decode()
    return f"{key}\t{text}\n".replace("\\", "\\\\")  # all that JSON leaves to be escaped


def _replace_nul(value: Any) -> Any:
    """PostgreSQL's JSON cannot hold NUL."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, dict):
        return {_replace_nul(key): _replace_nul(each) for key, each in value.items()}
    return [_replace_nul(each) for each in value] if isinstance(value, list) else value


def _format_array(values: Iterable[str]) -> str:
    return f"{{{','.join(values)}}}"


def _escape_text(text: str) -> str:
    return text.translate(COPY_ESCAPES)


def _reserve_keys(number: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT array_agg(nextval(pg_get_serial_sequence('arena_vote', 'id'))) FROM generate_series(1, %s)",
            [number],
        )
        keys: list[int] = cursor.fetchone()[0]
        return keys
