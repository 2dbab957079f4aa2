"""Where one model stands: on the board of each pool, in one pool in each category, and against each opponent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Subquery

from arena.models import LIVE_POOL
from ratings.boards import board_selection
from ratings.boards.changes import has_rank
from ratings.boards.interval_explanations import describe_missing_votes
from ratings.boards.snapshots import BRADLEY_TERRY, BoardKey, list_newest_snapshots, unpack_rows
from ratings.models import OVERALL_CATEGORY, Board, Pool, Snapshot
from ratings.statistics.constants import Z95


@dataclass(frozen=True)
class Placement:
    """A model's row on the board of a pool and category; `among` how many models of its component are ranked."""

    pool: Pool
    category: str
    name: str
    row: Mapping[str, Any]
    among: int

    @property
    def missing(self) -> str:
        """What it lacks for a rank; empty where it has one."""
        return describe_missing_votes(self.row)


def list_pool_placements(model: str) -> list[Placement]:
    """Its places on the newest overall board of each pool that it is on."""
    return [place for snapshot in list_newest_snapshots() if (place := _find_placement(snapshot, model))]


def choose_default_pool(places: Sequence[Placement], parameters: Mapping[str, str]) -> str:
    """The pool of the leaderboard, if the model is on that; else the first one that has it."""
    on = [place.pool.slug for place in places]
    if not on:
        return LIVE_POOL
    usual = board_selection.select_board(BoardKey(), parameters)[0].pool
    return usual if usual in on else on[0]


def list_category_placements(pool: str, model: str) -> list[Placement]:
    """Its places on the newest boards of a pool, without style control: over all categories first, then by name."""
    boards = Board.objects.filter(pool__slug=pool, style_control=False)
    newest = Snapshot.objects.filter(board=OuterRef("pk"), method=BRADLEY_TERRY).order_by("-computed_at")
    keys = boards.annotate(newest=Subquery(newest.values("pk")[:1])).values("newest")
    beside = ("board__pool", "board__category")
    found = Snapshot.objects.filter(pk__in=keys).select_related(*beside).order_by("board__category__name")
    places = [place for snapshot in found if (place := _find_placement(snapshot, model))]
    return sorted(places, key=lambda place: place.category != OVERALL_CATEGORY)


def _find_placement(snapshot: Snapshot, model: str) -> Placement | None:
    rows, board = unpack_rows(snapshot.rows), snapshot.board
    for row in rows:
        if row["model"] == model:
            among = sum(other["component"] == row["component"] and has_rank(other) for other in rows)
            return Placement(board.pool, board.category.slug, board.category.name, row, among)
    return None


def list_opponents(asked: BoardKey, model: str) -> list[dict[str, Any]]:
    """Whom it met on this board, most votes first: slug, votes, wins, losses, ties, actual, predicted, diff, error.

    actual and predicted are win rates, a tie being half a win; error is what 95 % of differences lie within of diff.
    None where there is no prediction, see `pairwise.matrices`.
    """
    from ratings.boards import pairwise  # scipy is slow to load

    found = pairwise.compare_model(asked, model)
    met = [_build_opponent(found, place, slug) for place, slug in enumerate(found.get("models", ()))]
    return sorted(met, key=lambda each: -each["votes"])


def _build_opponent(found: Mapping[str, Any], place: int, slug: str) -> dict[str, Any]:
    votes, wins, ties, predicted, diff, error = (
        found[name][place] for name in ("counts", "wins", "ties", "win_probability", "diff", "diff_se")
    )
    return {
        "model": slug,
        "votes": votes,
        "wins": wins,
        "losses": votes - wins - ties,
        "ties": ties,
        "actual": (wins + ties / 2) / votes,
        "predicted": predicted,
        "diff": diff,
        "error": None if error is None else Z95 * error,
    }
