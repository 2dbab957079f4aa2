"""Replace the suggested questions of the home page with those of a file."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from arena.battles import suggestions_file


class Command(BaseCommand):
    help = (
        "Replace all suggested questions of the home page with the prompts of a file. If there is an error, nothing "
        "changes. The file is CSV with a header, or JSON Lines, with the columns prompt and category. "
        "arena/data/suggestions.jsonl has the prompts that come with Arena."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            cards = suggestions_file.import_suggestions(file)
        except ValueError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{len(cards)} prompts in {len(set(cards.values()))} categories")
