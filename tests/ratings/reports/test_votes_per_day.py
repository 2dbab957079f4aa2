"""Votes per day, out of the boards that were kept."""

from datetime import UTC, date, datetime, timedelta

import pytest

from ratings.boards.snapshots import BoardKey
from ratings.reports.votes_per_day import count_votes_per_day
from tests import factories
from tests.ratings.board_history import NOW, beat, published

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair():
    return factories.models(2)


def test_days_add_up_to_the_votes_of_the_board(pair):
    for ago, votes in ((50, 4), (3, 2), (2.9, 1), (1, 5)):
        beat(*pair, votes)
        published(timedelta(days=ago))

    found = count_votes_per_day(BoardKey(), NOW)

    assert len(found) == 30
    assert found[0] == (date(2026, 2, 19), 0)
    assert [votes for _, votes in found[-4:]] == [3, 0, 5, 0]
    assert sum(votes for _, votes in found) == 8


def test_days_begin_with_the_first_board(pair):
    beat(*pair, 4)
    published(timedelta(days=1))
    assert count_votes_per_day(BoardKey(), NOW) == [(date(2026, 3, 19), 4), (date(2026, 3, 20), 0)]


def test_days_end_at_the_time_that_is_asked_for(pair):
    for hour in (9, 15):
        beat(*pair)
        published(at=datetime(2026, 3, 20, hour, tzinfo=UTC))
    assert count_votes_per_day(BoardKey(), NOW) == [(date(2026, 3, 20), 1)]


def test_other_boards_have_other_days(pair):
    factories.board()
    beat(*pair, pool=factories.pool("elsewhere").slug)
    published()
    assert count_votes_per_day(BoardKey(), NOW) == []
    assert count_votes_per_day(BoardKey(pool="elsewhere"), NOW) == [(NOW.date(), 1)]
