"""Whose votes a page is about: those of this arena, or public ones until somebody has voted here.

All pages about a board ask here, so that a link from one to another shows the same board.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from ratings.boards import addresses, snapshot_cache
from ratings.boards.snapshot_cache import PublishedBoard
from ratings.boards.snapshots import BoardKey
from ratings.models import SEED_POOL, Pool


def select_board(wanted: BoardKey, parameters: Mapping[str, str]) -> tuple[BoardKey, PublishedBoard]:
    """What is asked for; the public board where nobody has named a pool and that of this arena has nothing to show yet.

    Raises Refusal as `snapshots.newest` does.
    """
    board = snapshot_cache.get_board(wanted)
    if board.snapshot is None and wanted == BoardKey() and not parameters.get("pool") and _has_shipped_pool():
        wanted = replace(wanted, pool=SEED_POOL)
        board = snapshot_cache.get_board(wanted)
    return wanted, board


def _has_shipped_pool() -> bool:
    return Pool.objects.filter(slug=SEED_POOL).exists()


@dataclass(frozen=True, eq=False)
class BoardSelection:
    """The board of a page, its pool, and those that it can be changed for."""

    asked: BoardKey
    pool: Pool
    pools: list[Pool]
    published: PublishedBoard
    instead: bool = False

    @property
    def credit(self) -> dict[str, str] | None:
        """Of ratings that somebody else has published."""
        credit: dict[str, str] | None = self.published.board.get("reference")
        return credit

    @property
    def day(self) -> date | None:
        """On which they were published: no board before it has a time of its own."""
        return date.fromisoformat(self.credit["published_on"]) if self.credit else None

    @property
    def parameters(self) -> dict[str, str]:
        """Those that ask for this board on any of its pages."""
        # Where nothing is shown yet, the public board would stand in for a pool that is not named.
        named = {"pool": self.asked.pool} if self.published.snapshot is None else {}
        return named | addresses.build_board_parameters(self.asked)

    @property
    def query(self) -> str:
        """The same as the part of an address from `?` on."""
        return addresses.build_query_string(self.parameters)

    @property
    def pool_query(self) -> str:
        """The same for pages that know pools, and no categories or methods."""
        return addresses.build_query_string({key: value for key, value in self.parameters.items() if key == "pool"})


def build_selection(wanted: BoardKey, asked: BoardKey, board: PublishedBoard) -> BoardSelection:
    """By one query, or two for the pool of a shortlist."""
    pools = list(Pool.objects.exclude(kind=Pool.Kind.SHORTLIST).order_by("pk"))
    pool = next((each for each in pools if each.slug == asked.pool), None) or Pool.objects.get(slug=asked.pool)
    return BoardSelection(asked, pool, pools, board, wanted != asked)
