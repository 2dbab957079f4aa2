"""New boards are announced on a stream of bounded length."""

from core.storage.redis_clients import client
from ratings.boards import board_events
from ratings.pipeline.announcements import announce
from tests.ratings.snapshot_drafts import snapshot


def test_announce_keeps_the_stream_short():
    client().delete(board_events.STREAM)
    for _ in range(30):
        announce([snapshot(category=str(n)) for n in range(100)])
    assert board_events.KEPT <= client().xlen(board_events.STREAM) < 2 * board_events.KEPT
