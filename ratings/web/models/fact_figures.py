"""The figures on a model's page: its prices and its context, each compared with those of all models in the catalog."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import log10
from typing import Any

from django.utils.translation import gettext as _

from catalog.calculators.cost_model import build_api_prices
from catalog.facts.prices import query_current_prices
from catalog.models import LanguageModel, Price
from core.templatetags.strips import Scale, build_scale
from core.text.number_format import format_count, format_dollars


@dataclass(frozen=True)
class FactFigure:
    """A figure of one model, compared with those of all models.

    text, note: the figure as text, and a note on it.
    log_value, all_log_values: the logarithm of the figure, and those of all models' figures.
    scale: the axis of the logarithms, or None if there are fewer than two different figures or this one is 0.
    verdict: a sentence about the share of models with a lower (or higher) figure.
    low, high: the lowest and the highest figure as text.
    """

    label: str
    text: str
    note: str
    log_value: float
    all_log_values: list[float]
    scale: Scale | None
    verdict: str
    low: str
    high: str


def load_figures(model: LanguageModel, price: Price | None) -> list[FactFigure]:
    """Return the figures of the model that are known: input price, output price, and context."""
    figures = []
    if price:
        prices = list(query_current_prices().values_list("input", "output"))
        inputs, outputs = [each for each, _output in prices], [each for _input, each in prices]
        figures.append(build_figure(_("Input / 1M"), price.input, inputs, format_dollars))
        figures.append(build_figure(_("Output / 1M"), price.output, outputs, format_dollars, _describe_terms(price)))
    if model.context_window:
        windows = LanguageModel.objects.values_list("context_window", flat=True)
        figures.append(build_figure(_("Context"), model.context_window, windows, "{:,}".format, _("tokens")))
    return figures


def build_figure(
    label: str,
    value: Decimal | int,
    values: Iterable[Decimal | int | None],
    format_value: Callable[[Any], str],
    note: str = "",
) -> FactFigure:
    """Return the figure for a value and compare it with `values`. None and 0 have no place on the logarithmic scale."""
    known_values = [each for each in values if each is not None]
    known = sorted({each for each in known_values if each})
    logarithms = [log10(each) for each in known]
    is_placed = bool(value) and len(known) > 1
    place = log10(value) if is_placed else 0.0
    scale = build_scale([*logarithms, place], "") if is_placed else None
    ends = (format_value(known[0]), format_value(known[-1])) if known else ("", "")
    return FactFigure(
        label, format_value(value), note, place, logarithms, scale, _describe_percentile(value, known_values), *ends
    )


def _describe_percentile(value: Decimal | int, values: Sequence[Decimal | int]) -> str:
    """Return a sentence about the share of values below this one, or above it if that share is larger."""
    below, above = sum(each < value for each in values), sum(each > value for each in values)
    text = _("Above %(percent)s%% of models") if below >= above else _("Below %(percent)s%% of models")
    return text % {"percent": 100 * max(below, above) // max(len(values), 1)}


def _describe_terms(price: Price) -> str:
    if price.is_off_peak:
        return _("off-peak")
    tiers = build_api_prices(price).tiers
    return _("up to %(tokens)s tokens") % {"tokens": format_count(tiers[0].above)} if tiers else ""
