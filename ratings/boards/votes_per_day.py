"""How many votes came to a board on each day, told by the boards that were kept: the last of each day is, for ever."""

from datetime import date, datetime, timedelta

from django.db.models.functions import TruncDate

from ratings.boards.snapshots import BoardKey
from ratings.models import Board, Snapshot

MAX_DAYS = 30


def count_votes_per_day(asked: BoardKey, until: datetime) -> list[tuple[date, int]]:
    """The last thirty days (UTC) up to this time, oldest first, from the first board on; a day without one has none.

    Nothing of a reference board, which does not tell its votes.
    """
    boards = Board.objects.filter(
        pool__slug=asked.pool, category__slug=asked.category, style_control=asked.style_control
    )
    kept = Snapshot.objects.filter(
        board=boards.values("pk")[:1], method=asked.method, computed_at__lte=until, votes__isnull=False
    )
    last_of_days = kept.annotate(day=TruncDate("computed_at")).order_by("day", "-computed_at", "-pk").distinct("day")
    totals: dict[date, int] = {day: votes or 0 for day, votes in last_of_days.values_list("day", "votes")}
    if not totals:
        return []
    first = max(min(totals), until.date() - timedelta(days=MAX_DAYS - 1))
    before = max((total for day, total in totals.items() if day < first), default=0)
    found = []
    for number in range((until.date() - first).days + 1):
        day = first + timedelta(days=number)
        total = totals.get(day, before)
        found.append((day, total - before))
        before = total
    return found
