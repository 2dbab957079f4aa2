"""The shipped files and their import."""

import csv
import lzma
import re
import time
from collections import Counter
from urllib.parse import urlparse

import pytest

from catalog.facts import labels
from catalog.facts.fields import parse_value
from catalog.importers import seed
from catalog.importers.listed_selection import get_package
from catalog.importers.listed_tables import FACTS_FILE, PRICES_FILE
from catalog.matching import seed_files
from catalog.matching.aliases import is_rolling
from catalog.models import Benchmark, Fact, LanguageModel, License, Price, Score
from ratings.interchange.reference_file import RATINGS_PATH, read_ratings
from ratings.interchange.seed_pools import VOTES_PATH
from tests import factories

DAY = "2026-01-02"
FACTS = seed_files.read_seed_rows("facts.csv")
LISTED_FACTS = seed_files.read_seed_rows(FACTS_FILE)
LISTED_PRICES = seed_files.read_seed_rows(PRICES_FILE)
SHIPPED_FILES = {path.name for path in seed_files.DATA_DIR.iterdir()}
# Where makers announce the retirement of models.
RETIREMENT_NOTICES = (
    "https://github.com/BerriAI/litellm-docs/pull/816 (“older than grok-4.20 are deprecated and do not work anymore”)",
    "https://github.com/gptscript-ai/gptscript/pull/987 (a report of Mistral’s list of legacy models)",
    "https://github.com/hex/llm-perplexity/issues/4 (a copy of Perplexity’s notice)",
    "https://github.com/mckaywrigley/chatbot-ui/pull/1483 (a copy of Perplexity’s notice)",
    "https://github.com/rxliuli/llm-api-proxy/pull/12 (a copy of Google’s notice",
    "https://ai.google.dev/gemini-api/docs/changelog",
    "https://ai.google.dev/gemini-api/docs/deprecations",
    "https://blog.google/products/gemini/bard-gemini-advanced-app/",
    "https://cloud.google.com/vertex-ai/generative-ai/docs/deprecations/",
    "https://developers.googleblog.com/en/gemini-25-flash-lite-is-now-stable-and-generally-available/",
    "https://developers.openai.com/api/docs/deprecations",
    "https://docs.mistral.ai/models/",
    "https://docs.x.ai/developers/migration/",
    "https://learn.microsoft.com/en-us/azure/ai-foundry/openai/concepts/legacy-models",
    "https://platform.claude.com/docs/en/about-claude/model-deprecations",
    "https://platform.claude.com/docs/en/models/",
    "https://platform.claude.com/docs/en/release-notes/overview",
)
# Aliases, a web site, and models whose maker published no day: they have no dates.
UNDATED_SERVICES = {
    "grok-3-mini",
    "grok-3-mini-beta",
    "chatgpt-4o-latest",
    "mistral-medium",
    "bard-jan-24-gemini-pro",
    "gemini-1.5-pro-api-0409-preview",
    "gemini-1.5-pro-exp-0801",
}
DATED = {"release_date", "knowledge_cutoff", "retires_on", "context_window", "max_output"}


def board():
    with lzma.open(VOTES_PATH, "rt") as lines:
        return {row[side] for row in csv.DictReader(lines) for side in ("model_a", "model_b")}


def test_every_fact_can_be_read_and_has_a_source_and_a_day():
    for row in FACTS:
        parse_value(row["field"], row["value"])
        assert labels.extract_link(row["source"]), row
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", row["as_of"]), row


def test_every_listed_value_has_a_package_a_link_and_a_day():
    for row in LISTED_FACTS + LISTED_PRICES:
        get_package(row["source"])
        assert labels.extract_link(row["source"]), row
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", row["as_of"]), row
    for row in LISTED_FACTS:
        parse_value(row["field"], row["value"])


def test_listed_prices_are_in_dollars_and_of_no_rolling_alias():
    prices = {row["model"]: (row["input"], row["output"]) for row in reversed(LISTED_PRICES)}
    assert prices["glm-5.1"] == ("1.4", "4.4")  # models.dev listed the price of 6 and 24 yuan
    assert all(0 < float(rate) < 1000 for rates in prices.values() for rate in rates)
    assert not [name for name in prices if is_rolling(name)]


def test_shipped_data_is_small():
    assert sum(path.stat().st_size for path in seed_files.DATA_DIR.iterdir()) < 1_000_000


def test_retired_is_only_what_the_maker_has_announced():
    assert {row["field"] for row in FACTS if "deprecations" in row["source"]} >= {"retires_on", "status"}
    for row in FACTS:
        if row["field"] in ("retires_on", "status"):
            assert row["source"].startswith(RETIREMENT_NOTICES), row
            assert (row["field"] == "status") == (row["model"] in UNDATED_SERVICES)


def test_no_claim_stands_twice():
    claims = Counter((row["model"], row["field"], row["source"]) for row in FACTS)
    assert [claim for claim, times in claims.items() if times > 1] == []


def test_rolling_aliases_have_no_dated_facts():
    assert [
        row for row in FACTS if is_rolling(row["model"]) and row["field"] in DATED and row["model"] != "gemini-pro"
    ] == []
    priced = {row["model"] for row in seed_files.read_seed_rows("prices.csv") + LISTED_PRICES}
    assert not [name for name in priced if is_rolling(name)]
    assert not priced & {"command-r", "command-r-plus"}  # as of 2024-03; these aliases now refer to other models


@pytest.mark.parametrize(
    ("field", "least"),
    [
        ("organization", 129),
        ("open_weights", 129),
        ("license", 125),
        ("kind", 129),
        ("parameters_total", 75),
        ("context_window", 50),
        ("release_date", 50),
        ("knowledge_cutoff", 35),
    ],
)
def test_filters_find_something_on_the_board_that_is_shipped(field, least):
    known = {row["model"] for row in FACTS if row["field"] == field}
    assert len(known & board()) >= least


def test_every_license_of_a_fact_is_in_the_table():
    names = {entry["name"] for entry in seed_files.read_tables("licenses.toml", "license")}
    assert {row["value"] for row in FACTS if row["field"] == "license"} <= names


def test_licenses_say_what_they_ask_for():
    for entry in seed_files.read_tables("licenses.toml", "license"):
        assert entry["commercial"] in License.Commercial.values
        assert entry["derivatives"] in License.Commercial.values
        assert urlparse(entry.get("source", "")).scheme == ("" if entry["slug"] == "proprietary" else "https")
        assert entry["commercial"] != "conditional" or entry["conditions"]


def test_prices_are_prices():
    rows = [row for name in seed.PRICE_FILES for row in seed_files.read_seed_rows(name)] + LISTED_PRICES
    assert len({row["model"] for row in rows} & board()) >= 35
    for row in rows:
        assert 0 < float(row["input"]) < 1000
        assert 0 < float(row["output"]) < 1000


def test_earlier_prices_are_older_than_the_current_ones():
    current = {row["model"]: row["as_of"] for row in reversed(seed_files.read_seed_rows("prices.csv") + LISTED_PRICES)}
    for row in seed_files.read_seed_rows("earlier_prices.csv"):
        assert labels.extract_link(row["source"]), row
        assert row["as_of"] < current.get(row["model"], DAY), row


def test_scores_have_links_and_no_base_model_stands_in_for_its_chat_model():
    rows = [row for name in seed.SCORE_FILES for row in seed_files.read_seed_rows(name)]
    assert len(rows) > 150
    assert {urlparse(row["source"]).scheme for row in rows} == {"https"}
    assert not [row for row in rows if "example.com" in row["source"] or row["model"].startswith("gemma-2-")]


@pytest.mark.parametrize("name", seed.SCORE_FILES)
def test_scores_are_of_the_model_and_the_set_of_questions_that_they_are_filed_under(name):
    rows = seed_files.read_seed_rows(name)
    tasks = {(row["benchmark"], row["task"]) for row in rows}
    assert {task for benchmark, task in tasks if benchmark == "math"} <= {"math (all levels)", "math-500"}
    assert "math-l5" not in {benchmark for benchmark, _ in tasks}
    assert {benchmark for benchmark, _ in tasks} <= {
        entry["slug"] for entry in seed_files.read_tables("benchmarks.toml", "benchmark")
    }
    published = {rating.model for rating in read_ratings(RATINGS_PATH)}
    aliases = seed_files.read_aliases()
    boards = board() | {aliases.get(model, model) for model in published}
    # The GPT-4o of November 2024 is on no board. Reports give its scores as those of GPT-4o. Of MiniMax-M2.1, the board
    # rates the preview.
    known = boards | {row["model"] for row in FACTS + LISTED_FACTS}
    assert {row["model"] for row in rows} <= known | {"gpt-4o-2024-11-20", "minimax-m2.1"}


def test_a_version_has_no_scores_of_another_one():
    august = [row for row in seed_files.read_seed_rows("scores.csv") if row["model"] == "gpt-4o-2024-08-06"]
    assert {row["source"] for row in august} == {"https://huggingface.co/spaces/TIGER-Lab/MMLU-Pro"}


@pytest.mark.django_db
def test_load_fills_the_catalog_quickly_and_again_changes_nothing():
    started = time.process_time()
    seed.seed_catalog()
    assert time.process_time() - started < 2
    tables = (LanguageModel, Fact, Price, License, Benchmark, Score)
    before = [table.objects.count() for table in tables]
    seed.seed_catalog()
    assert [table.objects.count() for table in tables] == before
    model = LanguageModel.objects.get(slug="llama-3.1-8b-instruct")
    assert (model.organization.name, model.license.commercial, model.open_weights) == ("Meta", "conditional", True)
    assert (model.parameters_total, model.context_window) == (8_000_000_000, 128_000)
    retired = set(LanguageModel.objects.filter(status="retired").values_list("slug", flat=True))
    assert {"gpt-4-0613", "claude-3-opus-20240229", "chatgpt-4o-latest", "palm-2", "bard-jan-24-gemini-pro"} <= retired
    assert not retired & {"llama-3.1-8b-instruct", "gemini-2.5-flash-lite-09-2025"}
    assert set(Score.objects.values_list("self_reported", flat=True)) == {True, False}
    available = LanguageModel.objects.filter(
        status="current", license__commercial="yes", context_window__gte=200_000, prices__output__lte=2
    )
    assert available.distinct().count() >= 15


@pytest.mark.django_db
def test_load_keeps_what_was_set_by_hand():
    factories.model("llama-3.1-8b-instruct", context_window=4096)
    factories.license("MIT", commercial="no", conditions="Our lawyers say so.")
    factories.license("Gemma")
    seed.seed_catalog()
    assert LanguageModel.objects.get(slug="llama-3.1-8b-instruct").context_window == 4096
    assert License.objects.get(name="MIT").commercial == "no"
    assert License.objects.get(name="Gemma").commercial == "conditional"


@pytest.mark.django_db
def test_new_version_of_the_scores_takes_the_place_of_the_old_one(monkeypatch, tmp_path):
    seed.seed_catalog()
    imported = Score.objects.first()
    Score.objects.filter(pk=imported.pk).update(run="a file of the operator")
    others = [name for name in seed.SCORE_FILES if name != "scores.csv"]
    for name in SHIPPED_FILES - {"scores.csv"}:
        (tmp_path / name).write_bytes((seed_files.DATA_DIR / name).read_bytes())
    kept = [row["model"] for name in others for row in seed_files.read_seed_rows(name)]
    (tmp_path / "scores.csv").write_text("model,benchmark,value,source\nnew,mmlu,0.5,https://a.example\n")
    monkeypatch.setattr(seed_files, "DATA_DIR", tmp_path)
    seed.seed_catalog()
    assert sorted(Score.objects.values_list("model__slug", flat=True)) == sorted([imported.model.slug, "new", *kept])
