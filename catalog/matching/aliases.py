"""Which model of the catalogue a name from elsewhere means. Pure.

An alias that its maker moves from model to model (`…-latest`, `deepseek-chat`) means no model for good: nothing with a
date may be joined to it.
"""

import re
from collections.abc import Mapping

ROLLING_ALIAS = re.compile(r"(^|[-./])latest($|-)|[(]latest[)]", re.IGNORECASE)
# Names without a date or version of their own, whose makers say that they move.
MOVING_NAMES = frozenset({
    "chatgpt-4o-latest", "codestral", "deepseek-chat", "deepseek-reasoner", "devstral-medium", "gemini-pro",
    "magistral-medium", "magistral-small", "mistral-large", "mistral-medium", "mistral-small", "qwen-flash", "qwen-max",
    "qwen-plus", "qwen-turbo", "qwq-plus",
})  # fmt: skip


def is_rolling(name: str) -> bool:
    """Whether the name is moved from model to model."""
    return bool(ROLLING_ALIAS.search(name)) or strip_provider(name).lower() in MOVING_NAMES


def strip_provider(name: str) -> str:
    """Without the provider or organization in front: `meta-llama/Llama-3.1-8B` → `Llama-3.1-8B`."""
    return name.rsplit("/", 1)[-1]


def find_model(name: str, known: Mapping[str, int], aliases: Mapping[str, str]) -> int | None:
    """The key of the model that is meant: by the whole name, by our list of other names, or by its last part.

    known: lower-case slugs and names → key. aliases: lower-case other names → slug.
    """
    for each in dict.fromkeys((name.lower(), strip_provider(name).lower())):
        found = known.get(each, known.get(aliases.get(each, "")))
        if found is not None:
            return found
    return None
