"""import_benchmarks: scores from a file."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.importers.scores import FORMATS, ScoreImportResult, import_score_file


class Command(BaseCommand):
    help = "Adds the scores of a file (of lm-evaluation-harness, the Open LLM Leaderboard v2, or a CSV); all or none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--format", choices=list(FORMATS), help="if absent: lm-eval for .json, else csv")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        kind = options["format"] or ("lm-eval" if file.suffix == ".json" else "csv")
        try:
            done = import_score_file(file, kind)
        except ValueError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(_format_result(file, done))


def _format_result(file: Path, done: ScoreImportResult) -> str:
    if done.nothing:
        return f"{file.name}: nothing changed, this file was imported before"
    return (
        f"{file.name}: {done.scores} scores of {done.models} models imported, {done.limited} of them of limited runs; "
        f"{done.new_models} models and {done.new_benchmarks} benchmarks are new"
    )
