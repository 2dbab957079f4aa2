"""import_models: import facts and prices of models, or show how much is known about the best models."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from catalog.importers.listed_import import import_listed_file, load_listed_tables
from catalog.matching.resolver import NamedModels
from catalog.sources.record import SourceError
from catalog.sources.registry import SOURCES
from ratings.boards.snapshots import list_newest_snapshots
from ratings.reports.coverage import CoverageReport, load_coverage


class Command(BaseCommand):
    help = (
        "Import facts and prices from a file or, without a file, from the tables that ship with Arena. Values set by"
        " hand stay unchanged."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file", nargs="?", type=Path, help="a wheel of the --source package, or the data file in it"
        )
        parser.add_argument("--source", choices=list(SOURCES), help="the package that the file comes from")
        parser.add_argument(
            "--coverage", action="store_true", help="import nothing, and show how much is known about the best models"
        )

    def handle(self, *args: Any, file: Path | None, source: str | None, coverage: bool, **options: Any) -> None:
        if bool(file) != bool(source) or (file and coverage):
            raise CommandError("give FILE and --source together, or --coverage alone")
        if coverage:
            self._show_coverage(list_missing=options["verbosity"] > 1)
            return
        try:
            result = import_listed_file(source, file) if source and file else load_listed_tables(NamedModels())
        except SourceError as error:
            raise CommandError(str(error)) from None
        refused = ", ".join(f"{reason} ({count})" for reason, count in sorted(result.refused_counts.items())) or "none"
        self.stdout.write(
            f"models described: {result.model_count}; new or changed: facts ({result.fact_count}),"
            f" prices ({result.price_count}); refused entries and values: {refused}; conflicts: {result.conflict_count}"
        )

    def _show_coverage(self, *, list_missing: bool) -> None:
        report = load_coverage(list_newest_snapshots())
        if report is None:
            raise CommandError("there is no reference board")
        self.stdout.write(format_coverage(report))
        if list_missing:
            for line in report.lines:
                self.stdout.write(f"{line.label}, missing: {', '.join(line.missing_models)}")


def format_coverage(report: CoverageReport) -> str:
    """Return the report as a text table."""
    newest = report.newest_fact or "never"
    lines = [
        f"{report.models} best models on {report.board}; newest fact: {newest}",
        f"{'':32}{'known':>8}{'unpublished':>13}{'missing':>9}{'known %':>9}{'target %':>9}",
    ]
    for line in report.lines:
        label = f"{line.label} (of {line.total})"
        mark = "" if line.is_met else "  below the target"
        lines.append(
            f"{label:32}{line.known:8}{line.unpublished:13}{line.missing:9}"
            f"{line.percent:9.0f}{line.target_percent:9}{mark}"
        )
    return "\n".join(lines)
