"""verify_ratings: check that the tallies match the votes."""

from typing import Any

from django.core.management.base import CommandError

from ratings.management.pools import PoolCommand
from ratings.pipeline.verification import TallyMismatch, verify_tallies


class Command(PoolCommand):
    help = "Recount the tallies from the votes, and report the first difference."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(str(verify_tallies(self.select_pools(options["pool"]))))
        except TallyMismatch as mismatch:
            raise CommandError(str(mismatch)) from None
