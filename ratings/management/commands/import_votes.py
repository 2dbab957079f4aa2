"""import_votes: add the votes in a file to a pool."""

import re
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from arena.models import Pool
from catalog.matching.resolver import make_slug
from core.text.word_lists import count_noun
from ratings.interchange.import_votes import COMPRESSION_OPENERS, VoteImportResult, import_file
from ratings.management.progress import show_progress_bar

SLUG_PATTERN = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")


class Command(BaseCommand):
    help = (
        "Import the votes in a file into a pool. The file can be JSON Lines, CSV with one vote per row, or CSV with"
        " counts per pair, and it can be compressed (.gz or .xz). If a row is invalid, nothing is imported."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--pool", metavar="SLUG", help="target pool (default: a pool named after the file)")
        parser.add_argument("--name", metavar="TEXT", default="", help="display name of the pool, if the pool is new")
        parser.add_argument(
            "--visibility",
            choices=Pool.Visibility.values,
            help="who sees the new pool: everyone (default), invited accounts, or operators only",
        )
        parser.add_argument("--with-text", action="store_true", help="also store the conversations")

    def handle(self, *args: Any, file: Path, pool: str | None, name: str, **options: Any) -> None:
        slug = _check_slug(pool) if pool is not None else _derive_slug(file)
        if len(name) > 200 or "\0" in name:
            raise CommandError("--name must be at most 200 characters and must not contain NUL")
        try:
            with show_progress_bar(sys.stderr) as progress:
                result = import_file(
                    file,
                    slug,
                    name=name,
                    visibility=options["visibility"],
                    with_text=options["with_text"],
                    progress=progress,
                )
        except ValueError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(_format_result(result))


def _check_slug(slug: str) -> str:
    if not SLUG_PATTERN.fullmatch(slug):
        raise CommandError(
            "--pool must have at most 100 characters (a-z, 0-9, '.', '_', '-') and start with a letter or digit"
        )
    return slug


def _derive_slug(file: Path) -> str:
    """Return a pool slug: the file name, excluding its extensions.

    Raises CommandError if a pool with this slug exists and its votes were not imported.
    """
    name = file.name
    while Path(name).suffix.lower() in (*COMPRESSION_OPENERS, ".csv", ".jsonl", ".ndjson", ".json"):
        name = Path(name).stem
    slug = make_slug(name)[:100]
    if Pool.objects.filter(slug=slug).exclude(kind=Pool.Kind.IMPORT).exists():
        raise CommandError(f"{slug!r} is a pool in this arena. To add the votes to it, use --pool {slug}")
    return slug


def _format_result(result: VoteImportResult) -> str:
    if not result.is_new:
        return f"{result.pool.slug}: nothing changed, because this file has already been imported"
    return (
        f"{result.pool.slug}: {count_noun(result.votes, 'vote')} imported ({result.uncounted} not counted), "
        f"{count_noun(result.new_models, 'new model')}"
    )
