"""Replace the suggestions on the home page with the prompts in a file."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from arena.battles import suggestions
from core.text.word_lists import count_noun


class Command(BaseCommand):
    help = (
        "Replace all suggestions on the home page with the prompts in a file. If there is an error, nothing changes. "
        "The file is CSV with a header, or JSON Lines, with the fields prompt and category. "
        "arena/data/suggestions.jsonl contains the prompts that come with Arena."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            category_by_prompt = suggestions.import_suggestions(file)
        except ValueError as error:
            raise CommandError(str(error)) from None
        categories = count_noun(len(set(category_by_prompt.values())), "category", "categories")
        self.stdout.write(f"{count_noun(len(category_by_prompt), 'prompt')} in {categories}")
