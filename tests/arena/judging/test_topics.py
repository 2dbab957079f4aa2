"""Prompts that belong to a category, and prompts that only look like it."""

import time
import tomllib
from pathlib import Path

import pytest

from arena.judging.topics import CATEGORY_NAMES, classify_prompts

TABLES = tomllib.loads(Path(__file__).with_name("categories.toml").read_text(encoding="utf-8"))


def cases(which):
    return [(slug, prompt) for slug, table in TABLES.items() for prompt in table[which]]


@pytest.mark.parametrize(("slug", "prompt"), cases("prompts"))
def test_categories_knows_a_prompt_of_its_kind(slug, prompt):
    assert slug in classify_prompts([prompt])


@pytest.mark.parametrize(("slug", "prompt"), cases("others"))
def test_categories_passes_by_a_prompt_that_only_looks_like_it(slug, prompt):
    assert slug not in classify_prompts([prompt])


def test_tables_have_the_fifteen_prompts_that_they_promise():
    assert min(len(prompts) for table in TABLES.values() for prompts in table.values()) >= 15


@pytest.mark.parametrize(
    ("prompts", "expected"),
    [
        ([], []),
        ([""], []),
        (["?!"], []),
        (["Why do cats purr when they are happy?"], ["english"]),
        (
            ["Why do cats purr when they are happy?", "Und warum fressen sie so gerne Fisch?"],
            ["multi-turn", "english", "german"],
        ),
        (
            ["Warum schnurren Katzen?", "Write a Python function that adds two numbers."],
            ["coding", "multi-turn", "english", "german"],
        ),
        (
            ["Solve 2x + 3 = 11", "Now write a short poem about it."],
            ["math", "creative-writing", "multi-turn", "english"],
        ),
        (["ok", "ok"], ["multi-turn"]),
    ],
)
def test_categories_has_the_union_over_the_turns_in_the_order_of_the_names(prompts, expected):
    assert classify_prompts(prompts) == expected


@pytest.mark.parametrize(
    ("prompts", "longer"),
    [
        (["tree " * 499], False),
        (["tree " * 500], True),
        (["树" * 500], True),
        (["tree, " * 250], True),
        (["tree " * 300, "bush " * 300], False),
        (["Why?", "tree " * 500], True),
    ],
)
def test_categories_calls_a_prompt_longer_from_500_words_on(prompts, longer):
    assert ("longer-query" in classify_prompts(prompts)) == longer


def test_categories_finds_in_code_only_code():
    assert classify_prompts(["```python\n# write a poem in exactly 10 words\ny = x^2\n```"]) == ["coding"]


def test_names_has_a_name_for_people_for_every_slug():
    assert CATEGORY_NAMES["creative-writing"] == "Creative writing"
    assert CATEGORY_NAMES["german"] == "German"
    assert all(slug == slug.lower() and name for slug, name in CATEGORY_NAMES.items())


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece",
    [
        *(
            "a",
            "a ",
            "A",
            "1 ",
            "1.",
            "x^",
            "2x+",
            "2x=",
            "(",
            "{\n",
            "[",
            "`",
            "```\n",
            "~~~",
            "\n",
            "a\n",
            "我\n",
            "写",
        ),
        *("a\u0301", "\u0301\u0327", "in a ", "write a ", "do not ", "must ", " ", "- ", "1. do\n", "function f("),
        *("for (if (", "<div ", "SELECT a ", "at a.b(", "int x ", "x = 1\n", "\\frac", "5 % of ", "if 3 km "),
        *("describe a ", "as a ", "budget ", "以十", "시"),
    ],
)
def test_categories_takes_linear_time_whatever_the_text(piece):
    classify_prompts([piece])  # loads the words
    began = time.process_time()

    classify_prompts([piece * (32_000 // len(piece))])

    assert time.process_time() - began < 5
