"""One model's placements: in each pool, in each category of one pool, and against each opponent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from django.db.models import QuerySet

from arena.identity.pool_access import STRANGER, Viewer, visible_to
from arena.models import LIVE_SLUG, Pool
from core.text.proportions import Z95, Proportion
from ratings.boards import board_selection
from ratings.boards.board_row import BoardRow, has_rank
from ratings.boards.interval_explanations import describe_missing_votes
from ratings.boards.snapshots import BoardKey, select_newest_fit, unpack_rows
from ratings.models import OVERALL_CATEGORY, Board, Snapshot


@dataclass(frozen=True)
class Placement:
    """A model's row on the board for a pool and category.

    name: the category's name.
    ranked_models: the number of ranked models in the same component.
    """

    pool: Pool
    category: str
    name: str
    row: BoardRow
    ranked_models: int

    @property
    def is_overall(self) -> bool:
        return self.category == OVERALL_CATEGORY

    @property
    def missing_votes_text(self) -> str:
        """A description of the votes that the model still needs for a rank, or "" if it is ranked."""
        return describe_missing_votes(self.row)


def list_pool_placements(model: str, viewer: Viewer = STRANGER, home: int | None = None) -> list[Placement]:
    """Return a model's placement in each pool that the viewer may see, oldest pool first.

    The placement is from the newest overall board or, if the model is not on it, from the newest board of the category
    with the model's best rank.

    home: the key of the pool to which the contestant belongs. Those of other pools can have the same slug.
    """
    pools = visible_to(viewer).filter(pk=home) if home else visible_to(viewer).exclude(own_contestants__slug=model)
    overall_boards = Board.objects.filter(pool__in=pools, category__slug=OVERALL_CATEGORY, style_control=False)
    overall = _find_placements(_load_newest_snapshots(overall_boards).order_by("board__pool"), model)
    pools_with_overall = [placement.pool.pk for placement in overall]
    other_boards = Board.objects.filter(pool__in=pools, style_control=False).exclude(pool__in=pools_with_overall)
    in_categories = _find_placements(_load_newest_snapshots(other_boards), model)
    best: dict[int, Placement] = {}
    for placement in sorted(in_categories, key=_get_sort_key):
        best.setdefault(placement.pool.pk, placement)
    return sorted([*overall, *best.values()], key=lambda placement: placement.pool.pk)


def choose_default_pool(placements: Sequence[Placement], parameters: Mapping[str, str]) -> str:
    """Return the pool that the leaderboard shows by default if it is in these placements, else their first pool.

    Without placements, return the live pool.
    """
    pools = [placement.pool.slug for placement in placements]
    if not pools:
        return LIVE_SLUG
    leaderboard_key, _ = board_selection.select_board(BoardKey(), parameters)
    return leaderboard_key.pool if leaderboard_key.pool in pools else pools[0]


def list_category_placements(pool: str, model: str) -> list[Placement]:
    """Return a model's placements on a pool's newest boards: the overall one first, then by rank, unranked ones last.

    Boards under style control are not included.
    """
    boards = Board.objects.filter(pool__slug=pool, style_control=False)
    return sorted(_find_placements(_load_newest_snapshots(boards), model), key=_get_sort_key)


def _load_newest_snapshots(boards: QuerySet[Board]) -> QuerySet[Snapshot]:
    """Return the newest snapshot of each board, sorted by category name."""
    keys = boards.annotate(newest=select_newest_fit("pk")).values("newest")
    related = ("board__pool", "board__category")
    return Snapshot.objects.filter(pk__in=keys).select_related(*related).order_by("board__category__name")


def _get_sort_key(placement: Placement) -> tuple[bool, float]:
    rank = placement.row["rank"]
    return not placement.is_overall, inf if rank is None else rank


def _find_placements(snapshots: Iterable[Snapshot], model: str) -> list[Placement]:
    placements = []
    for snapshot in snapshots:
        rows = unpack_rows(snapshot.rows)
        row = next((row for row in rows if row["model"] == model), None)
        if row:
            category = snapshot.board.category
            ranked_models = sum(other["component"] == row["component"] and has_rank(other) for other in rows)
            placements.append(Placement(snapshot.board.pool, category.slug, category.name, row, ranked_models))
    return placements


def list_opponents(board_key: BoardKey, model: str) -> list[dict[str, Any]]:
    """Return a model's opponents on a board, most votes first.

    Each is a dict with these keys:

    model: the slug.
    votes, wins, losses, ties: the direct votes.
    actual: the win rate, as a Proportion. A tie is half a win.
    predicted: the predicted win rate.
    diff, error: the difference in Elo points, and half the width of its 95% interval.

    `predicted`, `diff`, and `error` can be None (see `pairwise.build_matrices`).
    """
    from ratings.boards import pairwise  # loads scipy, which is slow to import

    figures = pairwise.compare_model(board_key, model)
    opponents = []
    for index, slug in enumerate(figures.get("models", ())):
        votes, wins, ties, error = (figures[name][index] for name in ("counts", "wins", "ties", "diff_se"))
        opponents.append(
            {
                "model": slug,
                "votes": votes,
                "wins": wins,
                "losses": votes - wins - ties,
                "ties": ties,
                "actual": Proportion(wins + ties / 2, votes),
                "predicted": figures["win_probability"][index],
                "diff": figures["diff"][index],
                "error": None if error is None else Z95 * error,
            }
        )
    return sorted(opponents, key=lambda opponent: -opponent["votes"])
