"""Load the models to choose from: facts, price, measured speed and failures, and rating."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from arena.endpoints.performance import EndpointPerformance, load_performance
from catalog.calculators.cost_model import ApiPrices
from catalog.facts.fields import parse_rate
from catalog.facts.prices import load_current_prices
from catalog.models import LanguageModel
from ratings.boards.interval_explanations import PUBLISHED_INTERVAL
from ratings.choice.limits import Candidate
from ratings.choice.shortlist import compute_interval_tiers

# Field of a candidate → column of its model. For 2,500 models, rows take a third of the time of instances.
MODEL_COLUMNS = {
    "slug": "slug",
    "name": "name",
    "commercial": "license__commercial",
    "open_weights": "open_weights",
    "params": "parameters_total",
    "context": "context_window",
    "cutoff": "knowledge_cutoff",
    "web_search": "web_search",
    "modalities": "modalities",
    "tools": "tools",
    "requests_per_minute": "requests_per_minute",
    "tokens_per_minute": "tokens_per_minute",
}


@dataclass(frozen=True)
class LaunchWeeks:
    """The user's estimates of the weeks until a launch, with an API and with self-hosting; None is unknown."""

    api: Decimal | None
    own: Decimal | None


def load_candidates(rows: Sequence[Mapping[str, Any]], weeks: LaunchWeeks) -> list[Candidate]:
    """Return all models that are not retired, with their ratings from these rows of a board."""
    current = LanguageModel.objects.filter(status=LanguageModel.Status.CURRENT)
    prices = {key: ApiPrices(price.input, price.output) for key, price in load_current_prices(current).items()}
    measured = load_performance(current.values_list("pk", flat=True))
    rated = {row["model"]: row | {"tier": tier} for row, tier in _iter_tiered_rows(rows)}
    return [
        _build_candidate(
            dict(zip(MODEL_COLUMNS, columns, strict=True)), rated, prices.get(key), measured.get(key), weeks
        )
        for key, *columns in current.values_list("pk", *MODEL_COLUMNS.values())
    ]


def _iter_tiered_rows(rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[dict[str, Any], int | None]]:
    """Yield the rows of the main component with their tiers, by intervals for a board without tests of differences."""
    overlapping = compute_interval_tiers(row for row in rows if row["interval"] == PUBLISHED_INTERVAL)
    for row in rows:
        if row["component"] == 0:
            yield dict(row), overlapping.get(row["model"], row["tier"])


def _build_candidate(
    facts: dict[str, Any],
    rated: Mapping[str, Mapping[str, Any]],
    prices: ApiPrices | None,
    measured: EndpointPerformance | None,
    weeks: LaunchWeeks,
) -> Candidate:
    row = rated.get(facts["slug"], {})
    facts["commercial"] = None if facts["commercial"] == "unknown" else facts["commercial"]
    facts["requests_per_minute"] = parse_rate(facts["requests_per_minute"])
    facts["tokens_per_minute"] = parse_rate(facts["tokens_per_minute"])
    facts["modalities"] = frozenset(facts["modalities"]) or None
    return Candidate(
        **facts,
        tier=row.get("tier"),
        rating=row.get("rating"),
        prices=prices,
        latency_s=measured.first_token_s if measured else None,
        tokens_per_s=measured.tokens_per_s if measured else None,
        failure_rate=measured.failure_rate if measured else None,
        weeks=weeks.api if prices or facts["open_weights"] is False else weeks.own,
    )
