"""verify_ratings: are the tallies what the votes say?"""

from typing import Any

from django.core.management.base import CommandError

from ratings.management.pools import PoolCommand
from ratings.pipeline.verification import TallyMismatch, verify_tallies


class Command(PoolCommand):
    help = "Recounts every tally from the votes, one by one, and names the first difference."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(str(verify_tallies(self.pools(options["pool"]))))
        except TallyMismatch as difference:
            raise CommandError(str(difference)) from None
