"""Selects the board for a page.

The default is this arena's own board. Until it ranks enough models, the default is the newest reference board or, if
there is none, the board of the public votes that ship with Arena.

All pages about a board use this module, so links between them lead to the same board.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from math import ceil

from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from arena.endpoints.draw import list_drawable
from arena.identity.pool_access import STRANGER, Viewer, visible_to
from arena.models import LIVE_SLUG, Contestant, Pool
from core.storage.ttl_cache import TtlCache
from ratings.boards import board_urls, snapshot_cache
from ratings.boards.board_row import BoardRow, has_rank
from ratings.boards.snapshot_cache import PublishedBoard
from ratings.boards.snapshots import BoardKey, select_newest_fit, unknown_part_error
from ratings.models import OVERALL_CATEGORY, SEED_POOL, Board, Snapshot
from ratings.statistics.constants import MIN_VOTES_FOR_RANK

MIN_RANKED_FOR_DEFAULT = 5
REFERENCE_KINDS = (Pool.Kind.IMPORT, Pool.Kind.REFERENCE)
DEFAULT_BOARD_CACHE_S = 1.0
# Where the votes or ratings of a pool come from.
ORIGINS = {
    Pool.Kind.LIVE: gettext_lazy("How models rank in blind votes by this site's users."),
    Pool.Kind.API: gettext_lazy("Votes cast by programs with an API key."),
    Pool.Kind.IMPORT: gettext_lazy("%(name)s: votes cast elsewhere and imported here."),
    Pool.Kind.EVALUATION: gettext_lazy("%(name)s: blind judgments of invited raters in one evaluation."),
    Pool.Kind.REFERENCE: gettext_lazy("%(name)s: ratings published elsewhere, not based on votes on this site."),
    Pool.Kind.READY: gettext_lazy(
        "Votes on ready pairs: published battles, and pairs that ship with Arena. These votes do not change any other "
        "board."
    ),
}
Rows = Iterable[BoardRow]


@dataclass(frozen=True)
class OwnBoardProgress:
    """The progress of this arena's own board toward becoming the default board.

    votes: the number of votes on the board.
    ranked, needed: the number of models that are ranked now, and the number that the default board needs.
    missing_votes: a lower bound for the number of votes still needed, or 0 if it is unknown.
    """

    ranked: int
    needed: int
    missing_votes: int
    votes: int = 0

    @property
    def is_complete(self) -> bool:
        return self.ranked >= self.needed

    def __str__(self) -> str:
        votes = ngettext("%(votes)s vote", "%(votes)s votes", self.votes) % {"votes": f"{self.votes:,}"}
        if self.missing_votes:
            sentence = _("This arena has %(votes)s. Its board becomes the default after at least %(missing)s more.")
        else:
            sentence = _(
                "This arena has %(votes)s. Its board needs %(needed)s ranked models to become the default. It has "
                "%(ranked)s."
            )
        figures = {"votes": votes, "missing": f"{self.missing_votes:,}", "needed": self.needed, "ranked": self.ranked}
        return sentence % figures


@dataclass(frozen=True)
class DefaultBoard:
    """The pool whose board is shown if a request specifies no board.

    progress: the progress of this arena's own board, or None if that board is the default.
    """

    pool: str
    progress: OwnBoardProgress | None = None


default_board_cache: TtlCache[DefaultBoard] = TtlCache(1, DEFAULT_BOARD_CACHE_S)


def select_board(requested_key: BoardKey, parameters: Mapping[str, str]) -> tuple[BoardKey, PublishedBoard]:
    """Return the key of the board to show, and the board.

    This is the requested board, or the default board (see `find_default_board`) if the request specifies no part of
    the key. Raises RequestError as `snapshots.load_newest_board` does.
    """
    if requested_key == BoardKey() and not parameters.get("pool"):
        requested_key = replace(requested_key, pool=find_default_board().pool)
    return requested_key, snapshot_cache.get_board(requested_key)


def find_default_board() -> DefaultBoard:
    """Return the board to show if a request specifies no board.

    The order of preference is this arena's own board if it ranks enough models, the newest reference board, the board
    of the shipped public votes, and this arena's own board. The result is cached for `DEFAULT_BOARD_CACHE_S` seconds.
    """
    return default_board_cache.get_or_compute(None, _choose_default_board)


def _choose_default_board() -> DefaultBoard:
    own = snapshot_cache.get_board(BoardKey())
    progress = replace(measure_progress(own.rows), votes=own.board["votes"])
    pool = None if progress.is_complete else _find_reference_pool()
    return DefaultBoard(pool, progress) if pool else DefaultBoard(LIVE_SLUG)


def _find_reference_pool() -> str | None:
    pools = visible_to(STRANGER)
    reference_snapshots = Snapshot.objects.filter(
        board__pool__in=pools.filter(kind=Pool.Kind.REFERENCE), board__category__slug=OVERALL_CATEGORY
    ).order_by("-computed_at")
    slug = reference_snapshots.values_list("board__pool__slug", flat=True).first()
    return slug or pools.filter(slug=SEED_POOL).values_list("slug", flat=True).first()


def has_enough_ranks(rows: Rows) -> bool:
    """Return whether enough models in a board's rows have enough votes for a rank.

    Five models are enough, or all models that can be drawn if there are fewer than five. Provisional ranks do not
    count.
    """
    return measure_progress(rows).is_complete


def measure_progress(rows: Rows) -> OwnBoardProgress:
    """Return the progress of a board with these rows toward having enough ranks (see `has_enough_ranks`)."""
    missing = {row["model"]: max(row["votes_to_rank"], 0 if has_rank(row) else 1) for row in rows}
    ranked_models = [model for model, votes in missing.items() if not votes]
    if len(ranked_models) >= MIN_RANKED_FOR_DEFAULT:
        return OwnBoardProgress(ranked=MIN_RANKED_FOR_DEFAULT, needed=MIN_RANKED_FOR_DEFAULT, missing_votes=0)
    drawable = set(Contestant.objects.filter(pk__in=list_drawable()).values_list("slug", flat=True))
    missing = dict.fromkeys(drawable, MIN_VOTES_FOR_RANK) | missing
    if 0 < len(drawable) < MIN_RANKED_FOR_DEFAULT:
        missing = {model: missing[model] for model in drawable}
    needed = min(MIN_RANKED_FOR_DEFAULT, len(drawable)) or MIN_RANKED_FOR_DEFAULT
    fewest = sorted(missing.values())[:needed]
    # Each vote counts for two models.
    missing_votes = max(ceil(sum(fewest) / 2), *fewest, 0)
    return OwnBoardProgress(ranked=fewest.count(0), needed=needed, missing_votes=missing_votes)


@dataclass(frozen=True, eq=False)
class BoardSelection:
    """The board for a page, its pool, and the other pools to choose from.

    is_substitute: True if the page shows another pool's board because this arena's own board ranks too few models.
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
    def origin(self) -> str:
        """A sentence about where the votes or ratings come from."""
        return str(ORIGINS[Pool.Kind(self.pool.kind)]) % {"name": self.pool.name}

    @property
    def published_on(self) -> date | None:
        """The day when a reference board was published, or None."""
        return date.fromisoformat(self.credit["published_on"]) if self.credit else None

    @property
    def progress(self) -> OwnBoardProgress | None:
        """The progress of this arena's own board if the page shows another one instead, or None."""
        return find_default_board().progress if self.is_substitute else None

    @property
    def pool_groups(self) -> list[tuple[str, list[Pool]]]:
        """Pairs of a heading and its pools: this arena's pools, and the pools with external votes or ratings."""
        own = [pool for pool in self.pools if pool.kind not in REFERENCE_KINDS]
        return [(_("On this site"), own), (_("Reference"), [pool for pool in self.pools if pool not in own])]

    @cached_property
    def parameters(self) -> dict[str, str]:
        """The query parameters that select this board on any page."""
        # Without an explicit pool, the page would show the default board.
        explicit_pool = {} if find_default_board().pool == self.board_key.pool else {"pool": self.board_key.pool}
        return explicit_pool | board_urls.build_board_parameters(self.board_key)

    @property
    def query(self) -> str:
        """The `parameters` as a query string."""
        return board_urls.build_query_string(self.parameters)

    @property
    def pool_query(self) -> str:
        """The query string for pages that have a pool, but no category or method."""
        return board_urls.build_query_string({key: value for key, value in self.parameters.items() if key == "pool"})


def build_selection(
    requested_key: BoardKey, board_key: BoardKey, board: PublishedBoard, viewer: Viewer = STRANGER
) -> BoardSelection:
    """Return the selection for a page. This runs one query.

    requested_key: the key from the request.
    board_key, board: the board to show, as from `select_board`.
    viewer: decides which other pools there are to choose from.
    """
    pool, pools = load_pools(board_key.pool, viewer)
    return BoardSelection(board_key, pool, pools, board, requested_key != board_key)


def load_pools(slug: str, viewer: Viewer) -> tuple[Pool, list[Pool]]:
    """Return the pool with this slug, and all pools that the viewer can choose from.

    Each pool has an attribute `label`: its name with the number of votes on its overall board.
    """
    overall = Board.objects.filter(pool=OuterRef("pk"), category__slug=OVERALL_CATEGORY, style_control=False)
    votes = Subquery(overall.annotate(votes=select_newest_fit("votes")).values("votes")[:1])
    pools: list[Pool] = [*visible_to(viewer).annotate(newest_votes=votes).order_by("pk")]
    for pool in pools:
        pool.label = _format_label(pool, pool.newest_votes or 0)  # type: ignore[attr-defined]  # from the query
    shown = next((pool for pool in pools if pool.slug == slug), None)
    if shown is None:  # it was hidden a moment ago
        raise unknown_part_error("pool", slug)
    return shown, pools


def _format_label(pool: Pool, votes: int) -> str:
    if pool.kind == Pool.Kind.REFERENCE:
        return _("%(name)s (as published)") % {"name": pool.name}
    text = ngettext("%(name)s (%(votes)s vote)", "%(name)s (%(votes)s votes)", votes)
    return text % {"name": pool.name, "votes": f"{votes:,}"}
