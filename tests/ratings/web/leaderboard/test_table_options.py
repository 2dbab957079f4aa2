"""Which models of a board are shown, in which order and columns; and what of an address cannot be understood."""

from dataclasses import fields, replace
from datetime import UTC, date, datetime

import pytest
from django.http import QueryDict

from core.http.errors import RequestError
from ratings.boards.board_row import BoardRow
from ratings.boards.board_urls import build_board_parameters
from ratings.boards.snapshots import BoardKey, parse_board_key
from ratings.web.leaderboard import filters
from ratings.web.leaderboard.columns import (
    COLUMNS,
    COLUMNS_BY_NAME,
    OPTIONAL_COLUMNS,
    ROW,
    list_default_columns,
)
from ratings.web.leaderboard.table_options import (
    TableOptions,
    filter_entries,
    list_visible_columns,
    parse_table_options,
)
from tests.ratings.board_rows import FACTS, entry, unknown


@pytest.mark.parametrize(
    ("query", "meant"),
    [
        ("", TableOptions()),
        (
            "q=&weights=&commercial=&organization=&size_min=&price_max=&released_after=&sort=&order=&pin=&column=",
            TableOptions(),
        ),
        ("q=+gpt+4 ", TableOptions(q="gpt 4")),
        (
            "weights=open&commercial=yes&organization=Maker",
            TableOptions(weights="open", commercial="yes", organization="Maker"),
        ),
        ("size_min=0.5&size_max=10", TableOptions(size_min=5e8, size_max=1e10)),
        ("price_max=2.5&context_min=200000", TableOptions(price_max=2.5, context_min=200_000)),
        ("released_after=2026-01-31", TableOptions(released_after=date(2026, 1, 31))),
        ("sort=votes", TableOptions(sort="votes", descending=True)),
        ("sort=votes&order=asc", TableOptions(sort="votes")),
        ("sort=price", TableOptions(sort="price")),
        ("order=desc", TableOptions(descending=True)),
        ("pin=b&pin=a&pin=b&pin=", TableOptions(pins=("b", "a"))),
        ("column=price&column=votes&column=rating", TableOptions(columns=("votes", "price"))),
        ("column=none&column=price", TableOptions(columns=("price",))),
        ("column=none", TableOptions(columns=())),
        ("unknown=1&pool=live", TableOptions()),
    ],
)
def test_view_understands_the_parameters(query, meant):
    assert parse_table_options(QueryDict(query)) == meant


@pytest.mark.parametrize(
    ("query", "field"),
    [
        (f"q={'x' * 201}", "q"),
        ("weights=ajar", "weights"),
        ("commercial=perhaps", "commercial"),
        ("size_min=big", "size_min"),
        ("size_max=-1", "size_max"),
        ("size_max=nan", "size_max"),
        ("price_max=inf", "price_max"),
        ("context_min=1e999", "context_min"),
        ("context_min=%00", "context_min"),
        ("released_after=soon", "released_after"),
        ("released_after=2026-02-30", "released_after"),
        ("sort=beauty", "sort"),
        ("order=up", "order"),
        ("rows=7", "rows"),
        ("pin=a&pin=b&pin=c&pin=d&pin=e", "pin"),
        ("column=beauty", "column"),
        ("q=%00", "q"),
        ("organization=a%00b", "organization"),
        ("pin=a&pin=%00", "pin"),
    ],
)
def test_view_refuses_what_it_cannot_understand(query, field):
    with pytest.raises(RequestError) as refused:
        parse_table_options(QueryDict(query))
    assert refused.value.status == 400
    assert list(refused.value.extra["fields"]) == [field]


ENTRIES = [
    entry(model="a", name="Alpha Chat", organization="Acme", rank=1, votes=50, open_weights=True),
    entry(replace(FACTS, size=70 * 10**9, commercial="no"), model="b", name="Beta", organization="Bolt", rank=2,
          votes=400, open_weights=False, voters=3),
    entry(replace(FACTS, commercial="conditional", released=date(2024, 5, 1), context=8192), model="c", name="Gamma",
          organization="Acme", rank=3, votes=90),
    unknown(model="d", name="Delta", rank=4, votes=10),
]  # fmt: skip


@pytest.mark.parametrize(
    ("limits", "found", "left_out", "unknown_of"),
    [
        ({}, "abcd", 0, {}),
        ({"q": "acme"}, "ac", 0, {}),
        ({"q": "CHAT acme"}, "a", 0, {}),
        ({"q": "chat bolt"}, "", 0, {}),
        ({"weights": "open"}, "ac", 1, {"weights": 1}),
        ({"weights": "closed"}, "b", 1, {"weights": 1}),
        ({"commercial": "yes"}, "a", 1, {"license": 1}),
        ({"commercial": "conditional"}, "ac", 1, {"license": 1}),
        ({"organization": "Bolt"}, "b", 1, {"organization": 1}),
        ({"size_max": 1e10}, "ac", 1, {"size": 1}),
        ({"size_min": 1e10}, "b", 1, {"size": 1}),
        ({"size_min": 7.24e9, "size_max": 7.24e9}, "ac", 1, {"size": 1}),
        ({"price_max": 1.0}, "abc", 1, {"price": 1}),
        ({"price_max": 0.99}, "", 1, {"price": 1}),
        ({"context_min": 10_000}, "ab", 1, {"context": 1}),
        ({"released_after": date(2026, 2, 3)}, "ab", 1, {"released": 1}),
        ({"size_max": 1e10, "price_max": 1.0}, "ac", 1, {"size": 1, "price": 1}),
        ({"q": "beta", "size_max": 1e10}, "", 0, {}),
    ],
)
def test_filtered_keeps_what_fits_and_counts_what_is_unknown(limits, found, left_out, unknown_of):
    shown = filter_entries(ENTRIES, TableOptions(**limits))
    assert "".join(each.slug for each in shown.entries) == found
    assert (shown.left_out_count, shown.unknown_counts) == (left_out, unknown_of)


@pytest.mark.parametrize(
    ("sort", "descending", "order"),
    [
        ("rank", False, "abcd"),
        ("rank", True, "dcba"),
        ("model", False, "abdc"),
        ("votes", True, "bcad"),
        ("votes", False, "dacb"),
        ("size", False, "acbd"),
        ("size", True, "bacd"),
        ("released", False, "cabd"),
        ("voters", True, "acbd"),
    ],
)
def test_filtered_sorts_with_what_is_unknown_last_and_equals_in_the_order_of_the_board(sort, descending, order):
    shown = filter_entries(ENTRIES, TableOptions(sort=sort, descending=descending))
    assert "".join(each.slug for each in shown.entries) == order
    assert {each.slug: each.row["rank"] for each in shown.entries} == dict(zip("abcd", (1, 2, 3, 4), strict=True))


@pytest.mark.parametrize("column", COLUMNS_BY_NAME)
@pytest.mark.parametrize("descending", [False, True])
def test_every_column_can_be_sorted_by(column, descending):
    assert len(filter_entries(ENTRIES, TableOptions(sort=column, descending=descending)).entries) == len(ENTRIES)


def test_usual_columns_are_those_of_which_something_is_known():
    assert list_default_columns(ENTRIES) == ("votes", "win_rate", "price", "context", "speed", "failures")
    assert list_default_columns(ENTRIES[3:]) == ("votes", "win_rate")


@pytest.mark.parametrize(
    ("board_key", "names"),
    [
        (TableOptions(), ["rank", "model", "rating", "votes"]),
        (TableOptions(columns=("price",)), ["rank", "model", "rating", "price"]),
        (TableOptions(columns=()), ["rank", "model", "rating"]),
        (TableOptions(sort="size"), ["rank", "model", "rating", "votes", "size"]),
    ],
)
def test_shown_columns_hold_the_chosen_ones_and_that_of_the_order(board_key, names):
    assert list_visible_columns(board_key, ["votes"]) == names


def test_every_column_says_what_it_is_and_reads_what_there_is():
    assert all(str(column.label) and len(str(column.description)) > 15 for column in COLUMNS)
    paths = [path.split(".") for column in COLUMNS for path in column.fields.values()]
    assert {names[1] for names in paths if names[0] == ROW} <= BoardRow.__annotations__.keys()
    assert len(OPTIONAL_COLUMNS) == len(COLUMNS) - 3


@pytest.mark.parametrize(
    ("sort", "descending", "order"),
    [
        ("rank", False, ["first", "second", "newcomer", "worse"]),
        ("rank", True, ["second", "first", "worse", "newcomer"]),
        ("rating", True, ["first", "second", "newcomer", "worse"]),
        ("votes", False, ["second", "first", "worse", "newcomer"]),
    ],
)
def test_models_without_a_rank_come_after_the_others_however_they_are_sorted(sort, descending, order):
    board = [
        entry(model="first", rank=1, rating=1100.0, votes=900),
        entry(model="second", rank=2, rating=1000.0, votes=800),
        entry(model="newcomer", rank=None, rating=1700.0, votes=20),
        entry(model="worse", rank=None, rating=900.0, votes=10),
    ]
    found = filter_entries(board, TableOptions(sort=sort, descending=descending)).entries
    assert [each.slug for each in found] == order


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
        (BoardKey(), TableOptions(q="<&>", pins=("x", "y")), "?q=%3C%26%3E&pin=x&pin=y"),
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
    assert options.build_query(build_board_parameters(board_key), USUAL) == query
    parameters = QueryDict(query[1:])
    assert parse_board_key(parameters) == board_key
    again = parse_table_options(parameters)
    assert list_visible_columns(again, USUAL) == list_visible_columns(options, USUAL)
    assert again.build_query(build_board_parameters(board_key), USUAL) == query


def test_fields_are_those_of_the_form():
    form_fields = filters.build_form_fields(TableOptions(q="x", size_max=7.24e9), [])
    assert [each.parameter for each in filters.FILTERS] == [field.name for field in fields(filters.FilterValues)]
    assert [field.filter for field in form_fields] == [*filters.FILTERS[1:]]
    assert {field.filter.parameter: field.text for field in form_fields if field.text} == {"size_max": "7.24"}
    assert all(filters.FACT_LABELS[each.fact] for each in filters.FILTERS if each.fact)
