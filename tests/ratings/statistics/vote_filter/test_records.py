"""Votes are checked, put in order, and divided into epochs."""

import numpy as np
import pytest

from ratings.statistics.vote_filter.records import find_epoch_ends, group_tables, read_votes

COLUMNS = {
    "voter": ["ann", "bob"],
    "a": np.array([0, 1]),
    "b": np.array([1, 2]),
    "outcome": np.array([0, 3]),
    "time": np.array([2.0, 1.0]),
    "draw": np.array([0, 0]),
}


def test_votes_are_in_the_order_of_time():
    records = read_votes(**COLUMNS, shares=np.array([[0.7, 0.7, 0.6]]))

    assert records.order.tolist() == [1, 0]
    assert records.a.tolist() == [1, 0]
    assert records.voter_count == 2
    assert records.ends == []


def test_vote_that_its_draw_table_excludes_is_named():
    with pytest.raises(ValueError, match="vote 1 has a model with chance 0 in its draw table"):
        read_votes(**COLUMNS, shares=np.array([[1.0, 1.0, 0.0]]))


@pytest.mark.parametrize(
    ("votes_per_day", "voters", "ends"),
    [
        ([], 9, []),
        ([150, 150, 10], 9, [150, 300]),  # midnights
        ([60, 60, 60], 9, [120]),  # never fewer than 100 votes
        ([150, 150, 150], 4, []),  # never fewer than 5 voters
        ([4150, 1], 9, [2000, 4000, 4150]),
    ],
)
def test_an_epoch_closes_after_2000_votes_or_at_midnight(votes_per_day, voters, ends):
    time = np.repeat(np.arange(len(votes_per_day)) + 0.5, votes_per_day)
    voter = np.arange(len(time)) % voters

    assert find_epoch_ends(time, voter) == ends


def test_an_epoch_stays_open_until_a_vote_shows_that_the_day_is_over():
    time = np.full(500, 3.2)

    assert find_epoch_ends(time, np.arange(500)) == []
    assert find_epoch_ends(np.append(time, 4.0), np.arange(501)) == [500]


@pytest.mark.parametrize(("tables", "rows"), [(2, 2), (40, 9)])
def test_many_tables_of_an_epoch_share_rows_but_not_with_a_table_in_which_a_model_is_certain(tables, rows):
    votes = 400
    given = [[1.0, 0.5, 0.5]]
    shares = np.vstack((np.tile([0.8, 0.7, 0.5], (tables - 1, 1)), given))
    zeros, time = np.zeros(votes, int), np.append(np.full(votes - 1, 0.5), 1.0)
    records = read_votes(np.arange(votes), zeros, zeros + 1, zeros, time, np.arange(votes) % tables, shares)
    row, chances, ends = group_tables(records, np.zeros(records.ends[-1], int))

    assert ends == [rows]
    assert np.allclose(chances[row], shares[records.draw[: len(row)]])
