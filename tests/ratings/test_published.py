"""Boards as they are sent: read once, and never an old one for longer than a tenth of a second."""

from dataclasses import replace

import orjson
import pytest

from arena.errors import Refusal
from ratings import boards, live, published
from ratings.models import Snapshot
from ratings.snapshots import Asked, newest
from tests import factories

pytestmark = pytest.mark.django_db
LIVE = Asked()


@pytest.fixture
def voted():
    factories.cast(factories.model("x"), factories.model("y"), categories=["coding"])
    boards.refresh()


def again():
    factories.cast(factories.model("x"), factories.model("y"))
    boards.refresh()


def test_board_is_that_of_the_snapshots_and_its_bytes(voted):
    found = published.board(LIVE)
    assert found.board == newest("live", "overall", False, "bt")
    assert orjson.loads(found.body) == orjson.loads(orjson.dumps(found.board, option=orjson.OPT_UTC_Z))
    assert found.rows == found.board["rows"]
    assert found.snapshot == Snapshot.objects.get(board__category__slug="overall", method="bt").pk


def test_board_is_read_once_and_then_looked_up(voted, django_assert_num_queries):
    with django_assert_num_queries(2):
        first = published.board(LIVE)
    with django_assert_num_queries(1):
        assert published.board(LIVE) is first


def test_board_that_was_asked_for_just_now_is_not_looked_up(voted, django_assert_num_queries):
    published.newest.seconds = 60.0
    first = published.board(LIVE)
    with django_assert_num_queries(0):
        assert published.board(LIVE) is first


def test_a_reader_who_is_told_of_a_new_board_gets_it(voted):
    published.newest.seconds = 60.0
    first = published.board(LIVE)
    again()
    assert published.board(LIVE) is first

    live.reader._pass_on([(b"boards", [(b"1-0", {b"board": b"", b"data": b""})])])

    assert published.board(LIVE).board["votes"] == 2


def test_what_is_published_between_two_looks_is_not_taken_for_the_older_board(voted):
    older = published.board(LIVE)
    again()
    published.kept.forget()
    published.newest.seconds = 60.0
    published.newest.keep(LIVE, older.snapshot)
    assert published.board(LIVE).body == older.body


def test_board_that_was_thinned_out_between_two_looks_is_found_anew(voted):
    published.newest.seconds = 60.0
    published.newest.keep(LIVE, 10**9)
    assert published.board(LIVE).board["votes"] == 1


def test_boards_are_kept_apart(voted):
    again()
    asked = [LIVE, Asked(category="coding"), Asked(method="elo"), Asked(style_control=True)]
    assert [published.board(each).board["votes"] for each in asked] == [2, 1, 2, 0]
    assert [published.board(each).board["votes"] for each in asked] == [2, 1, 2, 0]


def test_past_board_is_byte_equal_to_what_was_sent_then(voted):
    then = published.board(LIVE)
    again()
    past = published.board(replace(LIVE, at=then.board["computed_at"]))
    assert (past.body, past.etag) == (then.body, then.etag)
    assert published.board(LIVE).etag != then.etag


@pytest.mark.parametrize("asked", [Asked(pool="nowhere"), Asked(category="juggling"), Asked(method="magic")])
def test_what_is_not_there_is_refused_each_time(asked):
    for _ in range(2):
        with pytest.raises(Refusal, match="There is no"):
            published.board(asked)


def test_board_without_votes_is_not_kept(db):
    factories.board()
    assert published.board(LIVE).snapshot is None
    again()
    assert published.board(LIVE).board["votes"] == 1
