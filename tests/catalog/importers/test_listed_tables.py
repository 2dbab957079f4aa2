"""The generated tables: what an update changes, and what it leaves as it was."""

import csv
from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from catalog.facts.fields import Claim
from catalog.importers import listed_tables
from catalog.importers.listed_selection import DatedPrice
from catalog.importers.listed_tables import update_facts, update_prices
from catalog.sources.record import ListedPrice

V1, V2 = "https://a.example (litellm 1, gpt-9)", "https://a.example (litellm 2, gpt-9)"
OLD, NEW = date(2026, 10, 1), date(2026, 11, 27)


def claim(value, source, as_of, field="max_output"):
    return Claim(field, value, source, as_of)


def price(rate, as_of, source="a"):
    return DatedPrice(ListedPrice(Decimal(rate), Decimal(rate)), source, as_of)


@pytest.mark.parametrize(
    ("old", "listed", "packages", "updated", "changes"),
    [
        ([], [claim(1, V2, NEW)], ["litellm"], [claim(1, V2, NEW)], Counter(new=1)),
        ([claim(1, V1, OLD)], [claim(1, V2, NEW)], ["litellm"], [claim(1, V1, OLD)], Counter()),
        ([claim(1, V1, OLD)], [claim(2, V2, NEW)], ["litellm"], [claim(2, V2, NEW)], Counter(changed=1)),
        ([claim(1, V1, OLD)], [], ["litellm", "models-dev"], [], Counter(removed=1)),
        ([claim(1, V1, OLD)], [], ["models-dev"], [claim(1, V1, OLD)], Counter()),
    ],
)
def test_a_fact_that_did_not_change_keeps_its_line(old, listed, packages, updated, changes):
    counted = Counter()
    result = update_facts({each.field: each for each in old}, listed, packages, counted)
    assert (list(result.values()), counted) == (updated, changes)


@pytest.mark.parametrize(
    ("old", "listed", "updated", "changes"),
    [
        ([], [price(1, NEW)], [price(1, NEW)], Counter(new=1)),
        ([price(1, OLD)], [price(1, NEW, "b")], [price(1, OLD)], Counter()),
        ([price(1, OLD)], [price(2, NEW)], [price(2, NEW), price(1, OLD)], Counter(changed=1)),
        ([price(1, OLD)], [], [price(1, OLD)], Counter()),
        ([price(1, OLD)], [price(1, NEW), price(3, date(2025, 1, 1))], [price(1, OLD), price(3, date(2025, 1, 1))],
            Counter()),
    ],
)  # fmt: skip
def test_a_price_that_did_not_change_keeps_its_line_and_earlier_ones_stay(old, listed, updated, changes):
    counted = Counter()
    assert update_prices(old, listed, counted) == updated
    assert counted == changes


def test_another_context_of_a_host_keeps_source_and_day():
    old = price(1, OLD)
    longer = DatedPrice(replace(price(1, NEW).price, context=32_000), "b", NEW)
    [updated] = update_prices([old], [longer], Counter())
    assert (updated.price.context, updated.source, updated.as_of) == (32_000, "a", OLD)


def test_tables_are_read_as_they_were_written():
    tiers = ({"above": 200_000, "input": 2.5, "output": 8.0},)
    facts = {
        "b": {"tools": claim(False, "s", OLD, "tools"), "modalities": claim(["text", "pdf"], "s", OLD, "modalities")},
        "a": {"max_output": claim(5, "s, with a comma", OLD)},
    }
    prices = {"a": [DatedPrice(ListedPrice(Decimal("1.25"), Decimal(10), Decimal("0.1"), tiers, context=9), "s", OLD)]}
    assert listed_tables.parse_facts(rows(listed_tables.format_facts(facts, "one\ntwo"))) == facts
    assert listed_tables.parse_prices(rows(listed_tables.format_prices(prices, "one"))) == prices


def rows(text):
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


def test_lines_are_sorted_by_model_and_field():
    facts = {"b": {"x": claim(1, "s", OLD), "a": claim(1, "s", OLD)}, "a": {"z": claim(1, "s", OLD)}}
    text = listed_tables.format_facts(facts, "made by a script")
    assert [line.split(",")[:2] for line in text.splitlines()[2:]] == [["a", "z"], ["b", "a"], ["b", "x"]]
