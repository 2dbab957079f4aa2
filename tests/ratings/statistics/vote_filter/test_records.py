"""Votes are checked, put in order, and divided into epochs."""

import numpy as np
import pytest

from ratings.statistics.vote_filter.records import find_epoch_ends, group_tables, read_votes

GOOD = {
    "voter": ["ann", "bob"],
    "model_a": [0, 1],
    "model_b": [1, 2],
    "outcome": [0, 3],
    "propensity": [0.3, 0.3],
    "time": [2.0, 1.0],
    "draw": [0, 0],
}
SHARES = [[0.7, 0.7, 0.6]]


def test_votes_are_in_the_order_of_time():
    records = read_votes(GOOD, SHARES)

    assert records.order.tolist() == [1, 0]
    assert records.a.tolist() == [1, 0]
    assert records.voter_count == 2
    assert records.ends == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"voter": ["ann"]}, "same length"),
        ({"model_a": [0, 3]}, "model_a must be from 0 to 2: vote 1"),
        ({"model_a": [0.0, 1.0]}, "model_a must be whole numbers"),
        ({"model_b": [0, 2]}, "vote 0 compares a model with itself"),
        ({"outcome": [4, 0]}, "outcome must be 0, 1, 2, or 3: vote 0"),
        ({"propensity": [0.3, 0.0]}, "propensity must be above 0 and at most 1: vote 1"),
        ({"propensity": [0.3, np.nan]}, "propensity must be above 0 and at most 1: vote 1"),
        ({"time": [np.inf, 1.0]}, "time must be a finite number of days: vote 0"),
        ({"draw": [0, 1]}, "draw must be from 0 to 0: vote 1"),
        ({"shares": [0.7, 0.7, 0.6]}, "shares must be a table"),
        ({"shares": [[0.7, 0.7, 0.7]]}, "shares must add up to 2, one for each side: table 0"),
        ({"shares": [[1.2, 0.4, 0.4]]}, "shares must be from 0 to 1: table 0"),
        ({"shares": [[1.0, 1.0, 0.0]]}, "vote 1 has a model with chance 0 in its draw table"),
    ],
)
def test_an_invalid_vote_is_named(change, message):
    columns = {**GOOD, **change}
    shares = columns.pop("shares", SHARES)

    with pytest.raises(ValueError, match=message):
        read_votes(columns, shares)


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
    columns = {
        "voter": np.arange(votes),
        "model_a": np.zeros(votes, int),
        "model_b": np.ones(votes, int),
        "outcome": np.zeros(votes, int),
        "propensity": np.full(votes, 0.3),
        "time": np.append(np.full(votes - 1, 0.5), 1.0),
        "draw": np.arange(votes) % tables,
    }
    records = read_votes(columns, shares)
    row, chances, ends = group_tables(records, np.zeros(records.ends[-1], int))

    assert ends == [rows]
    assert np.allclose(chances[row], shares[records.draw[: len(row)]])
