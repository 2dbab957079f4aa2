"""The state of the leaderboard as an address, and back."""

from dataclasses import fields
from datetime import UTC, date, datetime

import pytest
from django.http import QueryDict

from ratings.boards import board_urls, snapshots
from ratings.boards.snapshots import BoardKey
from ratings.web.leaderboard import filters, links, table_options
from ratings.web.leaderboard.filters import FilterValues
from ratings.web.leaderboard.table_options import TableOptions

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
USUAL = ("votes", "price")


@pytest.mark.parametrize(
    ("board_key", "options", "query"),
    [
        (BoardKey(), TableOptions(), ""),
        (BoardKey(), TableOptions(columns=USUAL), ""),
        (BoardKey(), TableOptions(columns=()), "?column=none"),
        (BoardKey(), TableOptions(sort="votes", descending=True), "?sort=votes"),
        (BoardKey(), TableOptions(sort="votes"), "?sort=votes&order=asc"),
        (BoardKey(), TableOptions(descending=True), "?sort=rank&order=desc"),
        (BoardKey("a b", "coding", True), TableOptions(), "?pool=a+b&category=coding&style_control=true"),
        (BoardKey(method="elo", at=NOON), TableOptions(), "?method=elo&at=2026-03-01T12%3A00%3A00Z"),
        (BoardKey(), TableOptions(size_min=5e8, size_max=1e10), "?size_min=0.5&size_max=10"),
        (BoardKey(), TableOptions(text="<&>", pins=("x", "y")), "?q=%3C%26%3E&pin=x&pin=y"),
        (BoardKey(), TableOptions(price_max=0.25, context_min=128000.0), "?price_max=0.25&context_min=128000"),
        (
            BoardKey(),
            TableOptions(released_after=date(2026, 1, 2), columns=("tier",)),
            "?released_after=2026-01-02&column=tier",
        ),
        (BoardKey(), TableOptions(pins=("x",), rows="all"), "?pin=x&rows=all"),
        (BoardKey(), TableOptions(commercial="yes", organization="Ö"), "?commercial=yes&organization=%C3%96"),
    ],
)
def test_query_says_all_and_is_understood_again(board_key, options, query):
    assert links.build_table_query(board_urls.build_board_parameters(board_key), options, USUAL) == query
    parameters = QueryDict(query[1:])
    assert snapshots.parse_board_key(parameters) == board_key
    again = table_options.parse_table_options(parameters)
    assert table_options.list_visible_columns(again, USUAL) == table_options.list_visible_columns(options, USUAL)
    assert links.build_table_query(board_urls.build_board_parameters(board_key), again, USUAL) == query


def test_fields_are_those_of_the_form():
    form_fields = filters.build_form_fields(TableOptions(text="x", size_max=7.24e9), [])
    assert [field.filter.parameter for field in form_fields] == [each.parameter for each in filters.FILTERS[1:]]
    assert {field.filter.parameter: field.text for field in form_fields if field.text} == {"size_max": "7.24"}
    assert dict(filters.list_filter_parameters(TableOptions(text="x", size_max=7.24e9))) == {
        "q": "x",
        "size_max": "7.24",
    }


def test_every_field_of_the_values_has_one_filter():
    assert [each.field for each in filters.FILTERS] == [field.name for field in fields(FilterValues)]
    assert all(each.fact_label for each in filters.FILTERS if each.fact)
