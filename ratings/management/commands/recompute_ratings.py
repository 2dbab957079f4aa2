"""recompute_ratings: refit and publish a pool's boards."""

from argparse import ArgumentParser
from typing import Any

from core.text.word_lists import count_noun
from ratings.management.pools import PoolCommand
from ratings.pipeline import board_refresh


class Command(PoolCommand):
    help = "Refit and publish all boards in one pool, or in all pools."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--from-scratch", action="store_true", help="recount all votes first")

    def handle(self, *args: Any, **options: Any) -> None:
        pools = self.select_pools(options["pool"])
        published = board_refresh.recompute_boards(pools, from_scratch=options["from_scratch"])
        for snapshot in published:
            board = snapshot.board
            votes = count_noun(snapshot.votes or 0, "vote")
            self.stdout.write(f"{board.pool.slug}/{board.category.slug} by {snapshot.method}: {votes}")
        self.stdout.write(f"{count_noun(len(published), 'board')} published")
