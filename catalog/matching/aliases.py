"""Matching of outside names to models of the catalog. Pure.

A maker moves a rolling alias (`…-latest`, `deepseek-chat`) from model to model, so it does not identify a model: data
with a date must not be joined to it.
"""

import re
from collections.abc import Mapping

ROLLING_ALIAS = re.compile(r"(^|[-./])latest($|-)|[(]latest[)]", re.IGNORECASE)
# Names without a date or version; their makers document that they move.
MOVING_NAMES = frozenset({
    "chatgpt-4o-latest", "codestral", "deepseek-chat", "deepseek-reasoner", "devstral-medium", "gemini-pro",
    "magistral-medium", "magistral-small", "mistral-large", "mistral-medium", "mistral-small", "qwen-flash", "qwen-max",
    "qwen-plus", "qwen-turbo", "qwq-plus",
})  # fmt: skip


def is_rolling(name: str) -> bool:
    """Whether the name is an alias that its maker moves from model to model."""
    return bool(ROLLING_ALIAS.search(name)) or strip_provider(name).lower() in MOVING_NAMES


def strip_provider(name: str) -> str:
    """The name without its provider or organization: `meta-llama/Llama-3.1-8B` → `Llama-3.1-8B`."""
    return name.rsplit("/", 1)[-1]


def find_model(name: str, known: Mapping[str, int], aliases: Mapping[str, str]) -> int | None:
    """The key of the model with this name, or None. The whole name takes precedence over the name without its provider.

    known: lower-case slugs and names → key. aliases: lower-case other names → slug.
    """
    for candidate in (name.lower(), strip_provider(name).lower()):
        key = known.get(candidate, known.get(aliases.get(candidate, "")))
        if key is not None:
            return key
    return None
