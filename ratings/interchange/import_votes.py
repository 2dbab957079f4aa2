"""Import of votes from a file into a pool. An import stores all rows or none, and a pool gets each file only once."""

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
from arena.models import Pool, VoteFile
from core.files import records
from core.storage.advisory_locks import AdvisoryLock, acquire_lock
from ratings.interchange import vote_file
from ratings.interchange.bulk_insert import ImportTarget, VoteWriter
from ratings.pipeline import board_refresh

BATCH_SIZE = 2_000
NAME_CACHE_SIZE = 100_000
CHUNK_SIZE = 2**20  # in bytes; more frequent reads would delay the sending thread
COMPRESSION_OPENERS: dict[str, Any] = {".gz": gzip.open, ".xz": lzma.open}
ProgressCallback = Callable[[int, int, int], None]


@dataclass(frozen=True)
class VoteImportResult:
    """The result of an import.

    votes: the number of imported votes.
    uncounted: the number of these votes that do not count.
    new_models: the number of models that the import created.
    is_new: False if the file had already been imported into the pool.
    """

    pool: Pool
    votes: int
    uncounted: int
    new_models: int
    is_new: bool = True


def import_file(
    path: Path,
    slug: str,
    *,
    name: str = "",
    provenance: str = "",
    visibility: str | None = None,
    with_text: bool = False,
    progress: ProgressCallback | None = None,
) -> VoteImportResult:
    """Import the votes in a file into a pool, and publish the pool's boards. If the pool does not exist, create it.

    name, provenance: the name and provenance of the pool, if it is created.
    visibility: that of the pool, or None for everyone or for what an existing pool has.
    with_text: store the conversations.
    progress: called with the number of bytes read, the total number of bytes, and the number of rows read.

    Stores nothing and raises a ValueError with one sentence if the file cannot be read, has no votes, or has an invalid
    row, or if the pool is a reference pool or has another visibility. For a row, the sentence names the line and, if
    possible, the field.
    """
    with _explain_errors(path):
        digest = _hash_file(path)
        with transaction.atomic():
            acquire_lock(AdvisoryLock.IMPORTS)  # two imports at once could create the same model
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            if Pool.objects.filter(slug=slug, kind=Pool.Kind.REFERENCE).exists():
                raise ValueError(f"{slug!r} contains ratings that were published elsewhere; choose another pool")
            defaults = {
                "name": name or slug,
                "kind": Pool.Kind.IMPORT,
                "provenance": provenance,
                "visibility": visibility or Pool.Visibility.EVERYONE,
            }
            pool, _ = Pool.objects.get_or_create(slug=slug, defaults=defaults)
            if visibility not in (None, pool.visibility):
                raise ValueError(f"{slug!r} exists with the visibility {pool.visibility!r}; change it in the admin")
            file, new = VoteFile.objects.get_or_create(pool=pool, digest=digest)
            if not new:
                return VoteImportResult(pool, 0, 0, 0, is_new=False)
            file.refresh_from_db(fields=["created_at"])
            result = _import_rows(path, ImportTarget(pool, file, _build_name_hasher(pool), with_text), progress)
            board_refresh.recompute_boards([pool], from_scratch=True)
            return result


def _import_rows(path: Path, target: ImportTarget, progress: ProgressCallback | None) -> VoteImportResult:
    rows_read = 0
    votes = 0
    uncounted = 0
    with path.open("rb", CHUNK_SIZE) as file, VoteWriter(target) as writer:
        ordered, rows = vote_file.parse_vote_file(_iter_lines(_open_unpacked(path, file)), is_csv=is_csv(path))
        while batch := list(islice(rows, BATCH_SIZE)):
            writer.send(batch)
            rows_read += len(batch)
            votes += sum(row.multiplicity for row in batch)
            uncounted += sum(row.multiplicity for row in batch if not row.counted)
            if progress:
                progress(file.tell(), path.stat().st_size, rows_read)
    if not votes:
        raise ValueError("the file contains no votes")
    with connection.cursor() as cursor:
        # Otherwise, the next queries would be planned for the table size before the import.
        cursor.execute("ANALYZE arena_vote, arena_importedrow")
    VoteFile.objects.filter(pk=target.file.pk).update(votes=votes)
    if not ordered:
        Pool.objects.filter(pk=target.pool.pk).update(ordered=False)
        target.pool.ordered = False
    return VoteImportResult(target.pool, votes, uncounted, writer.contestants.created_count)


def is_csv(path: Path) -> bool:
    """Return whether the file extension is .csv, ignoring .gz and .xz. All other files are read as JSON Lines."""
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() not in COMPRESSION_OPENERS]
    return bool(suffixes) and suffixes[-1] == ".csv"


def _build_name_hasher(pool: Pool) -> Callable[[str, str], str]:
    """Return a function that hashes a name of some kind to a UUID. It depends on the pool, but not on the file."""
    return lru_cache(NAME_CACHE_SIZE)(lambda kind, name: keyed_hash(f"{kind}:{pool.slug}", name)[:32])


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
            raise ValueError(f"line {number}: the line is longer than {records.MAX_LINE_BYTES:,} bytes")
        yield line


@contextmanager
def _explain_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, lzma.LZMAError) as error:
        reason = getattr(error, "strerror", None) or "the file is damaged"
        raise ValueError(f"{path} cannot be read: {reason}") from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
