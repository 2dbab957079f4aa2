"""The public profiles of models: facts with their sources, current ratings, and measurements.

No part of a profile depends on open battles. Otherwise, voters who see a side fail could find out which model it is. A
profile therefore does not show that failed probes have removed a model from the draw, and its measurements are days old
(see `arena.endpoints.performance`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from arena.endpoints.performance import load_performance
from arena.models import LIVE_POOL, Endpoint, Standing
from catalog.facts.claims import get_current_facts
from catalog.facts.labels import BLANK_VALUES, list_differing_facts
from catalog.facts.prices import list_prices, load_current_prices, pick_current_price
from catalog.facts.retirement import is_retired
from catalog.models import Fact, LanguageModel, License, Price
from core.http.errors import unknown_model_error

MODEL_FIELDS = (
    "slug", "name", "kind", "retires_on", "open_weights", "release_date", "knowledge_cutoff", "parameters_total",
    "parameters_active", "training_tokens", "context_window", "max_input", "max_output", "modalities", "tools",
)  # fmt: skip
OVERRIDE_FIELDS = ("max_tokens", "temperature", "thinking_tokens", "first_token_timeout_s")


def list_models() -> QuerySet[LanguageModel]:
    """Return a queryset of all models with the related rows that `build_profiles` needs."""
    related = ("organization", "license", "base_model", "endpoint")
    return LanguageModel.objects.select_related(*related).prefetch_related("facts")


def get_model_or_404(slug: str) -> LanguageModel:
    """Return the model with this slug and its related rows. Raises RequestError 404 if it does not exist."""
    # PostgreSQL rejects some characters that are not printable, such as NUL.
    model = list_models().filter(slug=slug).first() if slug.isprintable() else None
    if model is None:
        raise unknown_model_error(slug)
    return model


def build_profiles(
    models: Sequence[LanguageModel], prices: Mapping[int, Price | None] | None = None
) -> list[dict[str, Any]]:
    """Return the profiles of models for `ModelFactsSchema`, with a fixed number of queries.

    prices: the current prices, keyed by model id, if the caller has loaded them
    """
    prices = load_current_prices(models) if prices is None else prices
    performance = load_performance(model.pk for model in models)
    ratings: dict[str, Any] = Standing.objects.filter(pool=LIVE_POOL).values_list("ratings", flat=True).first() or {}
    return [
        {
            **_build_facts(model),
            "facts": _list_known_facts(model),
            "price": prices.get(model.pk),
            "arena": ratings.get(model.slug),
            "measured": performance.get(model.pk),
        }
        for model in models
    ]


def build_full_profile(model: LanguageModel) -> dict[str, Any]:
    """Return the profile of one model for `ModelDetailSchema`.

    It also contains the terms of the model's license, facts on which sources disagree, and prices over time.
    """
    facts = list(model.facts.all())
    other_sources = {}
    for field, fact in get_current_facts(model, facts).items():
        differing_facts = [] if fact.value in BLANK_VALUES else list_differing_facts(fact, facts)
        if differing_facts:
            other_sources[field] = differing_facts
    prices = list_prices(model)
    [profile] = build_profiles([model], {model.pk: pick_current_price(prices)})
    return profile | {
        "license_terms": _get_known_license(model),
        "other_sources": other_sources,
        "prices": prices,
    }


def _get_known_license(model: LanguageModel) -> License | None:
    """Return the model's license if its terms are known, or else None."""
    is_known = model.license and model.license.commercial != License.Commercial.UNKNOWN
    return model.license if is_known else None


def _build_facts(model: LanguageModel) -> dict[str, Any]:
    endpoint: Endpoint | None = getattr(model, "endpoint", None)
    return {
        **{name: getattr(model, name) for name in MODEL_FIELDS},
        "status": LanguageModel.Status.RETIRED if is_retired(model) else model.status,
        "successor": model.successor or None,
        "organization": model.organization and model.organization.name,
        "license": model.license and model.license.name,
        "commercial_use": model.license and model.license.commercial,
        "base_model": model.base_model and model.base_model.slug,
        "in_draw": bool(endpoint and endpoint.enabled),
        "variant": build_variant(model),
    }


def build_variant(model: LanguageModel) -> dict[str, Any] | None:
    """Return the settings of this model that differ from the defaults, or None if none do."""
    endpoint: Endpoint | None = getattr(model, "endpoint", None)
    overrides = {name: getattr(endpoint, name, None) for name in OVERRIDE_FIELDS}
    variant: dict[str, Any] = {name: value for name, value in overrides.items() if value is not None}
    if "first_token_timeout_s" in variant:  # the limit on the whole answer also applies to the first token
        answer_timeout_s = settings.ENVIRONMENT.arena_answer_timeout_s
        variant["first_token_timeout_s"] = min(variant["first_token_timeout_s"], answer_timeout_s)
    return variant or None


def _list_known_facts(model: LanguageModel) -> dict[str, Fact]:
    """Return the current facts, keyed by field, with values as precise as their sources. Blank values are omitted."""
    facts = get_current_facts(model, model.facts.all())
    if terms := _get_known_license(model):
        origin = Fact.Origin.HAND if terms.by_hand else Fact.Origin.SHIPPED
        facts["commercial_use"] = Fact(value=terms.commercial, origin=origin, source=terms.source, as_of=terms.as_of)
    return {field: fact for field, fact in facts.items() if fact.value not in BLANK_VALUES}
