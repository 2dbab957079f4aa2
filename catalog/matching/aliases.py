"""Matches names from other sources to models in the catalog. This module does not use Django.

A rolling alias (`…-latest`, `deepseek-chat`) refers to different models over time. It does not identify a model, so it
must not be used to match dated data.
"""

import re
from collections.abc import Mapping

ROLLING_PATTERN = re.compile(r"(^|[-./])latest($|-)|[(]latest[)]", re.IGNORECASE)
# Rolling aliases whose names do not contain `latest`, as documented by their makers.
ROLLING_NAMES = frozenset({
    "codestral", "deepseek-chat", "deepseek-reasoner", "devstral-medium", "gemini-pro", "magistral-medium",
    "magistral-small", "mistral-large", "mistral-medium", "mistral-medium-3", "mistral-small", "qwen-flash", "qwen-max",
    "qwen-plus", "qwen-turbo", "qwq-plus",
})  # fmt: skip


def is_rolling(name: str) -> bool:
    """Return True if the name is a rolling alias."""
    return bool(ROLLING_PATTERN.search(name)) or strip_provider(name).lower() in ROLLING_NAMES


def strip_provider(name: str) -> str:
    """Remove the provider or organization from a name: `meta-llama/Llama-3.1-8B` becomes `Llama-3.1-8B`."""
    return name.rsplit("/", 1)[-1]


def find_model(name: str, known: Mapping[str, int], aliases: Mapping[str, str]) -> int | None:
    """Return the key of the model with this name, or None.

    The full name is looked up first, then the name without its provider. `known` maps lowercase slugs and names to
    keys. `aliases` maps other lowercase names to slugs.
    """
    for candidate in (name.lower(), strip_provider(name).lower()):
        key = known.get(candidate, known.get(aliases.get(candidate, "")))
        if key is not None:
            return key
    return None
