"""Filters and sort order of the table of models and scores."""

from datetime import date
from decimal import Decimal

import pytest

from catalog.benchmarks.table_view import ScoreCell, TableEntry, TablePrice, TableView, parse_view, select_entries

CELL = ScoreCell(50.0, 33.3, 0.005, None, self_reported=False, measured_by="us")
KNOWN = {
    "organization": "Maker", "license": "MIT", "commercial": "yes", "open_weights": True, "kind": "chat", "size": 7.0,
    "context": 8192, "price": None, "released": date(2024, 1, 1), "precision": "bfloat16", "rating": 1000.0,
    "cells": {"mmlu": CELL},
}  # fmt: skip
UNKNOWN = {
    "organization": "", "license": "", "commercial": "unknown", "open_weights": None, "kind": "", "size": None,
    "context": None, "price": None, "released": None, "precision": "", "rating": None, "cells": {},
}  # fmt: skip


def entry(name, **fields):
    return TableEntry(slug=name.lower(), name=name, **(KNOWN | fields))


def priced(dollars):
    return TablePrice(Decimal(dollars), by_hand=False)


def scored(value, normalized):
    return ScoreCell(value, normalized, None, None, self_reported=False, measured_by="")


def names(entries, **view):
    return [selected.name for selected in select_entries(entries, TableView(**view))[0]]


@pytest.mark.parametrize(
    ("asked", "view"),
    [
        ({}, TableView()),
        ({"weights": "open", "kind": "chat", "sort": "size"}, TableView(weights="open", kind="chat", sort="size")),
        ({"q": " Claude  opus "}, TableView(q="Claude  opus")),
        ({"size_from": "0.5", "size_to": "10"}, TableView(size_from=0.5, size_to=10.0)),
        ({"size_from": "", "organization": "", "kind": ""}, TableView()),
        ({"unknown": "x", "scale": "normalized"}, TableView(scale="normalized")),
    ],
)
def test_parse_reads_what_is_asked(asked, view):
    assert parse_view(asked) == view


def test_parse_takes_columns_and_skips_empty_ones():
    assert parse_view({}, ["mmlu", "", "gpqa"]) == TableView(column=("mmlu", "gpqa"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("weights", "half"), ("kind", "instruct"), ("commercial", "maybe"), ("scale", "log"), ("order", "up"),
        ("size_from", "big"), ("size_from", "-1"), ("size_to", "nan"), ("sort", "a\x00"), ("size_to", "inf"),
        ("q", "a\x00"),
    ],
)  # fmt: skip
def test_parse_refuses_and_names_the_parameter(name, value):
    with pytest.raises(ValueError, match=f"^“{name}” must be"):
        parse_view({name: value})


@pytest.mark.parametrize(
    ("asked", "fields", "passes"),
    [
        ({}, {"open_weights": False}, True),
        ({"q": "mak a"}, {}, True),
        ({"q": "mak b"}, {}, False),
        ({"q": "gpt4o"}, {"name": "GPT-4o"}, True),
        ({"weights": "open"}, {}, True),
        ({"weights": "closed"}, {}, False),
        ({"weights": "closed"}, {"open_weights": False}, True),
        ({"kind": "chat"}, {}, True),
        ({"kind": "base"}, {}, False),
        ({"commercial": "yes"}, {}, True),
        ({"commercial": "yes"}, {"commercial": "conditional"}, False),
        ({"organization": "Other"}, {}, False),
        ({"license": "MIT"}, {}, True),
        ({"precision": "float16"}, {}, False),
        ({"size_from": 7}, {}, True),
        ({"size_from": 7.1}, {}, False),
        ({"size_to": 7}, {}, True),
        ({"size_to": 6.9}, {}, False),
    ],
)
def test_filters(asked, fields, passes):
    candidate = entry(**{"name": "A"} | fields)
    assert select_entries([candidate], TableView(**asked)) == ([candidate] if passes else [], 0)


@pytest.mark.parametrize(
    "asked",
    [
        {"weights": "open"}, {"kind": "chat"}, {"commercial": "no"}, {"organization": "M"}, {"license": "M"},
        {"precision": "x"}, {"size_from": 1}, {"size_to": 1},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_unknown_is_left_out_and_counted_only_where_a_filter_asks(asked):
    assert select_entries([entry("A", **UNKNOWN)], TableView(**asked)) == ([], 1)
    assert names([entry("A", **UNKNOWN)]) == ["A"]


def test_a_model_that_fails_a_filter_is_not_counted_as_unknown():
    assert select_entries([entry("A", size=None, kind="base")], TableView(kind="chat", size_to=10)) == ([], 0)


@pytest.mark.parametrize(
    ("asked", "order"),
    [
        ({"sort": "name"}, ["a", "B", "c"]),
        ({"sort": "name", "order": "desc"}, ["c", "B", "a"]),
        ({"sort": "size"}, ["B", "a", "c"]),
        ({"sort": "size", "order": "asc"}, ["a", "B", "c"]),
        ({"sort": "price"}, ["B", "a", "c"]),
        ({"sort": "context"}, ["a", "B", "c"]),
        ({"sort": "rating"}, ["a", "B", "c"]),
        ({"sort": "mmlu"}, ["c", "a", "B"]),
        ({"sort": "mmlu", "scale": "normalized"}, ["a", "c", "B"]),
    ],
)
def test_order_has_unknown_values_last(asked, order):
    entries = [
        entry("c", size=None, context=None, price=None, rating=3.0, cells={"mmlu": scored(90, 1)}),
        entry("a", size=1.0, context=9, price=priced(3), rating=5.0, cells={"mmlu": scored(80, 2)}),
        entry("B", size=2.0, context=8, price=priced(1), rating=4.0, cells={}),
    ]
    assert names(entries, **asked) == order
