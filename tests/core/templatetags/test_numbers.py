"""Template filters for numbers and times."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from core.templatetags import numbers
from core.text.number_format import format_rounded


@pytest.mark.parametrize(
    ("amount", "text"), [("0", "$0"), ("0.014", "$0.014"), ("99.99", "$99.99"), ("100", "$100"), ("38400.4", "$38,400")]
)
def test_whole_dollars_leave_out_cents_of_large_amounts(amount, text):
    assert numbers.whole_dollars(Decimal(amount)) == text


@pytest.mark.parametrize(
    ("number", "digits", "text"),
    [
        (12.25, 1, "12.3"),
        (12.34, 1, "12.3"),
        (-0.04, 1, "0.0"),
        (-1530.5, 0, "\N{MINUS SIGN}1,531"),
        (262144, 0, "262,144"),
    ],
)
def test_rounded_rounds_half_away_from_zero(number, digits, text):
    assert format_rounded(number, digits) == text


@pytest.mark.parametrize(
    ("low", "high", "fitted", "text"),
    [
        (1203.4, 1290.5, True, "1,203 – 1,291"),
        (1203.4, None, True, "at least 1,203"),
        (None, 1290.5, "published", "at most 1,291"),
        (None, None, True, "too few votes for an interval"),
        (None, None, None, ""),
        (0, 0, False, "0 – 0"),
    ],
)
def test_interval_has_whole_points_and_names_open_ends(low, high, fitted, text):
    assert numbers.interval(low, high, fitted) == text


@pytest.mark.parametrize(
    ("age", "text"),
    [
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=60), "1 minute ago"),
        (timedelta(hours=2, minutes=59), "2 hours ago"),
        (timedelta(days=6, hours=23), "6 days ago"),
        (timedelta(days=7), "Nov 21, 2026"),
    ],
)
def test_ago_is_the_age_in_one_unit_or_after_a_week_the_day(monkeypatch, age, text):
    now = datetime(2026, 11, 28, 12, tzinfo=UTC)
    monkeypatch.setattr(timezone, "now", lambda: now)
    assert numbers.ago(now - age).replace("\N{NO-BREAK SPACE}", " ") == text


@pytest.mark.parametrize(
    ("write", "number", "written"),
    [
        (numbers.count, 72.25e9, "72.2B"),
        (numbers.count, 0.4, "0"),
        (numbers.power, 5.88e23, "5.88 \N{MULTIPLICATION SIGN} 10<sup>23</sup>"),
        (numbers.power, 6, "6.00 \N{MULTIPLICATION SIGN} 10<sup>0</sup>"),
        (numbers.gib, Decimal("15.625"), "15.62"),
        (numbers.gib, Decimal("1234.5"), "1,234.50"),
        (numbers.times, 1867.9, "1,868"),
        (numbers.times, 20.0, "20"),
        (numbers.times, 1.07, "1.1"),
        (numbers.times, 0.0536, "0.054"),
    ],
)
def test_numbers_are_written(write, number, written):
    assert write(number) == written
