"""verify_ratings: checks that the tallies agree with the votes."""

from typing import Any

from django.core.management.base import CommandError

from ratings.management.pools import PoolCommand
from ratings.pipeline.verification import TallyMismatch, verify_tallies


class Command(PoolCommand):
    help = "Recounts every tally vote by vote, and reports the first difference."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(str(verify_tallies(self.select_pools(options["pool"]))))
        except TallyMismatch as difference:
            raise CommandError(str(difference)) from None
