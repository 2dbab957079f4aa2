"""Put a team's own questions on the cards of the first page."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from arena.battles import suggestions_file


class Command(BaseCommand):
    help = (
        "Put the prompts of a file on the cards of the first page, instead of all that are there; all of them or none. "
        "The file is CSV with a header, or JSON Lines; its columns are prompt and category. "
        "arena/data/suggestions.jsonl holds the prompts that come with Arena."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            cards = suggestions_file.import_suggestions(file)
        except ValueError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{len(cards)} prompts in {len(set(cards.values()))} categories")
