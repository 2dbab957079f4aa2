"""What anyone may know about models: facts with their sources, where they stand, and what was measured of them.

Nothing of it depends on an open battle: not even whether a model is out of the draw for a while, for that comes from
failures, and a reader sees which pane failed. What is measured is days old: see `arena.endpoints.performance`.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from arena.endpoints.performance import EndpointPerformance, load_performance
from arena.models import LIVE_POOL, Endpoint, Standing
from catalog.facts.claims import get_current_facts
from catalog.facts.labels import BLANK_VALUES, extract_link, list_differing_facts
from catalog.facts.prices import load_current_prices
from catalog.models import Fact, LanguageModel, License, Price
from core.http.errors import unknown_model_error

MODEL_FIELDS = (
    "slug", "name", "kind", "status", "open_weights", "release_date", "knowledge_cutoff", "parameters_total",
    "parameters_active", "training_tokens", "context_window", "max_input", "max_output", "modalities", "tools",
)  # fmt: skip
OVERRIDE_FIELDS = ("max_tokens", "temperature", "thinking_tokens", "first_token_timeout_s")
LICENSE_FIELDS = ("commercial", "research_only", "conditions", "derivatives", "obligations", "source")


def list_models() -> QuerySet[LanguageModel]:
    """All models, with what `build_profiles` looks at."""
    beside = ("organization", "license", "base_model", "endpoint")
    return LanguageModel.objects.select_related(*beside).prefetch_related("facts")


def get_known_model(slug: str) -> LanguageModel:
    # What cannot be printed PostgreSQL would not take.
    found = list_models().filter(slug=slug).first() if slug.isprintable() else None
    if found is None:
        raise unknown_model_error(slug)
    return found


def build_profiles(of: Sequence[LanguageModel]) -> list[dict[str, Any]]:
    """Of each what the API says, by as many queries for many as for one."""
    prices, usual = load_current_prices(of), load_performance(model.pk for model in of)
    standing: dict[str, Any] = Standing.objects.filter(pool=LIVE_POOL).values_list("ratings", flat=True).first() or {}
    return [
        {
            **_build_facts(model),
            "facts": _build_fact_sources(model),
            "price": _build_price(prices.get(model.pk)),
            "arena": standing.get(model.slug),
            "measured": _build_measurements(usual.get(model.pk)),
        }
        for model in of
    ]


def build_full_profile(model: LanguageModel) -> dict[str, Any]:
    """The same of one, and what its own page says beyond that: terms of its license, and sources that disagree."""
    facts = list(model.facts.all())
    held = {field: fact for field, fact in get_current_facts(model, facts).items() if fact.value not in BLANK_VALUES}
    others = {field: list_differing_facts(fact, facts) for field, fact in held.items()}
    return build_profiles([model])[0] | {
        "license_terms": _build_license_terms(model.license),
        "other_sources": {
            field: [_build_sourced_value(each) for each in found] for field, found in others.items() if found
        },
    }


def _build_license_terms(of: License | None) -> dict[str, Any] | None:
    known = of is not None and of.commercial != License.Commercial.UNKNOWN
    return {name: getattr(of, name) for name in LICENSE_FIELDS} if known else None


def _build_facts(model: LanguageModel) -> dict[str, Any]:
    endpoint: Endpoint | None = getattr(model, "endpoint", None)
    return {
        **{name: getattr(model, name) for name in MODEL_FIELDS},
        "organization": model.organization and model.organization.name,
        "license": model.license and model.license.name,
        "commercial_use": model.license and model.license.commercial,
        "base_model": model.base_model and model.base_model.slug,
        "in_draw": bool(endpoint and endpoint.enabled),
        "variant": build_variant(model),
    }


def build_variant(model: LanguageModel) -> dict[str, Any] | None:
    """What this model is asked with that others are not; None where it has the arena's values, as all others."""
    endpoint: Endpoint | None = getattr(model, "endpoint", None)
    own = {
        name: getattr(endpoint, name) for name in OVERRIDE_FIELDS if endpoint and getattr(endpoint, name) is not None
    }
    if "first_token_timeout_s" in own:  # The limit of a whole answer holds for its first token too.
        own["first_token_timeout_s"] = min(own["first_token_timeout_s"], settings.ENVIRONMENT.arena_answer_timeout_s)
    return own or None


def _build_fact_sources(model: LanguageModel) -> dict[str, Any]:
    """Of each field that is known, who says so: the value as precise as the source is."""
    held = get_current_facts(model, model.facts.all()).items()
    found = {field: _build_sourced_value(fact) for field, fact in held}
    if model.license and model.license.commercial != License.Commercial.UNKNOWN:
        found["commercial_use"] = {
            "value": model.license.commercial,
            **_build_source_fields(model.license.source, None),
        }
    return {field: fact for field, fact in found.items() if fact["value"] not in BLANK_VALUES}


def _build_sourced_value(fact: Fact) -> dict[str, Any]:
    return {"value": fact.value, **_build_source_fields(fact.source, fact.as_of)}


def _build_source_fields(source: str, as_of: date | None) -> dict[str, Any]:
    return {"source": source, "url": extract_link(source) or None, "as_of": as_of}


def _build_price(price: Price | None) -> dict[str, Any] | None:
    """US dollars for a million tokens."""
    if price is None:
        return None
    return {
        "input": float(price.input),
        "output": float(price.output),
        **_build_source_fields(price.source, price.as_of),
    }


def _build_measurements(usual: EndpointPerformance | None) -> dict[str, Any] | None:
    if usual is None:
        return None
    speeds = {"first_token_s": usual.first_token_s, "tokens_per_s": usual.tokens_per_s}
    failures = {"calls": usual.calls, "failures": usual.failures, "failure_rate": usual.failure_rate}
    return {"answers": usual.answers} | failures | speeds
