"""filter_votes: run the vote filter on this arena's pools."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from arena.models import Pool
from core.text.word_lists import count_noun


class Command(BaseCommand):
    help = "Run the vote filter now on all of this arena's pools, or on one of them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--pool", metavar="SLUG", help="the pool (default: all pools of this arena)")

    def handle(self, *args: Any, pool: str | None, **options: Any) -> None:
        from ratings.pipeline import filter_run  # loads scipy, which is slow to import

        pools = Pool.objects.filter(kind__in=filter_run.FILTERED_KINDS).select_related("counts")
        if pool:
            pools = pools.filter(slug=pool)
        if not pools:
            raise CommandError(f"There is no pool {pool!r} with votes cast in this arena.")
        for target in pools:
            run = filter_run.filter_pool(target)
            self.stdout.write(
                f"{target.slug}: {count_noun(run.votes, 'vote')} read, {count_noun(run.reduced, 'weight')} below 1, "
                f"{count_noun(run.changed, 'weight')} changed"
            )
