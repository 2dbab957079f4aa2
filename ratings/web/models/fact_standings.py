"""Where a figure of a model stands among the figures of all models in the catalog."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from math import log10
from typing import Any

from catalog.facts.prices import query_current_prices
from catalog.models import LanguageModel, Price
from core.templatetags.strips import Scale, build_scale
from core.text.number_format import format_count, format_dollars


@dataclass(frozen=True)
class FactStanding:
    """A figure and those of all models, as base-10 logarithms, with the lowest and the highest figure as text."""

    scale: Scale | None
    value: float
    others: list[float]
    low: str
    high: str


def load_standings(model: LanguageModel, price: Price | None) -> dict[str, FactStanding | None]:
    """Return the standing of the model's input price, output price, and context. It is None if there is nothing to
    compare."""
    prices = list(query_current_prices().values_list("input", "output")) if price else []
    windows = LanguageModel.objects.values_list("context_window", flat=True) if model.context_window else ()
    return {
        "input": build_standing(price and price.input, (each for each, _ in prices), format_dollars),
        "output": build_standing(price and price.output, (each for _, each in prices), format_dollars),
        "context": build_standing(model.context_window, windows, format_count),
    }


def build_standing(
    value: Decimal | int | None, values: Iterable[Decimal | int | None], format_value: Callable[[Any], str]
) -> FactStanding | None:
    """Return the standing of `value`, or None if it has no logarithm or no other value differs from it."""
    distinct = sorted({each for each in values if each})
    if not value or len(distinct) < 2:
        return None
    logarithms = [log10(each) for each in distinct]
    scale = build_scale([*logarithms, log10(value)], "")
    return FactStanding(scale, log10(value), logarithms, format_value(distinct[0]), format_value(distinct[-1]))
