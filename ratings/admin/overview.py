"""Tiles on the admin index page for boards and for suspicious votes."""

import time
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from arena.models import LIVE_POOL, Pool
from core.admin.overview import TILES, Figure, Tile
from ratings.boards.snapshots import select_newest_fit
from ratings.models import OVERALL_CATEGORY, Board

if TYPE_CHECKING:
    from ratings.reports.alarms import Alarm


@TILES.register("ratings.view_board")
def build_board_tile() -> Tile:
    """Return the age and votes of this arena's newest overall board, and the number of outdated boards.

    New votes make a board outdated until its next fit, so outdated boards are a problem only if a fit has failed.
    """
    url = reverse("admin:ratings_board_changelist")
    boards = Board.objects.filter(pool__kind=Pool.Kind.LIVE, category__slug=OVERALL_CATEGORY, style_control=False)
    board = boards.annotate(
        published_at=select_newest_fit("computed_at"), vote_count=select_newest_fit("votes")
    ).first()
    published_at = board and board.published_at
    updated = _("%(time)s ago") % {"time": timesince(published_at, depth=1)} if published_at else _("none")
    votes = board and board.vote_count
    outdated = Board.objects.filter(behind=True)
    has_failed = outdated.filter(failed_at__isnull=False).exists()
    return Tile(
        _("This arena's board"),
        [
            Figure(_("Last updated"), updated, reverse("leaderboard")),
            Figure(_("Blind votes on the newest board"), f"{votes or 0:,}", url),
            Figure(_("Outdated boards"), f"{outdated.count():,}", f"{url}?behind__exact=1", is_problem=has_failed),
        ],
    )


@TILES.register("ratings.add_exclusion")
def build_alarm_tile() -> Tile:
    """Return a tile that lists models with unusually many votes from new voters or from one network.

    Each figure links to a form that excludes these votes.
    """
    figures = [_describe_alarm(alarm) for alarm in find_cached_alarms(int(time.time() / 60))]
    return Tile(_("Unusual votes in the last 24 hours"), figures or [Figure(_("Alerts"), "0")])


@lru_cache(maxsize=1)
def find_cached_alarms(minute: int) -> "list[Alarm]":
    """Return the current alarms. `minute` is only a cache key, so each result is used for at most a minute."""
    from ratings.reports import alarms  # loads scipy, which is slow to import

    return alarms.find_alarms()


def _describe_alarm(alarm: "Alarm") -> Figure:
    if alarm.voter:
        label = _("Unusually many votes from new voters on %(model)s")
    else:
        label = _("Unusually many votes from one network on %(model)s")
    label %= {"model": alarm.model}
    value = _("%(observed)s of %(votes)s votes, %(expected)s expected")
    value %= {"observed": f"{alarm.observed:,}", "votes": f"{alarm.votes:,}", "expected": f"{alarm.expected:,.0f}"}
    example = {"voter": alarm.voter} if alarm.voter else {"vote": alarm.vote}
    fields = {"pool": LIVE_POOL, **example, "start": alarm.since.isoformat(timespec="seconds"), "reason": label[:200]}
    return Figure(label, value, f"{reverse('admin:ratings_exclusion_add')}?{urlencode(fields)}", is_problem=True)
