"""The shipped facts, as the pages show them: no value contradicts another one, and known mistakes are gone."""

import re
from datetime import date

import pytest

from catalog.facts.fields import UNPUBLISHED, parse_day, parse_value
from catalog.importers.listed_selection import MAKER_FIELDS
from catalog.importers.listed_tables import FACTS_FILE, PRICES_FILE, parse_prices
from catalog.matching import seed_files
from catalog.sources.providers import HOSTS, find_provider
from ratings.interchange.reference_file import RATINGS_PATH, list_makers

TODAY = date(2026, 11, 28)
CHECKED, LISTED = (seed_files.read_seed_rows(name) for name in ("facts.csv", FACTS_FILE))
PRICES = parse_prices(seed_files.read_seed_rows(PRICES_FILE))
HOST_PATTERN = re.compile(r"[(][\w.-]+ [\w.]+, ([\w.-]+)/")


def load_facts():
    """Return model → field → value. Checked facts take precedence over listed ones."""
    facts = {}
    for row in CHECKED + LISTED:
        facts.setdefault(row["model"], {}).setdefault(row["field"], parse_value(row["field"], row["value"]))
    return facts


FACTS = load_facts()


def pairs(one, other):
    """Yield the models with both values."""
    for model, facts in FACTS.items():
        values = (facts.get(one), facts.get(other))
        if None not in values and UNPUBLISHED not in values:
            yield model, *values


def test_no_model_knows_what_happened_in_the_month_of_its_release():
    dates = list(pairs("knowledge_cutoff", "release_date"))
    assert len(dates) > 120
    assert [each for each in dates if each[1][:7] >= each[2][:7]] == []


@pytest.mark.parametrize("limit", ["max_input", "max_output"])
def test_no_limit_exceeds_the_context(limit):
    assert [each for each in pairs(limit, "context_window") if each[1] > each[2]] == []


def test_at_least_half_of_the_context_can_be_input():
    assert [each for each in pairs("max_input", "context_window") if 2 * each[1] < each[2]] == []


def test_hosts_do_not_say_what_a_model_accepts_and_knows():
    hosted = [row for row in LISTED if (match := HOST_PATTERN.search(row["source"])) and is_host(match[1])]
    assert [row for row in hosted if row["field"] in MAKER_FIELDS | {"max_input"}] == []


def is_host(name):
    return find_provider(name) in HOSTS


def test_no_price_falls_with_the_length_of_the_prompt():
    odd = [model for model, history in PRICES.items() if any(dated.price.is_cheaper_when_longer for dated in history)]
    assert odd == []


def test_successors_have_pages():
    known = FACTS.keys() | list_makers(RATINGS_PATH).keys()
    assert {facts["successor"] for facts in FACTS.values() if "successor" in facts} <= known


@pytest.mark.parametrize(
    "model",
    [
        "gpt-3.5-turbo-0314",
        "gemini-advanced-0514",
        "pplx-70b-online",
        "pplx-7b-online",
        "mistral-large-2402",
        "mistral-medium",
        "gemini-pro-dev-api",
        "gemini-2.5-flash-lite-06-17",
        "grok-3-mini",
        "grok-3-mini-beta",
    ],
)
def test_a_model_that_its_maker_has_switched_off_is_retired(model):
    facts = FACTS[model]
    assert facts.get("status") == "retired" or parse_day(facts["retires_on"]) <= TODAY


@pytest.mark.parametrize(
    ("model", "field", "value"),
    [
        ("gpt-oss-120b", "knowledge_cutoff", "2024-06"),
        ("gemma-3-27b-it", "knowledge_cutoff", "2024-08"),
        ("deepseek-v3.1", "knowledge_cutoff", None),
        ("grok-4.5", "knowledge_cutoff", None),
        ("gemma-3-4b-it", "modalities", ["text", "image"]),
        ("gemma-3-12b-it", "modalities", ["text", "image"]),
        ("gemma-3n-e4b-it", "modalities", ["text", "image", "audio"]),
        ("gemma-2-9b-it", "modalities", ["text"]),
        ("gemma-2-27b-it", "modalities", ["text"]),
        ("nova-2-lite", "release_date", "2025-12-02"),
        ("nova-2-lite", "context_window", 1_000_000),
        ("claude-sonnet-4-5-20250929", "context_window", 200_000),
        ("claude-sonnet-4-5-20250929", "max_input", None),
        ("qwen3-32b", "max_input", None),
        ("deepseek-coder-v2-0724", "open_weights", True),
        ("deepseek-v4-flash", "modalities", ["text"]),
        ("deepseek-v4-flash", "release_date", "2026-04-24"),
        ("deepseek-v4-flash-preview", "release_date", "2026-04-24"),
        ("deepseek-v4.1-flash-20261017", "open_weights", True),
        ("muse-spark-open", "parameters_total", 816_000_000_000),
        ("grok-2-2024-08-13", "open_weights", True),
        ("qwen3.8-max-0902", "open_weights", False),
    ],
)
def test_values_that_were_wrong(model, field, value):
    assert FACTS[model].get(field) == value


def test_a_price_under_a_name_that_the_maker_gave_away_is_that_of_the_other_model():
    deepseek = [dated.source for dated in PRICES["deepseek-v4-flash"] if dated.as_of >= date(2026, 9, 10)]
    assert deepseek
    assert not [source for source in deepseek if "deepseek/deepseek-v4-flash" in source]


@pytest.mark.parametrize(
    "model",
    ["gemma-4-e2b-it", "gemma-4-e4b-it", "ministral-3-3b-instruct-2512", "ministral-3-8b-instruct-2512",
     "phi-4-mini-instruct", "qwen3.5-4b", "qwen3.5-9b", "qwen3-8b", "granite-4.0-h-micro", "nemotron-nano-9b-v2"],
)  # fmt: skip
def test_small_models_of_today_are_known(model):
    facts = FACTS[model]
    assert facts["parameters_total"] <= 10_000_000_000
    assert facts["open_weights"] is True
    assert {"organization", "context_window", "modalities", "release_date"} <= facts.keys()


def test_no_fact_comes_from_a_reseller():
    assert [row for row in CHECKED if "apiyi.com" in row["source"]] == []
