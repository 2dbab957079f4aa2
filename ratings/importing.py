"""Votes from a file into a pool: all of them or none, and the same file once."""

import gzip
import hashlib
import lzma
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import orjson
from django.db import connection, transaction

from arena.features import features
from arena.models import VoteFile
from arena.voters import keyed_hash
from ratings import boards, votes_file
from ratings.folding import API
from ratings.models import DECIDED, OVERALL, Pool
from ratings.named_models import NamedModels
from ratings.vote_fields import CONVERSATIONS, Row, assistant_texts

LOCK = 7_298_542  # the key under which one import at a time holds PostgreSQL's advisory lock
BATCH = 2_000
BLOCK = 200
VOTERS_KEPT = 100_000
CHUNK = 2**20
PACKED: dict[str, Any] = {".gz": gzip.open, ".xz": lzma.open}
COLUMNS = (
    "id", "pool", "file_id", "model_a_id", "model_b_id", "winner", "multiplicity", "voter", "source", "counted",
    "reason", "categories", "features", "propensity", "turns", "created_at", "reasons", "comment",
)  # fmt: skip
NULL = "\\N"
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
DERIVED = (OVERALL, DECIDED)  # every vote is counted in these by what it is, so no row can say it
Progress = Callable[[int, int, int], None]


@dataclass(frozen=True)
class Imported:
    """`votes` of the file, with those that do not count; `new` is False if the pool had this file already."""

    pool: Pool
    votes: int
    uncounted: int
    new_models: int
    new: bool = True


class Target(NamedTuple):
    """Where rows go, what a voter is called there, and whether texts go with the rows."""

    pool: Pool
    file: VoteFile
    pseudonym: Callable[[str], str]
    with_text: bool


def import_file(
    path: Path,
    slug: str,
    *,
    name: str = "",
    provenance: str = "",
    with_text: bool = False,
    progress: Progress | None = None,
) -> Imported:
    """Add the votes of a file to a pool, which is made if there is none of that slug, and publish its boards.

    `progress` is called with bytes read, bytes altogether, and rows so far. Raises ValueError with one sentence:
    an unreadable file, or the first wrong row by its line and field; then nothing has changed.
    """
    with _explained(path):
        digest = _digest(path)
        with transaction.atomic():
            _wait_for_other_imports()
            kind = Pool.Kind.API if slug == API else Pool.Kind.IMPORT
            defaults = {"name": name or slug, "kind": kind, "provenance": provenance}
            pool, _ = Pool.objects.get_or_create(slug=slug, defaults=defaults)
            file, new = VoteFile.objects.get_or_create(pool=pool.slug, digest=digest)
            if not new:
                return Imported(pool, 0, 0, 0, new=False)
            imported = _import(path, Target(pool, file, _pseudonyms(pool), with_text), progress)
            boards.recompute([pool], from_scratch=True)
            return imported


def _import(path: Path, target: Target, progress: Progress | None) -> Imported:
    models, rows_read, votes, uncounted = NamedModels(), 0, 0, 0
    with path.open("rb") as file:
        ordered, rows = votes_file.parse(_lines(_unpacked(path, file)), is_csv=is_csv(path))
        while batch := list(islice(rows, BATCH)):
            _insert(batch, target, models)
            rows_read += len(batch)
            votes += sum(row.multiplicity for row in batch)
            uncounted += sum(row.multiplicity for row in batch if not row.counted)
            if progress:
                progress(file.tell(), path.stat().st_size, rows_read)
    if not votes:
        raise ValueError("there are no votes in it")
    _plan_anew()
    VoteFile.objects.filter(pk=target.file.pk).update(votes=votes)
    if not ordered:
        Pool.objects.filter(pk=target.pool.pk).update(ordered=False)
        target.pool.ordered = False
    return Imported(target.pool, votes, uncounted, models.created)


def is_csv(path: Path) -> bool:
    """By the file's ending, packed or not; everything else is JSON Lines."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return bool([suffix for suffix in suffixes if suffix not in PACKED][-1:] == [".csv"])


def _insert(rows: list[Row], target: Target, models: NamedModels) -> None:
    ids = models.ids([name for row in rows for name in (row.model_a, row.model_b)])
    for row in rows:
        if ids[row.model_a] == ids[row.model_b]:
            raise ValueError(f"line {row.line}: model_b is the same model as model_a")
    keys = _new_keys(len(rows))
    _copy("arena_vote", COLUMNS, (_columns(key, row, target, ids) for key, row in zip(keys, rows, strict=True)))
    asides = ((key, _aside(row, target)) for key, row in zip(keys, rows, strict=True))
    _copy("arena_voteaside", ("vote_id", "row"), ((str(key), aside) for key, aside in asides if aside))


def _columns(key: int, row: Row, target: Target, ids: dict[str, int]) -> tuple[str, ...]:
    """As PostgreSQL reads them in a COPY."""
    style = _features(row)
    return (
        str(key), _escaped(target.pool.slug), str(target.file.pk), str(ids[row.model_a]), str(ids[row.model_b]),
        row.winner, str(row.multiplicity), NULL if row.voter is None else target.pseudonym(row.voter), "import",
        str(row.counted), _escaped(row.reason), _array(f'"{each}"' for each in row.categories if each not in DERIVED),
        NULL if style is None else _array(map(repr, style)),
        NULL if row.propensity is None else repr(row.propensity), str(row.turns),
        NULL if row.created_at is None else row.created_at.isoformat(), "{}", "",
    )  # fmt: skip


def _pseudonyms(pool: Pool) -> Callable[[str], str]:
    """A voter's UUID: the same in all files of a pool, and another in every other pool, where nobody can follow it."""
    return lru_cache(VOTERS_KEPT)(lambda voter: keyed_hash(f"judge:{pool.slug}", voter)[:32])


def _features(row: Row) -> list[float] | None:
    if row.features is not None or not all(side in row.conversations for side in CONVERSATIONS):
        return row.features
    first, second = (features(assistant_texts(row.conversations[side])) for side in CONVERSATIONS)
    return [*first, *second]


def _aside(row: Row, target: Target) -> str:
    """What the vote's own columns do not say, where it was cast included: it came here by a file, wherever that was."""
    cast_at = {} if row.source == "import" else {"source": row.source}
    aside = row.aside | cast_at | (row.conversations if target.with_text else {})
    if not aside:
        return ""
    try:
        text = orjson.dumps(aside).decode()
    except orjson.JSONEncodeError:
        raise ValueError(f"line {row.line}: is nested too deeply") from None
    return _escaped(orjson.dumps(_without_nul(aside)).decode() if "\\u0000" in text else text)


def _without_nul(value: Any) -> Any:
    """PostgreSQL's JSON cannot hold NUL."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, dict):
        return {_without_nul(key): _without_nul(each) for key, each in value.items()}
    return [_without_nul(each) for each in value] if isinstance(value, list) else value


def _copy(table: str, columns: Iterable[str], rows: Iterable[tuple[str, ...]]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        lines = ("\t".join(row) + "\n" for row in rows)
        while block := "".join(islice(lines, BLOCK)):
            copy.write(block)


def _array(values: Iterable[str]) -> str:
    return f"{{{','.join(values)}}}"


def _escaped(text: str) -> str:
    return text.translate(ESCAPES)


def _new_keys(number: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('arena_vote', 'id')) FROM generate_series(1, %s)", [number]
        )
        return [key for (key,) in cursor.fetchall()]


def _wait_for_other_imports() -> None:
    """One after the other, so that two of them cannot both make the same model; keys are checked as rows come."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def _plan_anew() -> None:
    """What counts and reads the votes next would otherwise be planned for a table as small as it was."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE arena_vote, arena_voteaside")


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        unpacked = _unpacked(path, file)
        while chunk := unpacked.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _unpacked(path: Path, file: BinaryIO) -> BinaryIO:
    opener = PACKED.get(path.suffix.lower())
    return opener(file) if opener else file


def _lines(file: BinaryIO) -> Iterator[bytes]:
    number = 0
    while line := file.readline(votes_file.LONGEST_LINE + 1):
        number += 1
        if len(line) > votes_file.LONGEST_LINE:
            raise ValueError(f"line {number}: is longer than {votes_file.LONGEST_LINE:,} bytes")
        yield line


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, lzma.LZMAError) as error:
        why = getattr(error, "strerror", None) or "it is damaged"
        raise ValueError(f"{path} cannot be read: {why}") from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
