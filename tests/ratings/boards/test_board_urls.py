"""Addresses that ask for a board."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from django.http import QueryDict

from ratings.boards import snapshots
from ratings.boards.board_urls import build_board_parameters, build_board_url
from ratings.boards.snapshots import BoardKey

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("board_key", "expected"),
    [
        (BoardKey(), {}),
        (BoardKey(pool="elsewhere", method="elo"), {"pool": "elsewhere", "method": "elo"}),
        (BoardKey(category="a&b", style_control=True, at=NOON), {
            "category": "a&b", "style_control": "true", "at": "2026-01-31T12:00:00Z",
        }),
    ],
)  # fmt: skip
def test_query_says_what_is_not_so_anyway(board_key, expected):
    assert build_board_parameters(board_key) == expected
    assert snapshots.parse_board_key(build_board_parameters(board_key)) == board_key


def test_source_names_the_call_and_its_parameters():
    found = urlsplit(
        build_board_url("leaderboard-history", BoardKey(pool="p"), model=["x", "y&z"], until=NOON, since=None)
    )
    assert found.path == "/api/v1/leaderboard/history/"
    assert parse_qs(found.query) == {"pool": ["p"], "model": ["x", "y&z"], "until": ["2026-01-31T12:00:00Z"]}


def test_source_takes_the_time_that_it_is_given_before_that_of_the_board():
    found = QueryDict(urlsplit(build_board_url("leaderboard-json", BoardKey(), at=NOON)).query)
    assert snapshots.parse_board_key(found).at == NOON


def test_source_without_parameters_is_a_path():
    assert build_board_url("leaderboard-json", BoardKey(), at=None) == "/api/v1/leaderboard/"
