"""Command that imports a file of benchmark scores."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.importers.scores import FORMATS, ScoreImportResult, import_score_file
from core.text.word_lists import count_noun


class Command(BaseCommand):
    help = "Import a file of benchmark scores (lm-evaluation-harness, Open LLM Leaderboard v2, or plain CSV)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--format", choices=list(FORMATS), help="default: lm-eval for .json, otherwise csv")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        default_format = "lm-eval" if file.suffix == ".json" else "csv"
        try:
            result = import_score_file(file, options["format"] or default_format)
        except ValueError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(_format_result(file, result))


def _format_result(file: Path, result: ScoreImportResult) -> str:
    if not result.score_count:
        return f"{file.name}: nothing changed, because this file has already been imported"
    scores = count_noun(result.score_count, "score")
    new_benchmarks = count_noun(result.new_benchmark_count, "new benchmark")
    return (
        f"{file.name}: {scores} for {count_noun(result.model_count, 'model')} imported, "
        f"{result.limited_count} of them from limited runs and {result.replaced_count} replacing older ones; "
        f"{count_noun(result.new_model_count, 'new model')} and {new_benchmarks}"
    )
