"""All models that may be chosen, with what is known of each: facts, price, measured speed and failures, rating."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from arena.endpoints.performance import Typical, typical
from catalog.calculators.cost_model import Prices
from catalog.facts.fields import rate
from catalog.facts.prices import newest_prices
from catalog.models import LanguageModel
from ratings.boards.interval_explanations import PUBLISHED
from ratings.choice.limits import Candidate
from ratings.choice.shortlist import tiers

# Fields of a candidate that are columns of its model. Rows instead of instances: of 2,500 models that is a third.
COLUMNS = {
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
class Weeks:
    """How long it takes until a launch, as whoever asks has said; None is unknown."""

    api: Decimal | None
    own: Decimal | None


def offered(rows: Sequence[Mapping[str, Any]], weeks: Weeks) -> list[Candidate]:
    """All models that are not retired, with their ratings from these rows of a board."""
    current = LanguageModel.objects.filter(status=LanguageModel.Status.CURRENT)
    prices = {key: Prices(each.input, each.output) for key, each in newest_prices(current).items()}
    measured = typical(current.values_list("pk", flat=True))
    rated = {row["model"]: row | {"tier": tier} for row, tier in _tiered(rows)}
    return [
        _candidate(dict(zip(COLUMNS, columns, strict=True)), rated, prices.get(key), measured.get(key), weeks)
        for key, *columns in current.values_list("pk", *COLUMNS.values())
    ]


def _tiered(rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[dict[str, Any], int | None]]:
    """The rows of the main component with their tiers, which intervals give where no tests were published."""
    overlapping = tiers(row for row in rows if row["interval"] == PUBLISHED)
    for row in rows:
        if row["component"] == 0:
            yield dict(row), overlapping.get(row["model"], row["tier"])


def _candidate(
    known: dict[str, Any],
    rated: Mapping[str, Mapping[str, Any]],
    prices: Prices | None,
    measured: Typical | None,
    weeks: Weeks,
) -> Candidate:
    row = rated.get(known["slug"], {})
    known["commercial"] = None if known["commercial"] == "unknown" else known["commercial"]
    known |= {name: rate(known[name]) for name in ("requests_per_minute", "tokens_per_minute")}
    known["modalities"] = frozenset(known["modalities"]) or None
    return Candidate(
        **known,
        tier=row.get("tier"),
        rating=row.get("rating"),
        prices=prices,
        latency_s=measured.first_token_s if measured else None,
        tokens_per_s=measured.tokens_per_s if measured else None,
        failure_rate=measured.failure_rate if measured else None,
        weeks=weeks.api if prices or known["open_weights"] is False else weeks.own,
    )
