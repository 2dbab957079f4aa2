"""What the commands on ratings have in common: one pool, or all."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from ratings.models import Pool


class PoolCommand(BaseCommand):
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--pool", metavar="SLUG", help="only this one")

    def pools(self, slug: str | None) -> list[Pool]:
        """The pool of that name, or all; raises CommandError if there is none of it."""
        found = list(Pool.objects.filter(slug=slug) if slug else Pool.objects.all())
        if slug and not found:
            raise CommandError(f"there is no pool {slug!r}")
        return found
