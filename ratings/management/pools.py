"""What the commands on ratings have in common: one pool, or all."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from ratings.models import Pool

NO_VOTES_MESSAGE = "its ratings were published elsewhere, and the votes behind them did not come along"


class PoolCommand(BaseCommand):
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--pool", metavar="SLUG", help="only this one")

    def pools(self, slug: str | None) -> list[Pool]:
        """The pool of that name, or all with votes; raises CommandError if there is none of it, or it has none."""
        found = list(Pool.objects.filter(slug=slug) if slug else Pool.objects.order_by("pk"))
        if slug and not found:
            raise CommandError(f"there is no pool {slug!r}")
        without = [pool for pool in found if pool.kind == Pool.Kind.REFERENCE]
        if slug and without:
            raise CommandError(f"{slug}: {NO_VOTES_MESSAGE}")
        for pool in without:
            self.stdout.write(f"{pool.slug} is left out: {NO_VOTES_MESSAGE}")
        return [pool for pool in found if pool not in without]
