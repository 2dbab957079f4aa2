"""How ratings and intervals are written for people."""

import pytest
from django.template.defaultfilters import floatformat

from core.text.number_format import format_rounded
from ratings.boards.number_text import format_interval, format_margin, format_whole
from tests.ratings.board_rows import row

DASH, MINUS = "\N{EN DASH}", "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (1001.2, 1044.9, f"1,001 {DASH} 1,045"),
        (1001.2, None, "at least 1,001"),
        (None, 1044.9, "at most 1,045"),
        (None, None, "too few votes for an interval"),
    ],
)
def test_interval_says_which_end_is_open(low, high, text):
    assert format_interval(row(ci_low=low, ci_high=high)) == text


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [(990.0, 1010.9, "±10"), (1001.2, None, "≥ 1,001"), (None, 1044.9, "≤ 1,045"), (None, None, "")],
)
def test_error_is_short(low, high, text):
    assert format_margin(row(ci_low=low, ci_high=high)) == text


def test_elo_has_no_interval_to_be_open():
    assert format_interval(row(ci_low=None, ci_high=None, interval=None)) == ""


@pytest.mark.parametrize(("number", "text"), [(None, DASH), (0.4, "0"), (-31.0, f"{MINUS}31"), (1234.5, "1,235")])
def test_whole_is_grouped(number, text):
    assert format_whole(number) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(1530.5, "1,531"), (1531.5, "1,532"), (1530.49999, "1,530"), (0.5, "1"), (-0.4, "0"), (1e6 + 0.5, "1,000,001")],
)
def test_rating_is_rounded_as_templates_round_it(number, text):
    assert format_whole(number) == format_rounded(number) == text
    assert floatformat(number, "0g").removeprefix("-") == text
