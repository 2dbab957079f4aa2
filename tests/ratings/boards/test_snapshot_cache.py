"""Boards as they are sent: read once, and never an old one for longer than a tenth of a second."""

from dataclasses import replace

import orjson
import pytest

from ratings.boards import board_events, snapshot_cache
from ratings.boards.snapshots import BoardKey, load_newest_board
from ratings.models import Snapshot
from ratings.pipeline import board_refresh
from tests import factories

pytestmark = pytest.mark.django_db
LIVE = BoardKey()


@pytest.fixture
def voted():
    factories.cast(factories.model("x"), factories.model("y"), categories=["coding"])
    board_refresh.refresh()


def again():
    factories.cast(factories.model("x"), factories.model("y"))
    board_refresh.refresh()


def test_board_is_that_of_the_snapshots_and_its_bytes(voted):
    found = snapshot_cache.get_board(LIVE)
    assert found.board == load_newest_board(BoardKey("live", "overall", False, "bt"))
    assert orjson.loads(found.body) == orjson.loads(orjson.dumps(found.board, option=orjson.OPT_UTC_Z))
    assert found.rows == found.board["rows"]
    assert found.snapshot_id == Snapshot.objects.get(board__category__slug="overall", method="bt").pk


def test_board_is_read_once_and_then_looked_up(voted, django_assert_num_queries):
    with django_assert_num_queries(2):
        first = snapshot_cache.get_board(LIVE)
    with django_assert_num_queries(1):
        assert snapshot_cache.get_board(LIVE) is first


def test_board_that_was_asked_for_just_now_is_not_looked_up(voted, django_assert_num_queries):
    snapshot_cache.newest_id_cache.seconds = 60.0
    first = snapshot_cache.get_board(LIVE)
    with django_assert_num_queries(0):
        assert snapshot_cache.get_board(LIVE) is first


def test_a_reader_who_is_told_of_a_new_board_gets_it(voted):
    snapshot_cache.newest_id_cache.seconds = 60.0
    first = snapshot_cache.get_board(LIVE)
    again()
    assert snapshot_cache.get_board(LIVE) is first

    board_events.event_reader._forward(
        [(b"boards", [(b"1-0", {b"pool": b"1", b"visibility": b"everyone", b"board": b"", b"data": b""})])]
    )

    assert snapshot_cache.get_board(LIVE).board["votes"] == 2


def test_what_is_published_between_two_looks_is_not_taken_for_the_older_board(voted):
    older = snapshot_cache.get_board(LIVE)
    again()
    snapshot_cache.board_cache.clear()
    snapshot_cache.newest_id_cache.seconds = 60.0
    snapshot_cache.newest_id_cache.store(LIVE, older.snapshot_id)
    assert snapshot_cache.get_board(LIVE).body == older.body


def test_board_that_was_thinned_out_between_two_looks_is_found_anew(voted):
    snapshot_cache.newest_id_cache.seconds = 60.0
    snapshot_cache.newest_id_cache.store(LIVE, 10**9)
    assert snapshot_cache.get_board(LIVE).board["votes"] == 1


def test_past_board_is_byte_equal_to_what_was_sent_then(voted):
    then = snapshot_cache.get_board(LIVE)
    again()
    past = snapshot_cache.get_board(replace(LIVE, at=then.board["computed_at"]))
    assert (past.body, past.etag) == (then.body, then.etag)
    assert snapshot_cache.get_board(LIVE).etag != then.etag


def test_board_without_votes_is_not_kept(db):
    factories.board()
    assert snapshot_cache.get_board(LIVE).snapshot_id is None
    again()
    assert snapshot_cache.get_board(LIVE).board["votes"] == 1
