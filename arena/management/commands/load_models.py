"""Create or update models and their endpoints from a models file."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from arena.endpoints import models_file, probe
from arena.endpoints.context_limit import describe_small_windows
from arena.models import IS_ENABLED, list_contestants


class Command(BaseCommand):
    help = (
        "Create or update models and their endpoints from a TOML file. If there is an error, nothing changes. Then ask "
        "each of these models a short question, and print which do not answer."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            counts = models_file.load_models(file)
        except ValueError as error:
            raise CommandError(str(error)) from None
        outcomes = (f"{counts[outcome]} {outcome}" for outcome in ("created", "updated", "unchanged"))
        self.stdout.write(f"models: {', '.join(outcomes)}")
        slugs = [entry["slug"] for entry in models_file.read_entries(file)]
        contestants = list_contestants().filter(IS_ENABLED, slug__in=slugs).select_related("endpoint").order_by("pk")
        for line in (*describe_small_windows(), *probe.check_contestants(list(contestants))):
            self.stdout.write(line)
