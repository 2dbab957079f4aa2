"""Votes from a file into a pool: all of them or none, and the same file once."""

import gzip
import hashlib
import lzma
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from django.db import connection, transaction

from arena.identity.voters import keyed_hash
from arena.models import VoteFile
from core.files import records
from ratings.interchange import vote_file
from ratings.interchange.bulk_insert import ImportTarget, VoteWriter
from ratings.models import Pool
from ratings.pipeline import board_refresh

IMPORT_LOCK_ID = 7_298_542  # the key under which one import at a time holds PostgreSQL's advisory lock
BATCH_SIZE = 2_000
VOTER_CACHE_SIZE = 100_000
CHUNK_SIZE = 2**20  # bytes read at once: Python that reads oftener keeps the thread that sends from its turn
COMPRESSION_OPENERS: dict[str, Any] = {".gz": gzip.open, ".xz": lzma.open}
ProgressCallback = Callable[[int, int, int], None]


@dataclass(frozen=True)
class VoteImportResult:
    """`votes` of the file, with those that do not count; `new` is False if the pool had this file already."""

    pool: Pool
    votes: int
    uncounted: int
    new_models: int
    new: bool = True


def import_file(
    path: Path,
    slug: str,
    *,
    name: str = "",
    provenance: str = "",
    with_text: bool = False,
    progress: ProgressCallback | None = None,
) -> VoteImportResult:
    """Add the votes of a file to a pool, which is made if there is none of that slug, and publish its boards.

    `progress` is called with bytes read, bytes altogether, and rows so far. Raises ValueError with one sentence:
    an unreadable file, or the first wrong row by its line and field; then nothing has changed.
    """
    with _explain_errors(path):
        digest = _hash_file(path)
        with transaction.atomic():
            _acquire_import_lock()
            if Pool.objects.filter(slug=slug, kind=Pool.Kind.REFERENCE).exists():
                raise ValueError(f"{slug!r} holds ratings that were published elsewhere, so it takes no votes")
            defaults = {"name": name or slug, "kind": Pool.Kind.IMPORT, "provenance": provenance}
            pool, _ = Pool.objects.get_or_create(slug=slug, defaults=defaults)
            file, new = VoteFile.objects.get_or_create(pool=pool.slug, digest=digest)
            if not new:
                return VoteImportResult(pool, 0, 0, 0, new=False)
            imported = _import_rows(path, ImportTarget(pool, file, _build_voter_hasher(pool), with_text), progress)
            board_refresh.recompute_boards([pool], from_scratch=True)
            return imported


def _import_rows(path: Path, target: ImportTarget, progress: ProgressCallback | None) -> VoteImportResult:
    rows_read, votes, uncounted = 0, 0, 0
    with path.open("rb", CHUNK_SIZE) as file, VoteWriter(target) as sender:
        ordered, rows = vote_file.parse_vote_file(_iter_lines(_open_unpacked(path, file)), is_csv=is_csv(path))
        while batch := list(islice(rows, BATCH_SIZE)):
            sender.send(batch)
            rows_read += len(batch)
            votes += sum(row.multiplicity for row in batch)
            uncounted += sum(row.multiplicity for row in batch if not row.counted)
            if progress:
                progress(file.tell(), path.stat().st_size, rows_read)
    if not votes:
        raise ValueError("there are no votes in it")
    _analyze_tables()
    VoteFile.objects.filter(pk=target.file.pk).update(votes=votes)
    if not ordered:
        Pool.objects.filter(pk=target.pool.pk).update(ordered=False)
        target.pool.ordered = False
    return VoteImportResult(target.pool, votes, uncounted, sender.models.created)


def is_csv(path: Path) -> bool:
    """By the file's ending, packed or not; everything else is JSON Lines."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return bool([suffix for suffix in suffixes if suffix not in COMPRESSION_OPENERS][-1:] == [".csv"])


def _build_voter_hasher(pool: Pool) -> Callable[[str], str]:
    """A voter's UUID: the same in all files of a pool, and another in every other pool, where nobody can follow it."""
    return lru_cache(VOTER_CACHE_SIZE)(lambda voter: keyed_hash(f"judge:{pool.slug}", voter)[:32])


def _acquire_import_lock() -> None:
    """One after the other, so that two of them cannot both make the same model; keys are checked as rows come."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [IMPORT_LOCK_ID])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def _analyze_tables() -> None:
    """What counts and reads the votes next would otherwise be planned for a table as small as it was."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE arena_vote, arena_importedrow")


def _hash_file(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        unpacked = _open_unpacked(path, file)
        while chunk := unpacked.read(CHUNK_SIZE):
            digest.update(chunk)
    return digest.hexdigest()


def _open_unpacked(path: Path, file: BinaryIO) -> BinaryIO:
    opener = COMPRESSION_OPENERS.get(path.suffix.lower())
    return opener(file) if opener else file


def _iter_lines(file: BinaryIO) -> Iterator[bytes]:
    number = 0
    while line := file.readline(records.MAX_LINE_BYTES + 1):
        number += 1
        if len(line) > records.MAX_LINE_BYTES:
            raise ValueError(f"line {number}: is longer than {records.MAX_LINE_BYTES:,} bytes")
        yield line


@contextmanager
def _explain_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, lzma.LZMAError) as error:
        why = getattr(error, "strerror", None) or "it is damaged"
        raise ValueError(f"{path} cannot be read: {why}") from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
