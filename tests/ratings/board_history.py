"""Boards that were published at given times."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from ratings.models import Snapshot
from ratings.pipeline import board_refresh
from tests import factories

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)


def published(ago=timedelta(0), at=None):
    """Publish the boards of all votes, with a given publication time."""
    made = board_refresh.refresh()
    Snapshot.objects.filter(pk__in=[snapshot.pk for snapshot in made]).update(computed_at=at or NOW - ago)


def beat(winner, loser, times=1, **fields):
    factories.cast(winner, loser, multiplicity=times, **fields)


def met(one, other, wins=6, losses=4, **fields):
    beat(one, other, wins, **fields)
    beat(other, one, losses, **fields)


def ago(**time):
    return datetime.now(UTC) - timedelta(**time)


def three_boards():
    """Return four models with boards from ten days ago, two days ago (new leader), and an hour ago (a newcomer)."""
    x, y, z, new = (factories.model(slug) for slug in ("xenon", "yttrium", "zinc", "newcomer"))
    for one, other in pairwise((x, y, z)):
        met(one, other, 60, 40)
    published(at=ago(days=10))
    met(z, x, 150, 10)
    published(at=ago(days=2))
    met(new, y, 3, 2)
    published(at=ago(hours=1))
    return x, y, z, new
