"""New boards are announced on a stream of bounded length."""

from arena.redis_clients import client
from ratings import live
from ratings.announcing import announce
from tests.ratings.unsaved import snapshot


def test_announce_keeps_the_stream_short():
    client().delete(live.STREAM)
    for _ in range(30):
        announce([snapshot(category=str(n)) for n in range(100)])
    assert live.KEPT <= client().xlen(live.STREAM) < 2 * live.KEPT
