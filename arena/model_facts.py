"""What anyone may know about models: facts with their sources, where they stand, and what was measured of them.

Nothing of it depends on an open battle: not even whether a model is out of the draw for a while, for that comes from
failures, and a reader sees which pane failed. What is measured is days old: see `arena.measured`.
"""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from arena.measured import Typical, typical
from arena.models import LIVE, Endpoint, Standing
from catalog.models import LanguageModel, Price
from catalog.prices import newest_prices

OF_MODEL = (
    "slug", "name", "kind", "status", "open_weights", "release_date", "knowledge_cutoff", "parameters_total",
    "parameters_active", "training_tokens", "context_window", "max_input", "max_output", "modalities", "tools",
)  # fmt: skip


def models() -> QuerySet[LanguageModel]:
    """All models, with what `told` looks at."""
    return LanguageModel.objects.select_related("organization", "license", "base_model", "endpoint")


def told(of: Sequence[LanguageModel]) -> list[dict[str, Any]]:
    """Of each what the API says, by as many queries for many as for one."""
    prices, usual = newest_prices(of), typical(model.pk for model in of)
    standing: dict[str, Any] = Standing.objects.filter(pool=LIVE).values_list("ratings", flat=True).first() or {}
    return [
        {
            **_facts(model),
            "price": _price(prices.get(model.pk)),
            "arena": standing.get(model.slug),
            "measured": _measured(usual.get(model.pk)),
        }
        for model in of
    ]


def _facts(model: LanguageModel) -> dict[str, Any]:
    endpoint: Endpoint | None = getattr(model, "endpoint", None)
    return {
        **{name: getattr(model, name) for name in OF_MODEL},
        "organization": model.organization and model.organization.name,
        "license": model.license and model.license.name,
        "commercial_use": model.license and model.license.commercial,
        "base_model": model.base_model and model.base_model.slug,
        "in_draw": bool(endpoint and endpoint.enabled),
    }


def _price(price: Price | None) -> dict[str, Any] | None:
    """US dollars for a million tokens."""
    if price is None:
        return None
    return {"input": float(price.input), "output": float(price.output), "source": price.source, "as_of": price.as_of}


def _measured(usual: Typical | None) -> dict[str, Any] | None:
    if usual is None:
        return None
    speeds = {"first_token_s": usual.first_token_s, "tokens_per_s": usual.tokens_per_s}
    return {"answers": usual.answers, "failures": usual.failures, "failure_rate": usual.failure_rate} | speeds
