"""What the newest board knows of each pair is kept beside it, exactly, and not too often."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from django.db import transaction
from hypothesis import given

from ratings import tasks
from ratings.boards import pair_tables
from ratings.models import Board, PairTable, Snapshot
from ratings.pipeline import board_refresh
from ratings.statistics import bradley_terry
from ratings.statistics.comparisons import Comparisons
from tests import factories
from tests.ratings.votes import any_board

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
with_database = pytest.mark.django_db


def named(board):
    return Comparisons.from_counts([f"m{label}" for label in board.labels], board.wins, board.ties)


def draft(board=None, at=NOON, wins=3):
    counts = Comparisons.from_counts(["x", "y"], [[0, wins], [1, 0]], [[0, 2], [2, 0]])
    snapshot = Snapshot(board=board or factories.board(), computed_at=at)
    snapshot.pairs = pair_tables.build_pair_table(bradley_terry.fit(counts), counts)
    return snapshot


def large(**fields):
    """A draft that is not written every time."""
    snapshot = draft(**fields)
    snapshot.pairs.arrays += bytes(pair_tables.LARGE_TABLE_BYTES)
    return snapshot


@given(any_board)
def test_any_table_comes_back_as_it_was(board):
    board = named(board)
    fit = bradley_terry.fit(board)
    elo = np.arange(len(board.labels)) / 3
    for ratings in (None, elo):
        table = pair_tables.load_pair_arrays(pair_tables.build_pair_table(fit, board, ratings))
        assert table.board.labels == board.labels
        assert (table.elo is None) == (ratings is None)
        for mine, theirs in (
            (table.board.wins, board.wins), (table.board.ties, board.ties), (table.ratings, fit.ratings),
            (table.difference_se, np.triu(fit.difference_se) + np.triu(fit.difference_se).T),
            (table.component, fit.component),
            (table.unbounded, fit.unbounded),
        ):  # fmt: skip
            assert np.array_equal(mine, theirs)
    assert np.array_equal(table.elo, elo)


@pytest.mark.parametrize("most", [255, 256, 65_536, 2**33])
def test_counts_of_any_size_come_back(most):
    board = Comparisons.from_counts("xy", [[0, most], [1, 0]], [[0, most], [most, 0]])
    table = pair_tables.load_pair_arrays(pair_tables.build_pair_table(bradley_terry.fit(board), board))
    assert (table.board.wins[0, 1], table.board.ties[1, 0]) == (most, most)


@with_database
def test_table_is_published_with_the_board():
    x, y = factories.model("x"), factories.model("y")
    for winner in ("a", "b", "tie"):
        factories.cast(x, y, winner)
    board_refresh.refresh()
    table = PairTable.objects.get(board__category__slug="overall")
    snapshot = Snapshot.objects.get(board__category__slug="overall", method="bt")
    assert (table.board_id, table.computed_at, table.day) == (
        snapshot.board_id,
        snapshot.computed_at,
        snapshot.computed_at.date(),
    )
    assert pair_tables.load_pair_arrays(table).board.votes[0, 1] == 3

    factories.cast(x, y)
    board_refresh.refresh()
    assert PairTable.objects.filter(board__category__slug="overall").count() == 1
    assert pair_tables.load_pair_arrays(PairTable.objects.get(pk=table.pk)).board.votes[0, 1] == 4


@with_database
def test_table_and_board_are_stored_together_or_not_at_all(monkeypatch):
    def broken(_):
        raise RuntimeError

    monkeypatch.setattr(board_refresh.standings, "store_standings", broken)
    factories.cast(factories.model("x"), factories.model("y"))
    with pytest.raises(RuntimeError), transaction.atomic():
        board_refresh.refresh()
    assert not PairTable.objects.exists()


@with_database
def test_each_day_keeps_its_last_table():
    board = factories.board()
    for hours, wins in ((0, 1), (3, 2), (11.9, 3), (12, 4), (-12.1, 5)):
        pair_tables.save_pair_tables([draft(board, NOON + timedelta(hours=hours), wins)])
    found = {table.day: pair_tables.load_pair_arrays(table).board.wins[0, 1] for table in PairTable.objects.all()}
    assert found == {date(2026, 2, 28): 5, date(2026, 3, 1): 3, date(2026, 3, 2): 4}


@with_database
def test_small_tables_are_saved_in_one_statement(django_assert_num_queries):
    drafts = [draft(factories.board(category), wins=wins) for wins, category in enumerate(("api", "live"), 3)]
    with django_assert_num_queries(1):
        pair_tables.save_pair_tables(drafts)
    assert [pair_tables.load_pair_arrays(table).board.wins[0, 1] for table in PairTable.objects.order_by("pk")] == [
        3,
        4,
    ]


@with_database
def test_an_older_table_never_replaces_a_newer_one():
    board = factories.board()
    pair_tables.save_pair_tables([draft(board, NOON, 2)])
    pair_tables.save_pair_tables([draft(board, NOON - timedelta(seconds=1), 1)])
    table = PairTable.objects.get()
    assert (table.computed_at, pair_tables.load_pair_arrays(table).board.wins[0, 1]) == (NOON, 2)


@pytest.fixture
def calm(monkeypatch):
    """The time between two large tables is long."""
    monkeypatch.setattr(pair_tables, "WRITE_INTERVAL_S", 60.0)


def when():
    """Board → of when its table is."""
    return dict(PairTable.objects.values_list("board", "computed_at"))


@with_database
def test_of_large_tables_one_is_written_at_a_time_and_the_others_when_there_is_nothing_else_to_do(calm):
    one, two = factories.board(), factories.board("api")
    pair_tables.save_pair_tables([large(board=one), large(board=two)])
    assert when() == {one.pk: NOON}
    later = NOON + timedelta(seconds=1)
    pair_tables.save_pair_tables([large(board=one, at=later)])
    assert when() == {one.pk: NOON}

    assert board_refresh.refresh() == []
    assert when() == {one.pk: later, two.pk: NOON}


@with_database
def test_a_refresh_without_votes_writes_the_tables_that_wait(calm):
    one, two = factories.board(), factories.board("api")
    pair_tables.save_pair_tables([large(board=one), large(board=two)])

    tasks.refresh()

    assert when() == {one.pk: NOON, two.pk: NOON}


@with_database
@pytest.mark.parametrize("from_scratch", [False, True])
def test_recompute_leaves_no_table_waiting_and_brings_those_that_are_missing(calm, monkeypatch, from_scratch):
    monkeypatch.setattr(pair_tables, "LARGE_TABLE_BYTES", 0)
    factories.cast(factories.model("x"), factories.model("y"), categories=["coding", "math"])
    board_refresh.refresh()
    pair_tables._pending_tables.clear()  # as the end of the process does
    assert len(when()) == 1

    board_refresh.recompute_boards([factories.pool()], from_scratch=from_scratch)

    newest = Snapshot.objects.order_by("board", "-computed_at").distinct("board")
    assert when() == dict(newest.values_list("board", "computed_at"))
    assert len(when()) == 4


@with_database
def test_the_large_table_that_has_waited_longest_comes_first(calm, monkeypatch):
    one, two = factories.board(), factories.board("api")
    for second in range(3):
        monkeypatch.setattr(pair_tables, "WRITE_INTERVAL_S", 0.0 if second == 0 else 60.0)
        pair_tables.save_pair_tables([large(board=each, at=NOON + timedelta(seconds=second)) for each in (two, one)])
    assert set(when().values()) == {NOON}
    pair_tables._last_large_writes.update({one.pk: -100.0, two.pk: -200.0})
    pair_tables.write_pending_tables()
    assert when() == {one.pk: NOON, two.pk: NOON + timedelta(seconds=2)}


@with_database
def test_a_board_that_is_gone_holds_up_nothing(calm):
    board = factories.board("gone")
    pair_tables.save_pair_tables([large(board=board), large(board=factories.board("api"))])
    Board.objects.all().delete()
    board_refresh.refresh()
    pair_tables.save_pair_tables([draft()])
    assert len(when()) == 1


@with_database
def test_thin_keeps_a_month_and_of_each_month_before_the_last():
    board, other = factories.board(), factories.board("api")
    today = datetime.now(UTC).date()
    days_ago = [today - timedelta(days=days) for days in range(100)]
    PairTable.objects.bulk_create(
        PairTable(board=each, day=day, computed_at=NOON, slugs=[], arrays=b"")
        for day in days_ago
        for each in (board, other)
    )
    pair_tables.thin_pair_tables()
    for each in (board, other):
        days = set(PairTable.objects.filter(board=each).values_list("day", flat=True))
        old = {today - timedelta(days=number) for number in range(32, 100)}
        last = {max(day for day in old if (day.year, day.month) == month) for month in {(d.year, d.month) for d in old}}
        assert days == {today - timedelta(days=number) for number in range(32)} | last
