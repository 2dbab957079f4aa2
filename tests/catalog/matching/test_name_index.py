"""Matching of names to the models on the shipped boards, checked with a table of pairs."""

import csv
from functools import cache
from pathlib import Path

import pytest

from catalog.matching.name_index import NameIndex
from catalog.matching.seed_files import read_aliases, read_seed_rows
from ratings.interchange.reference_file import RATINGS_PATH, read_ratings

PAIRS = Path(__file__).with_name("name_pairs.csv")


@cache
def reference_ratings():
    return [each for each in read_ratings(RATINGS_PATH) if not each.is_rolling]


@cache
def pairs():
    lines = PAIRS.read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


@cache
def index():
    """The slugs and names of the shipped boards and facts, and the names in the table as one list."""
    known = [(row["model"], row["model"]) for row in read_seed_rows("facts.csv")]
    for each in reference_ratings():
        slug = read_aliases().get(each.model, each.model)
        known += [(slug, slug), (slug, each.model_name)]
    return NameIndex(known, read_aliases(), listed=[pair["name"] for pair in pairs()])


def joined(pair):
    match = index().find(pair["name"], pair["provider"])
    return match.key if match else ""


def test_no_name_joins_to_another_model():
    wrong = [(pair["name"], joined(pair)) for pair in pairs() if joined(pair) not in ("", pair["model"])]
    assert wrong == []


def test_names_are_found():
    right = [pair for pair in pairs() if pair["model"]]
    missed = [pair["name"] for pair in right if not joined(pair)]
    assert len(right) >= 110 and len(pairs()) - len(right) >= 40
    assert len(missed) <= 0.05 * len(right), missed


def test_table_covers_the_hundred_best_of_the_board():
    best = [each.model for each in reference_ratings() if each.category == "overall"][:100]
    assert set(best) <= {pair["model"] for pair in pairs()}


def test_each_name_on_the_board_joins_to_its_own_model():
    for each in reference_ratings():
        match = index().find(each.name, each.provider)
        assert match is None or match.key == read_aliases().get(each.model, each.model), each.name


@pytest.mark.parametrize(
    ("name", "setting", "quantization"),
    [
        ("Claude Opus 4.6 (High)", "High", ""),
        ("claude-opus-4-6-high", "high", ""),
        ("GPT-5.6 Sol (xHigh, Codex Harness)", "xHigh, Codex Harness", ""),
        ("nvidia/NVIDIA-Nemotron-3-Ultra-550B-A55B-NVFP4", "", "nvfp4"),
    ],
)
def test_match_says_with_which_setting_the_name_comes(name, setting, quantization):
    match = index().find(name)
    assert (match.name.setting, match.name.quantization) == (setting, quantization)


def test_date_that_only_the_list_knows_keeps_a_name_without_date_apart():
    known = [("a-2025-04-14", "Model A (2025-04-14)")]
    assert NameIndex(known).find("model-a").key == "a-2025-04-14"
    assert NameIndex(known, listed=["model-a-2025-08-06"]).find("model-a") is None


def test_two_models_with_the_same_words_take_no_name():
    assert NameIndex([(1, "Qwen2.5-7B"), (2, "qwen-2.5-7b")]).find("Qwen 2.5 7B") is None


def test_makers_of_the_same_word_are_told_apart():
    known = NameIndex([(1, "amazon/aurora-2")])
    assert known.find("aurora-2", "amazon").key == 1
    assert known.find("aurora-2", "deepseek") is None
