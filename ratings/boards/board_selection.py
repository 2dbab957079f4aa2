"""Selects the board for a page.

Before the first vote in this arena, it is the board for the public votes that ship with Arena.

All pages about a board use this module, so links between them lead to the same board.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db.models import Q

from arena.endpoints.draw import list_drawable_models
from catalog.models import LanguageModel
from ratings.boards import board_urls, snapshot_cache
from ratings.boards.changes import has_rank
from ratings.boards.snapshot_cache import PublishedBoard
from ratings.boards.snapshots import BoardKey
from ratings.models import SEED_POOL, Pool

MIN_RANKED_HERE = 5


def select_board(requested_key: BoardKey, parameters: Mapping[str, str]) -> tuple[BoardKey, PublishedBoard]:
    """Return the key of the board to show, and the board.

    It is the requested board. If the request names no pool and this arena has no votes yet, it is the board for the
    shipped public votes instead. Raises RequestError as `snapshots.load_newest_board` does.
    """
    board = snapshot_cache.get_board(requested_key)
    is_default = requested_key == BoardKey() and not parameters.get("pool")
    if board.snapshot is None and is_default and Pool.objects.filter(slug=SEED_POOL).exists():
        requested_key = replace(requested_key, pool=SEED_POOL)
        board = snapshot_cache.get_board(requested_key)
    return requested_key, board


def has_enough_ranks(rows: Iterable[Mapping[str, Any]]) -> bool:
    """Return whether enough models in a board's rows have enough votes for a rank.

    Five models are enough, or all models that can be drawn if there are fewer. Provisional ranks do not count.
    """
    ranked = {row["model"] for row in rows if has_rank(row) and row["votes_to_rank"] == 0}
    if len(ranked) >= MIN_RANKED_HERE:
        return True
    drawable = set(LanguageModel.objects.filter(pk__in=list_drawable_models()).values_list("slug", flat=True))
    return bool(drawable) and drawable <= ranked


@dataclass(frozen=True, eq=False)
class BoardSelection:
    """The board for a page, its pool, and the other pools to choose from.

    is_substitute: True if the page shows the shipped public votes because the requested board has no votes yet.
    """

    board_key: BoardKey
    pool: Pool
    pools: list[Pool]
    published: PublishedBoard
    is_substitute: bool = False

    @property
    def credit(self) -> dict[str, str] | None:
        """The publisher, source, and license of a reference board, or None for a board based on votes."""
        credit: dict[str, str] | None = self.published.board.get("reference")
        return credit

    @property
    def published_on(self) -> date | None:
        """The day when a reference board was published, or None."""
        return date.fromisoformat(self.credit["published_on"]) if self.credit else None

    @property
    def parameters(self) -> dict[str, str]:
        """The query parameters that select this board on any page."""
        # A board without votes needs an explicit pool. Otherwise, the page would show the shipped public votes.
        explicit_pool = {"pool": self.board_key.pool} if self.published.snapshot is None else {}
        return explicit_pool | board_urls.build_board_parameters(self.board_key)

    @property
    def query(self) -> str:
        """The `parameters` as a query string."""
        return board_urls.build_query_string(self.parameters)

    @property
    def pool_query(self) -> str:
        """The query string for pages that have a pool, but no category or method."""
        return board_urls.build_query_string({key: value for key, value in self.parameters.items() if key == "pool"})


def build_selection(requested_key: BoardKey, board_key: BoardKey, board: PublishedBoard) -> BoardSelection:
    """Return the selection for a page. This needs one query."""
    pool, pools = load_pools(board_key.pool)
    return BoardSelection(board_key, pool, pools, board, requested_key != board_key)


def load_pools(slug: str) -> tuple[Pool, list[Pool]]:
    """Return the pool with this slug, and all pools to choose from. The pools of other named sets are not listed."""
    pools = list(Pool.objects.filter(~Q(kind=Pool.Kind.SHORTLIST) | Q(slug=slug)).order_by("pk"))
    return next(pool for pool in pools if pool.slug == slug), pools
