"""What anyone may know about models: facts with their sources, where they stand, and what was measured of them.

Nothing of it depends on an open battle: not even whether a model is out of the draw for a while, for that comes from
failures, and a reader sees which pane failed. What is measured is days old: see `arena.endpoints.performance`.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from arena.endpoints.performance import Typical, typical
from arena.models import LIVE, Endpoint, Standing
from catalog.facts.claims import believed
from catalog.facts.labels import NOTHING, differing, link
from catalog.facts.prices import newest_prices
from catalog.models import Fact, LanguageModel, License, Price
from core.http.errors import unknown_model

OF_MODEL = (
    "slug", "name", "kind", "status", "open_weights", "release_date", "knowledge_cutoff", "parameters_total",
    "parameters_active", "training_tokens", "context_window", "max_input", "max_output", "modalities", "tools",
)  # fmt: skip
OVERRIDES = ("max_tokens", "temperature", "thinking_tokens", "first_token_timeout_s")
OF_LICENSE = ("commercial", "research_only", "conditions", "derivatives", "obligations", "source")


def models() -> QuerySet[LanguageModel]:
    """All models, with what `told` looks at."""
    beside = ("organization", "license", "base_model", "endpoint")
    return LanguageModel.objects.select_related(*beside).prefetch_related("facts")


def known_model(slug: str) -> LanguageModel:
    # What cannot be printed PostgreSQL would not take.
    found = models().filter(slug=slug).first() if slug.isprintable() else None
    if found is None:
        raise unknown_model(slug)
    return found


def told(of: Sequence[LanguageModel]) -> list[dict[str, Any]]:
    """Of each what the API says, by as many queries for many as for one."""
    prices, usual = newest_prices(of), typical(model.pk for model in of)
    standing: dict[str, Any] = Standing.objects.filter(pool=LIVE).values_list("ratings", flat=True).first() or {}
    return [
        {
            **_facts(model),
            "facts": _sources(model),
            "price": _price(prices.get(model.pk)),
            "arena": standing.get(model.slug),
            "measured": _measured(usual.get(model.pk)),
        }
        for model in of
    ]


def in_full(model: LanguageModel) -> dict[str, Any]:
    """The same of one, and what its own page says beyond that: terms of its license, and sources that disagree."""
    facts = list(model.facts.all())
    held = {field: fact for field, fact in believed(model, facts).items() if fact.value not in NOTHING}
    others = {field: differing(fact, facts) for field, fact in held.items()}
    return told([model])[0] | {
        "license_terms": _terms(model.license),
        "other_sources": {field: [_sourced(each) for each in found] for field, found in others.items() if found},
    }


def _terms(of: License | None) -> dict[str, Any] | None:
    known = of is not None and of.commercial != License.Commercial.UNKNOWN
    return {name: getattr(of, name) for name in OF_LICENSE} if known else None


def _facts(model: LanguageModel) -> dict[str, Any]:
    endpoint: Endpoint | None = getattr(model, "endpoint", None)
    return {
        **{name: getattr(model, name) for name in OF_MODEL},
        "organization": model.organization and model.organization.name,
        "license": model.license and model.license.name,
        "commercial_use": model.license and model.license.commercial,
        "base_model": model.base_model and model.base_model.slug,
        "in_draw": bool(endpoint and endpoint.enabled),
        "variant": variant(model),
    }


def variant(model: LanguageModel) -> dict[str, Any] | None:
    """What this model is asked with that others are not; None where it has the arena's values, as all others."""
    endpoint: Endpoint | None = getattr(model, "endpoint", None)
    own = {name: getattr(endpoint, name) for name in OVERRIDES if endpoint and getattr(endpoint, name) is not None}
    if "first_token_timeout_s" in own:  # The limit of a whole answer holds for its first token too.
        own["first_token_timeout_s"] = min(own["first_token_timeout_s"], settings.ENVIRONMENT.arena_answer_timeout_s)
    return own or None


def _sources(model: LanguageModel) -> dict[str, Any]:
    """Of each field that is known, who says so: the value as precise as the source is."""
    held = believed(model, model.facts.all()).items()
    found = {field: _sourced(fact) for field, fact in held}
    if model.license and model.license.commercial != License.Commercial.UNKNOWN:
        found["commercial_use"] = {"value": model.license.commercial, **_from(model.license.source, None)}
    return {field: fact for field, fact in found.items() if fact["value"] not in NOTHING}


def _sourced(fact: Fact) -> dict[str, Any]:
    return {"value": fact.value, **_from(fact.source, fact.as_of)}


def _from(source: str, as_of: date | None) -> dict[str, Any]:
    return {"source": source, "url": link(source) or None, "as_of": as_of}


def _price(price: Price | None) -> dict[str, Any] | None:
    """US dollars for a million tokens."""
    if price is None:
        return None
    return {"input": float(price.input), "output": float(price.output), **_from(price.source, price.as_of)}


def _measured(usual: Typical | None) -> dict[str, Any] | None:
    if usual is None:
        return None
    speeds = {"first_token_s": usual.first_token_s, "tokens_per_s": usual.tokens_per_s}
    failures = {"calls": usual.calls, "failures": usual.failures, "failure_rate": usual.failure_rate}
    return {"answers": usual.answers} | failures | speeds
