"""Matching of names from other sources to models."""

import pytest

from catalog.matching.aliases import find_model, is_rolling
from catalog.matching.seed_files import read_aliases

KNOWN = {"llama-3.1-8b-instruct": 1, "yi-1.5-34b-chat": 2, "qwen/qwen3-8b": 3}


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("llama-3.1-8b-instruct", 1),
        ("LLAMA-3.1-8B-Instruct", 1),
        ("meta-llama/Llama-3.1-8B-Instruct", 1),
        ("meta-llama/Meta-Llama-3.1-8B-Instruct", 1),
        ("01-ai/Yi-1.5-34B-Chat", 2),
        ("Qwen/Qwen3-8B", 3),
        ("Qwen3-8B", None),
        ("llama-3.1-8b", None),
        ("yi-1.5-34b-chat-16k", None),
        ("", None),
    ],
)
def test_find_joins_only_what_is_the_same(name, key):
    assert find_model(name, KNOWN, read_aliases()) == key


@pytest.mark.parametrize(
    "name",
    [
        "mistral-large-latest",
        "claude-3-7-sonnet-latest",
        "gpt-5-chat-latest",
        "Mistral Large (latest)",
        "chatgpt-4o-latest",
        "deepseek-chat",
        "deepseek/deepseek-chat",
        "deepseek-reasoner",
        "qwen-max",
        "latest",
    ],
)
def test_rolling_aliases_are_known(name):
    assert is_rolling(name)


@pytest.mark.parametrize(
    "name", ["gpt-4o-2024-08-06", "claude-3-opus-20240229", "deepseek-v3", "latestmodel", "gpt-4o"]
)
def test_other_names_are_not_rolling(name):
    assert not is_rolling(name)
