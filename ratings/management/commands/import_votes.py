"""import_votes: votes from elsewhere, into a pool."""

import re
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.matching.resolver import slug_of
from ratings.interchange.import_votes import PACKED, Imported, import_file
from ratings.management.progress import bar
from ratings.models import Pool

SLUG = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")


class Command(BaseCommand):
    help = "Adds the votes of a file (JSON Lines, CSV, or counts per pair; also .gz and .xz) to a pool; all or none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--pool", metavar="SLUG", help="where to; if absent, a pool named after the file")
        parser.add_argument("--name", metavar="TEXT", default="", help="what to call the pool if it is new")
        parser.add_argument("--with-text", action="store_true", help="keep the conversations too")

    def handle(self, *args: Any, file: Path, pool: str | None, name: str, **options: Any) -> None:
        slug = _checked(pool) if pool is not None else _from_name(file)
        if len(name) > 200 or "\0" in name:
            raise CommandError("--name must be at most 200 characters, without NUL")
        try:
            with bar(sys.stderr) as progress:
                imported = import_file(file, slug, name=name, with_text=options["with_text"], progress=progress)
        except ValueError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(_told(imported))


def _checked(slug: str) -> str:
    if not SLUG.fullmatch(slug):
        raise CommandError(
            "--pool must be made of a-z 0-9 . _ -, at most 100 of them, and begin with a letter or digit"
        )
    return slug


def _from_name(file: Path) -> str:
    """The name without its endings. A pool of the arena's own is never meant by accident."""
    name = file.name
    while Path(name).suffix.lower() in (*PACKED, ".csv", ".jsonl", ".ndjson", ".json"):
        name = Path(name).stem
    slug = slug_of(name)[:100]
    if Pool.objects.filter(slug=slug).exclude(kind=Pool.Kind.IMPORT).exists():
        raise CommandError(f"{slug!r} is a pool of this arena; if the votes belong there, say --pool {slug}")
    return slug


def _told(imported: Imported) -> str:
    if not imported.new:
        return f"{imported.pool.slug}: nothing changed, this file was imported before"
    return (
        f"{imported.pool.slug}: {imported.votes} votes imported, {imported.uncounted} of them not counted; "
        f"{imported.new_models} models are new"
    )
