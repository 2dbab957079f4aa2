"""The tile about the boards on the first page of the admin."""

from django.urls import reverse
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from core.admin.overview import TILES, Figure, Tile
from ratings.boards.snapshots import newest_fit
from ratings.models import OVERALL_CATEGORY, Board, Pool


@TILES.register("ratings.view_board")
def build_board_tile() -> Tile:
    """Describe the newest overall board of this arena, and count the boards that are behind."""
    url = reverse("admin:ratings_board_changelist")
    boards = Board.objects.filter(pool__kind=Pool.Kind.LIVE, category__slug=OVERALL_CATEGORY, style_control=False)
    board = boards.annotate(published_at=newest_fit("computed_at"), vote_count=newest_fit("votes")).first()
    published_at = board and board.published_at
    votes = board and board.vote_count
    behind = Board.objects.filter(behind=True).count()
    return Tile(
        _("Board"),
        [
            Figure(_("Age"), timesince(published_at, depth=1) if published_at else _("none"), reverse("leaderboard")),
            Figure(_("Votes"), f"{votes or 0:,}", url),
            Figure(_("Outdated boards"), f"{behind:,}", f"{url}?behind__exact=1", is_problem=behind > 0),
        ],
    )
