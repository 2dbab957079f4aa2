"""From an address to limits."""

from datetime import date
from decimal import Decimal

import pytest
from django.http import QueryDict

from catalog.calculators.cost_model import MonthlyUse
from ratings.choice.form import FORM_SECTIONS, ChoiceForm
from ratings.choice.limits import LIMIT_ASSESSORS, Limits, is_limit_set


def form(query):
    return ChoiceForm(QueryDict(query))


@pytest.mark.parametrize(
    ("query", "limits"),
    [
        ("", Limits()),
        ("task=coding&context=&openness=&price=&unknown=keep", Limits()),
        ("commercial=on&tools=1", Limits(commercial=True, tools=True)),
        ("context=200k&params=4B&rate=60", Limits(context=200_000, params=4 * 10**9, rate=60)),
        ("failures=0.5&token_rate=30k", Limits(failures=Decimal("0.5"), token_rate=30_000)),
        ("openness=open", Limits(openness="open")),
        ("cutoff=2025-06&search_instead=on", Limits(cutoff=date(2025, 6, 1), search_instead=True)),
        ("cutoff=2025-06-15", Limits(cutoff=date(2025, 6, 15))),
        ("modalities=image&modalities=audio", Limits(modalities=frozenset({"image", "audio"}))),
        ("price=2&latency=.5&speed=40", Limits(price=Decimal(2), latency=Decimal("0.5"), speed=Decimal(40))),
        (
            "monthly=500&input_tokens=100M&output_tokens=20M",
            Limits(monthly=Decimal(500), use=MonthlyUse(10**8, 2 * 10**7)),
        ),
        ("input_tokens=1M", Limits(use=MonthlyUse(10**6, 0))),
        ("gpu_memory=24&bits=4", Limits(gpu_memory=Decimal(24), bytes_each=Decimal("0.5"))),
        ("weeks=4", Limits(weeks=Decimal(4))),
        ("unknown=exclude", Limits(exclude_unknown=True)),
    ],
)
def test_limits_are_those_of_the_address(query, limits):
    found = form(query)
    assert found.is_valid(), found.errors
    assert found.build_limits() == limits


def test_empty_fields_ask_for_nothing():
    empty = form("&".join(f"{name}=" for name in ChoiceForm.base_fields if name != "modalities"))  # no boxes ticked
    assert empty.is_valid()
    assert [name for name in LIMIT_ASSESSORS if is_limit_set(empty.build_limits(), name)] == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("task=juggling", "task"),
        ("pool=%00", "pool"),
        ("context=0", "context"),
        ("context=nan", "context"),
        ("price=-1", "price"),
        ("cutoff=soon", "cutoff"),
        ("cutoff=2025-13", "cutoff"),
        ("modalities=smell", "modalities"),
        ("openness=ajar", "openness"),
        ("monthly=5&output_tokens=1", "input_tokens"),
        ("monthly=5&input_tokens=1", "output_tokens"),
        ("input_tokens=0&output_tokens=0", "input_tokens"),
        ("unknown=maybe", "unknown"),
        ("failures=101", "failures"),
        ("token_rate=0", "token_rate"),
        ("bits=0", "bits"),
    ],
)
def test_bad_input_is_told_of_its_field(query, field):
    assert list(form(query).errors) == [field]


def test_every_limit_has_its_field_in_a_part():
    shown = {name for _, names in FORM_SECTIONS for name in names} | {"task", "pool", "unknown"}
    assert shown == set(ChoiceForm.base_fields)
    assert set(LIMIT_ASSESSORS) <= set(ChoiceForm.base_fields)
