"""Which provider sells a model that it has made."""

import pytest

from catalog.sources.providers import sells_own_model


@pytest.mark.parametrize(
    ("provider", "name", "is_own"),
    [
        ("openai", "gpt-4o", True),
        ("alibaba", "Qwen/Qwen3-32B", True),
        ("alibaba", "deepseek-r1", False),
        ("openrouter", "openai/gpt-4o", False),
    ],
)
def test_a_maker_sells_its_own_models(provider, name, is_own):
    assert sells_own_model(provider, name) is is_own
