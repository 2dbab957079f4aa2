"""export_votes: the record of a pool, for its operator or as strangers get it."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from arena.models import LIVE_POOL
from ratings.interchange.export_votes import export_file
from ratings.management.pools import NO_VOTES_MESSAGE
from ratings.models import Pool


class Command(BaseCommand):
    help = "Writes every vote of a pool, without a voter's id, as JSON Lines or CSV by the file's ending."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--pool", metavar="SLUG", default=LIVE_POOL, help="which one; if absent, the live one")
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--with-text", action="store_true", help="with the conversations")
        which.add_argument(
            "--public",
            action="store_true",
            help="as strangers get it: up to 24 hours ago, times to the hour, pseudonyms for a day",
        )

    def handle(self, *args: Any, file: Path, pool: str, **options: Any) -> None:
        if "\0" in pool or not Pool.objects.filter(slug=pool).exists():
            raise CommandError(f"there is no pool {pool!r}")
        if Pool.objects.filter(slug=pool, kind=Pool.Kind.REFERENCE).exists():
            raise CommandError(f"{pool}: {NO_VOTES_MESSAGE}")
        try:
            number = export_file(file, pool, with_text=options["with_text"], public=options["public"])
        except ValueError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{pool}: {number} rows written to {file}")
