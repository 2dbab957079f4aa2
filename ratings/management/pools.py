"""The base class of commands on one pool or on all pools."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from ratings.models import Pool

NO_VOTES_MESSAGE = "its ratings were published elsewhere, without the votes behind them"


class PoolCommand(BaseCommand):
    """A command with the option --pool."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--pool", metavar="SLUG", help="only this pool (default: all pools)")

    def select_pools(self, slug: str | None) -> list[Pool]:
        """The pool with this slug, or all pools with votes.

        Raises CommandError if the pool does not exist or has no votes.
        """
        pools = list(Pool.objects.filter(slug=slug) if slug else Pool.objects.order_by("pk"))
        if slug and not pools:
            raise CommandError(f"there is no pool {slug!r}")
        reference_pools = [pool for pool in pools if pool.kind == Pool.Kind.REFERENCE]
        if slug and reference_pools:
            raise CommandError(f"{slug}: {NO_VOTES_MESSAGE}")
        for pool in reference_pools:
            self.stdout.write(f"{pool.slug} is left out: {NO_VOTES_MESSAGE}")
        return [pool for pool in pools if pool not in reference_pools]
