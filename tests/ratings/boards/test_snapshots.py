"""Published boards are found again as they were, and bad questions get one clear answer."""

from datetime import UTC, datetime, timedelta

import pytest
from django.http import QueryDict

from arena.models import LIVE_SLUG
from core.http.errors import RequestError
from ratings.boards.snapshots import (
    BoardKey,
    list_newest_snapshots,
    load_newest_board,
    pack_rows,
    parse_board_key,
    thin_snapshots,
    unpack_rows,
)
from ratings.models import Snapshot
from tests import factories

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
board_db = pytest.mark.django_db


def now():
    return datetime.now(UTC)


def floor(at, step):
    """The last full minute, hour or day."""
    return at - (at - datetime(2000, 1, 1, tzinfo=UTC)) % step


def publish(votes, at=NOON, **board):
    publish_all([(votes, at)], **board)


def publish_all(votes_and_times, **board):
    fields = {
        "board": factories.board(**board),
        "code_version": "1",
        "rows": pack_rows([{"model": "x", "rating": 1000.0}]),
    }
    Snapshot.objects.bulk_create(
        Snapshot(votes=votes, last_vote_id=votes, computed_at=at, **fields) for votes, at in votes_and_times
    )


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("", BoardKey()),
        ("pool=&category=&style_control=&method=&at=", BoardKey()),
        ("pool=api&category=coding", BoardKey(pool="api", category="coding")),
        ("style_control=true", BoardKey(style_control=True)),
        ("style_control=1", BoardKey(style_control=True)),
        ("style_control=False", BoardKey()),
        ("method=elo", BoardKey(method="elo")),
        ("at=2026-03-01T12:00:00Z", BoardKey(at=NOON)),
        ("at=2026-03-01T14:00:00%2B02:00", BoardKey(at=NOON)),
        ("at=2026-03-01T12:00:00", BoardKey(at=NOON)),
        ("at=2026-03-01", BoardKey(at=NOON - timedelta(hours=12))),
        ("unknown=1", BoardKey()),
    ],
)
def test_asked_understands_the_parameters(query, meant):
    assert parse_board_key(QueryDict(query)) == meant


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("at=yesterday", "at"),
        ("at=2026-13-01", "at"),
        ("at=2026-03-01T25:00:00Z", "at"),
        ("at=1772366400", "at"),
        ("at=nan", "at"),
        ("at=%00", "at"),
        ("at=0001-01-01T00:00:00%2B23:59", "at"),
        ("at=9999-12-31T23:59:59-23:59", "at"),
        ("at=2026-03-01T12:00:00+02:00", "at"),
        ("style_control=maybe", "style_control"),
        ("style_control=2", "style_control"),
    ],
)
def test_asked_refuses_what_it_cannot_understand(query, field):
    with pytest.raises(RequestError) as refused:
        parse_board_key(QueryDict(query))
    assert refused.value.status == 400
    assert field in refused.value.extra["fields"]


@board_db
def test_newest_shows_the_board_whole():
    publish(7)
    assert load_newest_board(BoardKey(LIVE_SLUG, "overall", False, "bt")) == {
        "pool": "live",
        "category": "overall",
        "style_control": False,
        "method": "bt",
        "computed_at": NOON,
        "votes": 7,
        "last_vote_id": 7,
        "provisional": False,
        "scale": {"factor": 400, "base": 10, "mean": 1000},
        "rows": [{"model": "x", "rating": 1000.0}],
    }


@board_db
@pytest.mark.parametrize(
    ("minutes", "votes"),
    [(None, 3), (-1, 0), (0, 1), (0.5, 1), (1, 2), (2, 3), (60, 3)],
)
def test_newest_at_a_time_is_the_last_one_published_until_then(minutes, votes):
    for number in (2, 1, 3):
        publish(number, NOON + timedelta(minutes=number - 1))
    at = None if minutes is None else NOON + timedelta(minutes=minutes)
    assert load_newest_board(BoardKey(LIVE_SLUG, "overall", False, "bt", at))["votes"] == votes


@board_db
@pytest.mark.parametrize("style_control", [False, True])
def test_newest_of_a_board_without_votes_is_empty(style_control):
    factories.board()
    board = load_newest_board(BoardKey(LIVE_SLUG, "overall", style_control, "bt"))
    assert (board["rows"], board["votes"], board["computed_at"], board["last_vote_id"]) == ([], 0, None, None)


@board_db
@pytest.mark.parametrize(
    ("pool", "category", "method", "named"),
    [
        ("nowhere", "overall", "bt", "pool 'nowhere'"),
        (LIVE_SLUG, "juggling", "bt", "category 'juggling'"),
        ("live\0", "overall", "bt", "See /api/v1/pools/"),
        (LIVE_SLUG, "\0", "bt", "See /api/v1/categories/"),
        (LIVE_SLUG, "overall", "BT", "method 'BT'"),
    ],
)
def test_newest_refuses_what_does_not_exist(pool, category, method, named):
    factories.board()
    with pytest.raises(RequestError) as refused:
        load_newest_board(BoardKey(pool, category, False, method))
    assert refused.value.status == 404
    assert named in refused.value.detail


@board_db
@pytest.mark.parametrize(
    ("ordered", "style_control", "found"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_newest_by_elo_takes_votes_in_an_order_and_without_style_control(ordered, style_control, found):
    factories.pool("some", ordered=ordered)
    factories.board("some")
    if found:
        assert load_newest_board(BoardKey("some", "overall", style_control, "elo"))["rows"] == []
    else:
        with pytest.raises(RequestError, match=r"Elo ratings are not|imported as counts"):
            load_newest_board(BoardKey("some", "overall", style_control, "elo"))


@board_db
def test_newest_of_pools_are_the_last_overall_boards():
    publish(1)
    publish(2, NOON + timedelta(minutes=1))
    publish(3, pool_slug="api")
    publish(4, category="coding")
    factories.board("empty")
    assert [(board.board.pool.slug, board.votes) for board in list_newest_snapshots()] == [("live", 2), ("api", 3)]


@pytest.mark.parametrize("rows", [[], [{"model": "x", "rating": 1000.1 + 1e-13, "ci_low": None, "ok": True}]])
def test_packed_rows_come_back_to_the_last_digit(rows):
    assert unpack_rows(pack_rows(rows)) == rows
    assert unpack_rows(memoryview(pack_rows(rows))) == rows


@board_db
@pytest.mark.parametrize(
    ("older_than", "step", "in_full", "thinned"),
    [
        (timedelta(0), timedelta(seconds=1), 60, 60),
        (timedelta(minutes=20), timedelta(seconds=1), 120, 2),
        (timedelta(hours=20), timedelta(seconds=30), 40, 20),
        (timedelta(days=2), timedelta(minutes=1), 120, 2),
        (timedelta(days=25), timedelta(minutes=20), 30, 10),
        (timedelta(days=100), timedelta(hours=1), 48, 2),
        (timedelta(days=4000), timedelta(hours=12), 20, 10),
    ],
    ids=["ten minutes", "minutes", "minutes, nearly a day", "hours", "hours, nearly a month", "days", "days, for ever"],
)
def test_thin_keeps_the_newest_of_each_minute_hour_or_day(older_than, step, in_full, thinned):
    """Times start with a full day or so, so that no bucket is cut in two."""
    whole = timedelta(days=1) if older_than > timedelta(days=30) else timedelta(hours=1)
    newest_of_all = floor(now() - older_than, whole) if older_than else now()
    publish_all((number, newest_of_all - number * step) for number in range(1, in_full + 1))

    forgotten = thin_snapshots()

    kept = set(Snapshot.objects.values_list("votes", flat=True))
    per = in_full // thinned
    assert kept == {*range(1, in_full + 1, per), in_full}
    assert forgotten == in_full - len(kept)


@board_db
def test_thin_keeps_boards_and_methods_apart():
    at = floor(now() - timedelta(hours=2), timedelta(minutes=1))
    for board in ({}, {"category": "coding"}, {"pool_slug": "api"}):
        publish(1, at, **board)
    Snapshot.objects.create(board=factories.board(), method="elo", votes=1, computed_at=at, code_version="1", rows=b"")
    assert (thin_snapshots(), Snapshot.objects.count()) == (0, 4)
