"""import_votes: adds the votes of a file to a pool."""

import re
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.matching.resolver import make_slug
from ratings.interchange.import_votes import COMPRESSION_OPENERS, VoteImportResult, import_file
from ratings.management.progress import show_progress_bar
from ratings.models import Pool

SLUG_PATTERN = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")


class Command(BaseCommand):
    help = "Adds the votes of a file (JSON Lines, CSV, or counts per pair; also .gz and .xz) to a pool: all or none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--pool", metavar="SLUG", help="the target pool (default: a pool named after the file)")
        parser.add_argument("--name", metavar="TEXT", default="", help="name of the pool if it is new")
        parser.add_argument("--with-text", action="store_true", help="store the conversations too")

    def handle(self, *args: Any, file: Path, pool: str | None, name: str, **options: Any) -> None:
        slug = _check_slug(pool) if pool is not None else _derive_slug(file)
        if len(name) > 200 or "\0" in name:
            raise CommandError("--name must be at most 200 characters, without NUL")
        try:
            with show_progress_bar(sys.stderr) as progress:
                imported = import_file(file, slug, name=name, with_text=options["with_text"], progress=progress)
        except ValueError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(_format_result(imported))


def _check_slug(slug: str) -> str:
    if not SLUG_PATTERN.fullmatch(slug):
        raise CommandError(
            "--pool must consist of at most 100 characters a-z 0-9 . _ - and begin with a letter or digit"
        )
    return slug


def _derive_slug(file: Path) -> str:
    """Return the slug from a file name without extensions.

    Raises CommandError if it belongs to a pool of this arena.
    """
    name = file.name
    while Path(name).suffix.lower() in (*COMPRESSION_OPENERS, ".csv", ".jsonl", ".ndjson", ".json"):
        name = Path(name).stem
    slug = make_slug(name)[:100]
    if Pool.objects.filter(slug=slug).exclude(kind=Pool.Kind.IMPORT).exists():
        raise CommandError(f"{slug!r} is a pool of this arena; use --pool {slug} if the votes belong there")
    return slug


def _format_result(imported: VoteImportResult) -> str:
    if not imported.new:
        return f"{imported.pool.slug}: nothing changed, because this file was imported before"
    return (
        f"{imported.pool.slug}: {imported.votes} votes imported, {imported.uncounted} of them not counted; "
        f"{imported.new_models} models are new"
    )
