"""Loads all models that can be chosen, with their facts, price, speed, failures, and rating."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from arena.endpoints.performance import EndpointPerformance, load_performance
from catalog.calculators.api_prices import build_api_prices
from catalog.facts.fields import parse_rate
from catalog.facts.prices import load_current_prices
from catalog.facts.retirement import build_retired_filter
from catalog.facts.successors import load_successors
from catalog.models import LanguageModel, Price
from ratings.boards.interval_explanations import PUBLISHED_INTERVAL
from ratings.choice.limits import Candidate
from ratings.choice.shortlist import compute_interval_tiers
from ratings.statistics.constants import MAIN_COMPONENT

# Field of a candidate → column of the model. For 2,500 models, loading rows takes a third as long as loading instances.
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
BOARD_COLUMNS = ("rating", "ci_low", "ci_high", "interval", "rank", "rank_low", "rank_high")


@dataclass(frozen=True)
class LaunchWeeks:
    """The user's estimates of the weeks until launch, with an API and with self-hosting.

    None means unknown.
    """

    api: Decimal | None
    own: Decimal | None


def load_candidates(rows: Sequence[Mapping[str, Any]], weeks: LaunchWeeks) -> list[Candidate]:
    """Return all models that can be chosen, with their ratings from a board's rows.

    Retired models and demo models cannot be chosen.
    """
    current = query_current_models()
    prices = load_current_prices(current)
    measured = load_performance(current.values_list("pk", flat=True))
    # A publisher can rate a model at several settings. Rows are sorted best first, so in reverse order, the best wins.
    rated = {row["model"]: row for row in reversed(rows) if row["component"] == MAIN_COMPONENT}
    # Published ratings have no covariance, so their tiers are based on intervals.
    interval_tiers = compute_interval_tiers(row for row in rated.values() if row["interval"] == PUBLISHED_INTERVAL)
    rows_of_models = list(current.values_list("pk", *MODEL_COLUMNS.values()))
    known = [(key, dict(zip(MODEL_COLUMNS, columns, strict=True))) for key, *columns in rows_of_models]
    successors = load_successors() if any(facts["successor"] for _, facts in known) else {}
    candidates = []
    for key, facts in known:
        if row := rated.get(facts["slug"]):
            facts["tier"] = interval_tiers.get(facts["slug"], row["tier"])
            facts |= {name: row[name] for name in BOARD_COLUMNS}
            facts["setting"] = row.get("setting", "")  # only rows of reference boards have one
        facts["successor"] = successors.get(facts["slug"])
        candidates.append(_build_candidate(facts, prices.get(key), measured.get(key), weeks))
    return candidates


def query_current_models() -> QuerySet[LanguageModel]:
    return LanguageModel.objects.filter(~build_retired_filter(), demo=False)


def _build_candidate(
    facts: dict[str, Any], price: Price | None, measured: EndpointPerformance | None, weeks: LaunchWeeks
) -> Candidate:
    facts["commercial"] = None if facts["commercial"] == "unknown" else facts["commercial"]
    facts["requests_per_minute"] = parse_rate(facts["requests_per_minute"])
    facts["tokens_per_minute"] = parse_rate(facts["tokens_per_minute"])
    facts["modalities"] = frozenset(facts["modalities"]) or None
    return Candidate(
        **facts,
        prices=build_api_prices(price) if price else None,
        priced_on=price.as_of if price else None,
        host_context=price.context if price else None,
        latency_s=measured.first_token_s if measured else None,
        tokens_per_s=measured.tokens_per_s if measured else None,
        failure_rate=measured.failure_rate if measured else None,
        weeks=weeks.api if price or facts["open_weights"] is False else weeks.own,
    )
