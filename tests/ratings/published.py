"""Boards as they were published at times of the test's choice."""

from datetime import UTC, datetime, timedelta

from ratings import boards
from ratings.models import Snapshot
from tests import factories

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)


def published(ago=timedelta(0), at=None):
    """Publish what has been cast, as if it had been then."""
    made = boards.refresh()
    Snapshot.objects.filter(pk__in=[snapshot.pk for snapshot in made]).update(computed_at=at or NOW - ago)


def beat(winner, loser, times=1, **fields):
    for _ in range(times):
        factories.cast(winner, loser, **fields)


def met(one, other, wins=6, losses=4, **fields):
    beat(one, other, wins, **fields)
    beat(other, one, losses, **fields)
