"""Votes per day on a board, computed from stored snapshots. The last snapshot of each day is stored forever."""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db.models.functions import TruncDate

from ratings.boards.snapshots import BoardKey, select_board_id
from ratings.models import Snapshot

MAX_DAYS = 30


class DayVotes(NamedTuple):
    day: date
    votes: int


def count_votes_per_day(board_key: BoardKey, until: datetime) -> list[DayVotes]:
    """Return the votes per day (UTC) for up to `MAX_DAYS` days, oldest first.

    until: the end of the last day's count, in UTC.

    If the board has existed for fewer days, the list starts on the day of its first snapshot. A day without a snapshot
    has 0 votes, and a day on which the number of votes on the board fell has a negative number. For a reference board,
    the list is empty, because the votes are not published.
    """
    snapshots = Snapshot.objects.filter(
        board=select_board_id(board_key), method=board_key.method, computed_at__lte=until, votes__isnull=False
    )
    by_day = snapshots.annotate(day=TruncDate("computed_at")).order_by("day", "-computed_at", "-pk").distinct("day")
    totals: dict[date, int] = {
        day: votes or 0  # for the type checker: the query excludes null
        for day, votes in by_day.values_list("day", "votes")
    }
    if not totals:
        return []
    first_day = max(min(totals), until.date() - timedelta(days=MAX_DAYS - 1))
    earlier_totals = [total for day, total in totals.items() if day < first_day]
    previous_total = earlier_totals[-1] if earlier_totals else 0
    votes_per_day = []
    for offset in range((until.date() - first_day).days + 1):
        day = first_day + timedelta(days=offset)
        total = totals.get(day, previous_total)
        votes_per_day.append(DayVotes(day, total - previous_total))
        previous_total = total
    return votes_per_day
