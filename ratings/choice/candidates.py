"""Loads all models that can be chosen, with their facts, prices, speeds, failure rates, and ratings."""

from collections.abc import Sequence
from typing import Any

from django.db.models import FilteredRelation, Q, QuerySet

from arena.endpoints.performance import load_performance
from arena.models import Contestant
from catalog.calculators.cost_model import build_api_prices
from catalog.facts.fields import parse_rate
from catalog.facts.prices import load_current_prices
from catalog.facts.retirement import build_retired_filter, load_successors
from catalog.models import LanguageModel
from core.storage.ttl_cache import TtlCache
from ratings.boards.board_row import BoardRow, select_columns
from ratings.boards.differences import find_tiers
from ratings.choice.limits import Candidate
from ratings.statistics.constants import MAIN_COMPONENT

# Field of a candidate → column of the model. Loading 2,500 rows takes a third of the time of loading 2,500 instances.
MODEL_COLUMNS = {
    "slug": "slug",
    "name": "name",
    "organization": "organization__name",
    "license": "license__name",
    "commercial": "license__commercial",
    "open_weights": "open_weights",
    "params": "parameters_total",
    "context": "context_window",
    "cutoff": "knowledge_cutoff",
    "released": "release_date",
    "web_search": "web_search",
    "modalities": "modalities",
    "tools": "tools",
    "requests_per_minute": "requests_per_minute",
    "tokens_per_minute": "tokens_per_minute",
    "retires_on": "retires_on",
    "successor": "successor",
}
CACHE_S = 10.0  # the longest time until a change in the catalog appears on shortlists
facts_cache: TtlCache[list[dict[str, Any]]] = TtlCache(1, CACHE_S)
BOARD_COLUMNS = ("rating", "ci_low", "ci_high", "interval", "rank", "rank_low", "rank_high")


def load_candidates(rows: Sequence[BoardRow] = ()) -> list[Candidate]:
    """Return all models that can be chosen, with their ratings from a board's rows.

    Retired models and demo models cannot be chosen. Facts, prices, and measurements can be up to `CACHE_S` seconds old.
    """
    # A publisher can rate a model at several settings. Rows are sorted best first, so in reverse order, a model's best
    # row replaces its other rows.
    rated_rows = {row["model"]: row for row in reversed(rows) if row["component"] == MAIN_COMPONENT}
    tiers = find_tiers(rated_rows.values())
    candidates = []
    for facts in facts_cache.get_or_compute(None, _load_facts):
        standing: dict[str, Any] = {}
        if row := rated_rows.get(facts["slug"]):
            standing = select_columns(row, BOARD_COLUMNS)
            standing["tier"] = tiers.get(facts["slug"])
            standing["setting"] = row.get("setting", "")  # only rows of reference boards have one
        candidates.append(Candidate(**facts, **standing))
    return candidates


def query_current_models() -> QuerySet[LanguageModel]:
    return LanguageModel.objects.filter(~build_retired_filter(), demo=False)


def _load_facts() -> list[dict[str, Any]]:
    """Return the fields of each candidate that depend neither on the form nor on the board."""
    current = query_current_models()
    prices = load_current_prices(current)
    performances = load_performance(Contestant.objects.filter(plain=True, model__in=current))
    plain = FilteredRelation("contestants", condition=Q(contestants__plain=True))
    rows = [
        (key, contestant, dict(zip(MODEL_COLUMNS, columns, strict=True)))
        for key, contestant, *columns in current.annotate(plain=plain).values_list(
            "pk", "plain", *MODEL_COLUMNS.values()
        )
    ]
    successors = load_successors() if any(facts["successor"] for *_, facts in rows) else {}
    for key, contestant, facts in rows:
        price = prices.get(key)
        performance = performances.get(contestant)
        facts["successor"] = successors.get(facts["slug"])
        facts["commercial"] = None if facts["commercial"] == "unknown" else facts["commercial"]
        facts["requests_per_minute"] = parse_rate(facts["requests_per_minute"])
        facts["tokens_per_minute"] = parse_rate(facts["tokens_per_minute"])
        facts["modalities"] = frozenset(facts["modalities"]) or None
        facts["prices"] = build_api_prices(price) if price else None
        facts["priced_on"] = price.as_of if price else None
        facts["host_context"] = price.context if price else None
        facts["latency_s"] = performance.first_token_s if performance else None
        facts["tokens_per_s"] = performance.tokens_per_s if performance else None
        facts["failure_rate"] = performance.failure_rate if performance else None
    return [facts for *_, facts in rows]
