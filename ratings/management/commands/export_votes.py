"""export_votes: write a pool's votes to a file, as the full record or as the public record."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from arena.models import LIVE_SLUG
from core.text.word_lists import count_noun
from ratings.interchange.export_votes import export_file
from ratings.management.pools import get_pool


class Command(BaseCommand):
    help = "Write a pool's votes to a JSON Lines (.jsonl) or CSV (.csv) file, with pseudonyms instead of voter IDs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--pool", metavar="SLUG", default=LIVE_SLUG, help="pool to export (default: the live pool)")
        content = parser.add_mutually_exclusive_group()
        content.add_argument("--with-text", action="store_true", help="include the conversations")
        content.add_argument(
            "--public",
            action="store_true",
            help="write the public record: votes of hours that ended a day ago, without exact times, daily pseudonyms",
        )

    def handle(self, *args: Any, file: Path, pool: str, **options: Any) -> None:
        try:
            row_count = export_file(file, get_pool(pool), with_text=options["with_text"], public=options["public"])
        except ValueError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{pool}: {count_noun(row_count, 'row')} written to {file}")
