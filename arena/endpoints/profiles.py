"""The public profiles of contestants: facts with their sources, current ratings, and measurements.

No part of a profile depends on open battles. Otherwise, voters who see a side fail could find out which model it is. A
profile therefore does not show that failed probes have removed a model from the draw, and its measurements are days old
(see `arena.endpoints.performance`).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db.models import FilteredRelation, Q, QuerySet
from django.utils.translation import gettext as _

from arena.endpoints.performance import load_performance
from arena.models import LIVE_POOL, Contestant, Standing, list_contestants
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
OVERRIDE_FIELDS = ("max_tokens", "temperature", "thinking_tokens")


def list_models() -> QuerySet[LanguageModel]:
    """Return a queryset of all models with the related rows that `build_profiles` needs.

    `plain` is the model's plain contestant, or None.
    """
    related = ("organization", "license", "base_model", "plain__endpoint")
    plain = FilteredRelation("contestants", condition=Q(contestants__plain=True))
    return LanguageModel.objects.annotate(plain=plain).select_related(*related).prefetch_related("facts")


def list_family(slug: str, pool: str = "") -> list[Contestant]:
    """Return the contestant with this slug, and then the shared variants of the catalog model with this slug.

    For a catalog model without a contestant, the first one is its plain one, which is not saved. The list is empty if
    nothing has the slug. The related rows that pages and `build_full_profile` need are loaded.

    pool: the slug of a pool whose own contestants are found, too
    """
    if not slug.isprintable():  # PostgreSQL rejects some characters that are not printable, such as NUL
        return []
    related = ("endpoint", "predecessor", "model__organization", "model__license", "model__base_model")
    rows = list_contestants(pool).filter(Q(slug=slug) | Q(model__slug=slug, pool=None)).select_related(*related)
    contestants = list(rows.prefetch_related("model__facts").order_by("name", "pk"))
    named = [contestant for contestant in contestants if contestant.slug == slug]
    shown = max(named, key=lambda contestant: contestant.pool_id or 0, default=None)
    if shown is None and (model := list_models().filter(slug=slug).first()):
        shown = represent(model)
    if shown is None or shown.pool_id:
        return [shown] if shown else []
    return [shown, *(each for each in contestants if not each.plain and each != shown and each.pool_id is None)]


def get_contestant_or_404(slug: str, pool: str = "") -> Contestant:
    """Return the contestant with this slug, as `list_family` does. Raises RequestError 404 if it does not exist."""
    family = list_family(slug, pool)
    if not family:
        raise unknown_model_error(slug)
    return family[0]


def list_differences(contestant: Contestant, plain: Contestant | None) -> list[str]:
    """Return what a variant varies, without values: those settings that differ from the plain contestant's.

    plain: the plain contestant of the variant's model, or None to compare with the defaults
    """
    usual = plain or Contestant()
    names = {
        "system": _("system prompt"),
        "temperature": _("temperature"),
        "max_tokens": _("maximum answer length"),
        "thinking_tokens": _("thinking tokens"),
        "parameters": _("parameters"),
        "headers": _("headers"),
    }
    differences = [str(name) for field, name in names.items() if getattr(contestant, field) != getattr(usual, field)]
    if plain and contestant.endpoint_id != plain.endpoint_id:
        differences.append(_("server"))
    return differences


def build_profiles(
    contestants: Sequence[Contestant], prices: Mapping[int, Price | None] | None = None
) -> list[dict[str, Any]]:
    """Return the profiles of contestants for `ModelFactsSchema`, with a fixed number of queries.

    prices: the current prices, keyed by model id, if the caller has loaded them
    """
    if prices is None:
        prices = load_current_prices([contestant.model for contestant in contestants if contestant.model])
    performance = load_performance([contestant for contestant in contestants if contestant.pk])
    ratings: dict[str, Any] = Standing.objects.filter(pool=LIVE_POOL).values_list("ratings", flat=True).first() or {}
    return [
        {
            **_build_facts(contestant),
            "facts": _list_known_facts(contestant.model) if contestant.model else {},
            "price": prices.get(contestant.model_id) if contestant.model_id else None,
            "arena": ratings.get(contestant.slug) if contestant.pool_id is None else None,
            "measured": performance.get(contestant.pk),
        }
        for contestant in contestants
    ]


def build_full_profile(contestant: Contestant) -> dict[str, Any]:
    """Return the profile of a contestant from `list_family` for `ModelDetailSchema`.

    It also contains the terms of the model's license, facts on which sources disagree, and prices over time. A
    contestant without a catalog model has no facts.
    """
    model = contestant.model
    facts = list(model.facts.all()) if model else []
    other_sources = {}
    for field, fact in get_current_facts(model, facts).items() if model else ():
        differing_facts = [] if fact.value in BLANK_VALUES else list_differing_facts(fact, facts)
        if differing_facts:
            other_sources[field] = differing_facts
    prices = list_prices(model) if model else []
    [profile] = build_profiles([contestant], {model.pk: pick_current_price(prices)} if model else {})
    return profile | {
        "license_terms": _get_known_license(model) if model else None,
        "other_sources": other_sources,
        "prices": prices,
    }


def _get_known_license(model: LanguageModel) -> License | None:
    """Return the model's license if its terms are known, or else None."""
    is_known = model.license and model.license.commercial != License.Commercial.UNKNOWN
    return model.license if is_known else None


def represent(model: LanguageModel) -> Contestant:
    """Return the plain contestant of a model from `list_models`, which is not saved if the model has none."""
    plain: Contestant = getattr(model, "plain", None) or Contestant(slug=model.slug, name=model.name, plain=True)
    plain.model = model
    return plain


def _build_facts(contestant: Contestant) -> dict[str, Any]:
    model = contestant.model or LanguageModel()
    is_variant = contestant.model and not contestant.plain
    return {
        **{name: getattr(model, name) for name in MODEL_FIELDS},
        "slug": contestant.slug,
        "name": contestant.name,
        "status": LanguageModel.Status.RETIRED if is_retired(model) or contestant.retired_at else model.status,
        "successor": model.successor or None,
        "organization": model.organization and model.organization.name,
        "license": model.license and model.license.name,
        "commercial_use": model.license and model.license.commercial,
        "base_model": model.base_model and model.base_model.slug,
        "in_draw": contestant.is_enabled,
        "variant": build_variant(contestant),
        "variant_of": model.slug if is_variant else None,
    }


def build_variant(contestant: Contestant) -> dict[str, Any] | None:
    """Return the settings of this contestant that differ from the defaults, or None if none do."""
    overrides = {name: getattr(contestant, name) for name in OVERRIDE_FIELDS}
    if contestant.endpoint:
        overrides["first_token_timeout_s"] = contestant.endpoint.first_token_timeout_s
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
