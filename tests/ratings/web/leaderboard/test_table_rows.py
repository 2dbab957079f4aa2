"""How figures are written for people."""

import re
from dataclasses import replace

import pytest

from core.templatetags.strips import Scale
from ratings.boards.model_facts import RatingChange
from ratings.web.leaderboard.columns import OPTIONAL_COLUMNS
from ratings.web.leaderboard.table_rows import (
    build_cell,
    build_rating_scale,
    build_row,
    format_group,
    format_rank_range,
    format_tied_ranks,
    list_attributes,
)
from tests.ratings.board_rows import FACTS, entry, unknown

DASH, MINUS = "\N{EN DASH}", "\N{MINUS SIGN}"
KNOWN = {
    "change": "+12 ↑2",
    "tier": "1",
    "votes": "1,280",
    "voters": "90",
    "win_rate": "62%",
    "size": "7.24B",
    "price": "$1.00",
    "context": "131K",
    "speed": "52/s",
    "wait": "0.42 s",
    "failures": "1.2%",
    "released": "Feb 2026",
}


@pytest.mark.parametrize("column", [column.name for column in OPTIONAL_COLUMNS])
def test_cell_is_short_and_what_is_unknown_is_a_dash(column):
    assert build_cell(entry(change=RatingChange(12.3, 2)), column).text == KNOWN[column]
    nothing = build_cell(unknown(tier=None, votes=0, win_rate=None), column)
    assert (nothing.text, nothing.mark) == (("0", "") if column == "votes" else (DASH, " unknown"))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (RatingChange(), "new"),
        (RatingChange(-3.6, -1), f"{MINUS}4 ↓1"),
        (RatingChange(0.2, 0), "±0"),
        (RatingChange(-0.2, 3), "±0 ↑3"),
        (RatingChange(1234.0, 0), "+1,234"),
    ],
)
def test_change_shows_direction_and_places(change, text):
    assert build_cell(entry(change=change), "change").text == text


@pytest.mark.parametrize(
    ("beyond", "text", "mark"),
    [
        (None, "+12 ↑2", ""),
        (True, "+12 ↑2", " beyond-noise"),
        (
            False,
            '<span title="not significant">+12 ↑2</span><span class="visually-hidden">, not significant</span>',
            " within-noise",
        ),
    ],
)
def test_change_within_noise_says_so(beyond, text, mark):
    found = build_cell(entry(change=RatingChange(12.3, 2, beyond)), "change")
    assert (found.text, found.mark) == (text, mark)


@pytest.mark.parametrize(
    ("fields", "parts"),
    [
        ({}, ["Maker", "open", "MIT"]),
        ({"open_weights": False, "license": None}, ["Maker", "closed"]),
        ({"open_weights": None, "license": None, "organization": None}, []),
        ({"license": "proprietary", "open_weights": False}, ["Maker", "closed"]),
        ({"license": "proprietary", "open_weights": None}, ["Maker", "closed"]),
    ],
)
def test_about_holds_what_is_known(fields, parts):
    assert list_attributes(entry(**fields)) == parts


@pytest.mark.parametrize(("component", "text"), [(0, ""), (1, "group 2"), (2, "group 3")])
def test_group_is_named_where_it_is_not_the_main_one(component, text):
    assert format_group(entry(component=component).row) == text


@pytest.mark.parametrize(("low", "high", "text"), [(1, 3, f"1{DASH}3"), (2, 2, ""), (None, None, "")])
def test_places_are_a_range_where_they_are_one(low, high, text):
    assert format_rank_range(entry(rank_low=low, rank_high=high)) == text


@pytest.mark.parametrize(
    ("rows", "ends"),
    [
        ([], None),
        ([(1000.0, 900.0, 1100.0)], (892, 1108)),
        ([(1000.0, None, None)], (960, 1040)),
        ([(1000.0, 950.0, 1050.0), (-34.0, None, 310.0)], (946, 1054)),
        ([(1400.0, 1250.0, None), (0.0, None, 310.0)], (-56, 1456)),
    ],
)
def test_axis_holds_closed_ends_and_of_models_without_a_bound_only_if_there_are_no_others(rows, ends):
    names = ("rating", "ci_low", "ci_high")
    entries = [entry(**dict(zip(names, each, strict=True)), unbounded=None in each) for each in rows]
    scale = build_rating_scale(entries, "board", 1000)
    assert (scale and (scale.low, scale.high)) == ends


@pytest.mark.parametrize(
    ("fields", "intervals", "open_ends", "beyond"),
    [
        ({}, ['x1="50.6%" x2="72.45%"'], 0, 0),
        ({"ci_low": None}, ['x1="0%" x2="72.45%"'], 1, 0),
        ({"ci_high": None}, ['x1="50.6%" x2="100%"'], 1, 0),
        ({"interval": None, "ci_low": None, "ci_high": None}, [], 0, 0),
        ({"rating": -34.0}, ['x1="50.6%" x2="72.45%"'], 0, 1),
        ({"rating": 900.0}, ['x1="50.6%" x2="72.45%"'], 0, 0),
    ],
)
def test_strip_of_a_line_runs_out_where_the_interval_is_open_and_has_no_bar_without_an_interval(
    fields, intervals, open_ends, beyond
):
    html = build_row(entry(**fields), [], (), Scale(900, 1100)).strip_html
    assert re.findall(r'"strip-interval" (x1="[^"]*" x2="[^"]*")', html) == intervals
    assert (html.count("strip-open"), html.count("strip-beyond")) == (open_ends, beyond)
    assert html.count("strip-dot") == 1 - beyond


@pytest.mark.parametrize(
    ("pins", "pin"), [("abc", ""), (["quokka"], "checked"), ("abcd", "disabled"), (["quokka", *"abc"], "checked")]
)
def test_line_can_be_pinned_until_there_are_enough(pins, pin):
    assert build_row(entry(), [], pins, None).pin_attribute == pin


def test_line_marks_what_is_provisional_or_retired():
    plain, marked = (
        build_row(each, [], (), None)
        for each in (entry(), entry(replace(FACTS, retired=True), provisional=True, votes=3))
    )
    assert (plain.provisional, plain.retired) == ("", False)
    assert (marked.provisional, marked.retired) == (
        "It has only 3 votes. Ratings with fewer than 100 votes are provisional.",
        True,
    )


def test_line_of_a_model_without_a_rank_says_what_it_lacks_and_where_it_could_stand():
    found = [
        build_row(entry(rank=None, rank_low=low, rank_high=high, tier=None, votes_to_rank=40), [], (), None)
        for low, high in ((1, 3), (1, 1))
    ]
    assert [(each.rank, each.rank_range, each.missing_votes_text) for each in found] == [
        (DASH, f"1{DASH}3", "40 more votes"),
        (DASH, "1", "40 more votes"),
    ]
    ranked = build_row(entry(rank_low=1, rank_high=1), [], (), None)
    assert (ranked.rank_range, ranked.missing_votes_text) == ("", "")


@pytest.mark.parametrize(
    ("fields", "ranks"),
    [
        ({"rank": 3, "rank_low": 2, "rank_high": 8}, "2 8"),
        ({"rank": 3, "rank_low": None, "rank_high": None}, ""),
        ({"rank": None, "rank_low": 2, "rank_high": 8}, ""),
        ({"rank": 3, "rank_low": 2, "rank_high": 8, "component": 1}, ""),
        (
            {"rank": 3, "rank_low": 2, "rank_high": 8, "interval": "published", "ci_low": 1.5, "ci_high": 4.0},
            "2 8 1.5 4.0",
        ),
    ],
)
def test_ranks_that_no_test_tells_apart_are_those_of_a_ranked_model_in_the_main_group(fields, ranks):
    assert format_tied_ranks(entry(**fields).row) == ranks
