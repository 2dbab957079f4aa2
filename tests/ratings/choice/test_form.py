"""From an address to limits."""

from datetime import date
from decimal import Decimal

import pytest
from django.http import QueryDict

from catalog.calculators.cost_model import MonthlyUse
from catalog.facts.fields import RateLimit
from ratings.choice.form import (
    CANDIDATE_VALUES,
    FORM_SECTIONS,
    ChoiceForm,
    list_limit_reasons,
    list_offered_fields,
    list_set_fields,
)
from ratings.choice.limits import LIMIT_ASSESSORS, TOKENS_PER_PAGE, Candidate, Limits


def describe_limits(form):
    return [limit[1:] for limit in list_set_fields(form)]


def form(query):
    return ChoiceForm(QueryDict(query))


@pytest.mark.parametrize(
    ("query", "limits"),
    [
        ("", Limits()),
        ("task=coding&context=&openness=&price=&among=a&among=b", Limits()),
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
        ("pages=300", Limits(context=180_000)),
        ("pages=300&context=100k", Limits(context=180_000)),
        ("pages=300&context=200k", Limits(context=200_000)),
    ],
)
def test_limits_are_those_of_the_address(query, limits):
    found = form(query)
    assert found.is_valid(), found.errors
    assert found.build_limits() == limits


def test_empty_fields_ask_for_nothing():
    empty = form("&".join(f"{name}=" for name in ChoiceForm.base_fields if name not in ("modalities", "among")))
    assert empty.is_valid()
    assert empty.build_limits().names == ()


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
        ("input_tokens=0", "input_tokens"),
        ("output_tokens=0", "input_tokens"),
        ("pages=0", "pages"),
        ("pages=2.5", "pages"),
        ("failures=101", "failures"),
        ("token_rate=0", "token_rate"),
        ("bits=0", "bits"),
        ("sort=speed", "sort"),
    ],
)
def test_bad_input_is_told_of_its_field(query, field):
    assert list(form(query).errors) == [field]


def test_every_limit_has_its_field_in_a_part():
    shown = {name for _, names in FORM_SECTIONS for name in names}
    assert shown | {"task", "pool", "category", "sort", "among", "find"} == set(ChoiceForm.base_fields)
    assert set(LIMIT_ASSESSORS) <= set(ChoiceForm.base_fields)


def test_page_counts_as_six_hundred_tokens_and_the_form_says_so():
    assert TOKENS_PER_PAGE == 600
    assert "600 tokens" in str(ChoiceForm.base_fields["pages"].help_text)
    found = form("pages=300")
    assert found.is_valid()
    assert describe_limits(found) == [("Min context (pages)", "300 (180,000 tokens)")]


@pytest.mark.parametrize(
    ("query", "described"),
    [
        ("gpu_memory=24", "24 GiB at 16 bits"),
        ("gpu_memory=2.5k&bits=4.5", "2.5k GiB at 4.5 bits"),
    ],
)
def test_gpu_memory_says_what_it_assumes(query, described):
    found = form(query)
    assert found.is_valid()
    assumed = f"{described} per parameter (weights plus 20%, without the cache)"
    assert describe_limits(found) == [("Max GPU memory (GiB)", assumed)]
    for words in ("16 bits per parameter", "plus 20%", "cache for conversations"):
        assert words in str(ChoiceForm.base_fields["gpu_memory"].help_text)


def test_bits_without_gpu_memory_are_a_limit_of_their_own():
    found = form("bits=4")
    assert found.is_valid()
    assert describe_limits(found) == [("Bits per parameter", "4")]


def test_limit_says_how_many_models_have_a_value_if_they_are_fewer_than_half():
    asked = form("")
    models = [Candidate("a", "A", context=1), Candidate("b", "B"), Candidate("c", "C", params=1, context=1)]
    assert asked.is_valid()  # which already makes the fields of the page
    list_offered_fields(models, asked)
    sentence = "We have data on 1 of 3 models."
    assert asked["params"].help_text == sentence
    assert asked["gpu_memory"].help_text.endswith(sentence)
    assert asked["context"].help_text == asked["bits"].help_text == ""
    assert ChoiceForm.base_fields["params"].help_text == ""


ALWAYS_OFFERED = set(ChoiceForm.base_fields) - set(CANDIDATE_VALUES)


@pytest.mark.parametrize(
    ("query", "known", "offered"),
    [
        (None, {}, set()),
        (None, {"context": 1}, {"context", "pages"}),
        (None, {"web_search": False}, {"search_instead"}),
        (None, {"params": 1}, {"params", "gpu_memory", "bits"}),
        ("latency=1", {"failure_rate": 0.0}, {"latency", "failures"}),  # a limit that is set stays in sight
        ("latency=&context=lots", {}, {"context"}),
    ],
)
def test_limit_is_offered_only_if_some_model_has_a_value(query, known, offered):
    asked = ChoiceForm(None if query is None else QueryDict(query))
    found = list_offered_fields([Candidate("a", "A"), Candidate("b", "B", **known)], asked)
    assert found - ALWAYS_OFFERED == offered
    assert found >= ALWAYS_OFFERED


@pytest.mark.parametrize(
    ("known", "is_offered"),
    [
        ({"requests_per_minute": RateLimit(60, ""), "tools": True}, False),
        ({"latency_s": 0.5, "failure_rate": 0.0}, True),  # only connected models are measured
    ],
)
def test_limit_on_a_fact_that_is_nearly_always_unknown_is_not_offered(known, is_offered):
    models = [Candidate(f"m-{number}", "M") for number in range(30)]
    fields = {name for name, value in CANDIDATE_VALUES.items() if value in known}
    assert (list_offered_fields([*models, Candidate("a", "A", **known)], ChoiceForm()) >= fields) is is_offered
    assert list_offered_fields([*models[:9], Candidate("a", "A", **known)], ChoiceForm()) >= fields


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("context=100000", "100,000"),
        ("context=128k", "128,000"),
        ("context=1M", "1M"),
        ("params=7.24B", "7.24B"),
        ("params=7241732096", "7,241,732,096"),
        ("input_tokens=1500000&output_tokens=0", "1.5M"),
        ("price=2.0", "2.0"),
        ("monthly=5000&input_tokens=1M&output_tokens=1M", "5,000"),
    ],
)
def test_number_is_written_the_same_however_it_was_typed(query, value):
    asked = form(query)
    assert asked.is_valid(), asked.errors
    assert value in dict(describe_limits(asked)).values()


def test_every_limit_has_a_reason():
    labels = [str(label) for label, _ in list_limit_reasons(set(ChoiceForm.base_fields))]
    assert set(labels) == {str(ChoiceForm.base_fields[name].label) for name in (*LIMIT_ASSESSORS, "search_instead")}
    assert [str(label) for label, _ in list_limit_reasons({"price"})] == ["Max $ per million tokens (blended)"]


@pytest.mark.parametrize(
    ("given", "shown"), [("2026-01", "2026-01-01"), ("2026-01-31", "2026-01-31"), ("soon", "soon")]
)
def test_month_fills_the_date_input_with_its_first_day(given, shown):
    assert f'value="{shown}"' in str(ChoiceForm({"cutoff": given})["cutoff"])


def test_limit_of_zero_is_a_limit():
    found = ChoiceForm({"price": "0"})
    assert found.is_valid()
    assert describe_limits(found) == [("Max $ per million tokens (blended)", "0")]
