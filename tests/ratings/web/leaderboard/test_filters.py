"""What was chosen of a board, in words."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from ratings.boards.descriptions import describe_board
from ratings.boards.snapshots import BoardKey
from ratings.models import Category
from ratings.web.leaderboard.filters import describe_filters
from ratings.web.leaderboard.table_options import TableOptions
from tests import factories

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("board_key", "options", "words"),
    [
        (BoardKey(), TableOptions(), "Coding"),
        (BoardKey(style_control=True), TableOptions(sort="votes", pins=("x",)), "Coding · style control"),
        (BoardKey(method="elo", at=NOON), TableOptions(), "Coding · Elo · as of March 1, 2026, 12:00 UTC"),
        (
            BoardKey(),
            TableOptions(q="a<b", weights="open", commercial="yes"),
            "Coding · “a<b” · open · commercial use allowed without conditions",
        ),
        (BoardKey(), TableOptions(weights="closed", organization="Acme"), "Coding · closed · Acme"),
        (
            BoardKey(),
            TableOptions(size_min=5e8, size_max=9.9e9),
            "Coding · at least 500M parameters · at most 9.9B parameters",
        ),
        (
            BoardKey(),
            TableOptions(price_max=0.25, context_min=128e3),
            ("Coding · at most $0.25 · context of at least 128,000"),
        ),
        (BoardKey(), TableOptions(released_after=date(2026, 1, 2)), "Coding · released since 2026-01-02"),
    ],
)
def test_words_say_what_differs_from_the_usual_board(board_key, options, words):
    coding = replace(board_key, category="coding")
    assert describe_board(coding, [Category(slug="coding", name="Coding")], describe_filters(options)) == words


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("page", "query", "said"),
    [
        ("/leaderboard/plots/", {"top": "all"}, "<bdi>Overall</bdi>"),
        ("/history/", {}, "<bdi>Overall</bdi>"),
    ],
)
def test_folded_form_says_what_is_chosen(client, page, query, said):
    factories.board()
    html = client.get(page, query).content.decode()
    [summary] = re.findall(r"<summary>(?:.*?choices-said[^>]*>|Category and date range:)(.*?)</summary>", html)
    assert said in summary


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", ""), ("q=a", ""), ("weights=open", "1"), ("weights=open&size_max=9&at=2026-01-01", "3"),
        ("method=elo", "1"), ("style_control=true&weights=open", "2"),
    ],
)  # fmt: skip
def test_button_of_the_filters_counts_those_in_its_panel(client, query, count):
    factories.board()
    html = client.get(f"/leaderboard/?{query}").content.decode()
    assert f'<b id="filter-count">{count}</b>' in html
    assert f'data-filters="{count}"' in html
