"""New boards are announced on a stream of bounded length."""

import pytest

from core.storage.redis_clients import get_redis_client
from ratings.boards import board_events
from ratings.pipeline.announcements import announce_boards
from tests.ratings.snapshot_drafts import snapshot

pytestmark = pytest.mark.usefixtures("valkey")


def test_announce_keeps_the_stream_short():
    get_redis_client().delete(board_events.STREAM_KEY)
    for _ in range(30):
        announce_boards([snapshot(category=str(n)) for n in range(100)])
    assert (
        board_events.MAX_STREAM_LENGTH
        <= get_redis_client().xlen(board_events.STREAM_KEY)
        < 2 * board_events.MAX_STREAM_LENGTH
    )
