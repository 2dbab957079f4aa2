"""The base class for commands that work on one pool or on all pools."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from arena.models import Pool

NO_VOTES_MESSAGE = "its ratings were published elsewhere, without the votes"


def get_pool(slug: str) -> Pool:
    """Return the pool with this slug.

    Raises CommandError if the pool does not exist or is a reference pool, which has no votes.
    """
    pool = None if "\0" in slug else Pool.objects.filter(slug=slug).select_related("counts").first()
    if pool is None:
        raise CommandError(f"There is no pool named {slug!r}.")
    if pool.kind == Pool.Kind.REFERENCE:
        raise CommandError(f"{slug}: {NO_VOTES_MESSAGE}")
    return pool


class PoolCommand(BaseCommand):
    """A command with the option --pool."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--pool", metavar="SLUG", help="only this pool (default: all pools)")

    def select_pools(self, slug: str | None) -> list[Pool]:
        """Return the pool with this slug, or all pools with votes if `slug` is None.

        Raises CommandError as `get_pool` does.
        """
        if slug:
            return [get_pool(slug)]
        pools = []
        for pool in Pool.objects.order_by("pk"):
            if pool.kind == Pool.Kind.REFERENCE:
                self.stdout.write(f"{pool.slug} is skipped: {NO_VOTES_MESSAGE}")
            else:
                pools.append(pool)
        return pools
