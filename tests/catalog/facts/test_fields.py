"""Parsers of fact values."""

from datetime import UTC, date, datetime, timedelta

import pytest

from catalog.facts.fields import (
    FACT_FIELDS,
    ORDERED_PAIRS,
    RateLimit,
    is_in_future,
    parse_rate,
    parse_value,
    to_column_value,
)
from catalog.models import LanguageModel


def test_ordered_are_fields():
    assert {field for pair in ORDERED_PAIRS for field in pair} <= set(FACT_FIELDS)


def test_every_field_is_a_column():
    assert set(FACT_FIELDS) <= {field.name for field in LanguageModel._meta.get_fields()}


@pytest.mark.parametrize(
    ("field", "raw", "kept", "column"),
    [
        ("organization", " Maker ", "Maker", "Maker"),
        ("open_weights", "true", True, True),
        ("open_weights", False, False, False),
        ("kind", "merge", "merge", "merge"),
        ("status", "retired", "retired", "retired"),
        ("release_date", "2024-05", "2024-05", date(2024, 5, 1)),
        ("release_date", "unpublished", "unpublished", None),
        ("license", "unpublished", "unpublished", None),
        ("parameters_total", "unpublished", "unpublished", None),
        ("release_date", "2024-05-13", "2024-05-13", date(2024, 5, 13)),
        ("knowledge_cutoff", "2023-09", "2023-09", date(2023, 9, 1)),
        ("parameters_total", "671000000000", 671_000_000_000, 671_000_000_000),
        ("training_tokens", 15_000_000_000_000, 15_000_000_000_000, 15_000_000_000_000),
        ("context_window", "128000", 128_000, 128_000),
        ("modalities", "image text", ["text", "image"], ["text", "image"]),
        ("modalities", ["pdf"], ["pdf"], ["pdf"]),
        ("fine_tuning", "weights", "weights", "weights"),
        ("requests_per_minute", "50 (usage tier 1)", "50 (usage tier 1)", "50 (usage tier 1)"),
        ("tokens_per_minute", 30_000, "30000", "30000"),
        ("layers", "80", 80, 80),
    ],
)
def test_read_takes_texts_and_values(field, raw, kept, column):
    assert parse_value(field, raw) == kept
    assert to_column_value(field, kept) == column


@pytest.mark.parametrize(
    ("field", "raw"),
    [
        ("weight", "1"),
        ("organization", ""),
        ("organization", "x" * 201),
        ("organization", "a\x00b"),
        ("organization", 3),
        ("open_weights", "yes"),
        ("open_weights", "unpublished"),
        ("retires_on", "unpublished"),
        ("kind", "instruct"),
        ("status", "deprecated"),
        ("release_date", "2024"),
        ("release_date", "2024-13"),
        ("release_date", "2023-02-29"),
        ("release_date", "13.5.2024"),
        ("release_date", "0001-01"),
        ("knowledge_cutoff", "9999-12-31"),
        ("parameters_total", "0"),
        ("parameters_total", "-1"),
        ("parameters_total", "7.5"),
        ("parameters_total", True),
        ("parameters_total", "1" + "0" * 16),
        ("context_window", str(2**31)),
        ("modalities", ""),
        ("modalities", "smell"),
        ("fine_tuning", "yes"),
        ("requests_per_minute", "0"),
        ("requests_per_minute", "fifty"),
        ("requests_per_minute", "50 tier 1"),
        ("requests_per_minute", "50 ()"),
        ("requests_per_minute", f"50 ({'x' * 100})"),
        ("tokens_per_minute", "50 (a\x00b)"),
        ("tokens_per_minute", True),
        ("kv_heads", "100001"),
    ],
)
def test_read_refuses_what_is_no_value_and_names_the_field(field, raw):
    with pytest.raises(ValueError, match=f"^'?{field}"):
        parse_value(field, raw)


@pytest.mark.parametrize(
    ("field", "empty"),
    [("tools", None), ("kind", ""), ("modalities", []), ("status", "current"), ("tokens_per_minute", "")],
)
def test_unknown_on_purpose_empties_the_column(field, empty):
    assert to_column_value(field, None) == empty


@pytest.mark.parametrize(
    ("text", "found", "shown"),
    [
        (
            "30000 (usage tier 1; input only)",
            RateLimit(30_000, "usage tier 1; input only"),
            "30,000 (usage tier 1; input only)",
        ),
        ("500", RateLimit(500, ""), "500"),
        ("", None, "None"),
    ],
)
def test_rate_is_a_number_and_for_whom_it_holds(text, found, shown):
    assert (parse_rate(text), str(parse_rate(text))) == (found, shown)


@pytest.mark.parametrize(("days", "expected"), [(-1, False), (0, False), (1, False), (2, True), (400, True)])
def test_tomorrow_has_come_somewhere(days, expected):
    assert is_in_future(datetime.now(UTC).date() + timedelta(days=days)) is expected
