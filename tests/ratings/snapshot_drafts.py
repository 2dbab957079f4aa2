"""Snapshots for announcements, with no database."""

from datetime import UTC, datetime

from arena.models import Pool
from ratings.models import Board, Category, Snapshot

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def snapshot(votes=1, pool="live", category="overall"):
    board = Board(pool=Pool(pk=1, slug=pool), category=Category(slug=category))
    return Snapshot(board=board, votes=votes, computed_at=NOON)
