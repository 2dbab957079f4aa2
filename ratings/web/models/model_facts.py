"""The facts on a model's page: lists of labels and texts, and figures that are compared with all models' figures."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import log10
from typing import Any, TypeAlias

from django.urls import reverse
from django.utils.dateformat import format as format_date
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from arena.endpoints.performance import EndpointPerformance
from arena.models import Contestant
from catalog.calculators.cost_model import build_api_prices
from catalog.facts.prices import query_current_prices
from catalog.models import LanguageModel, Price
from core.templatetags.strips import Scale, build_scale
from core.text.number_format import format_count, format_dollars

LabeledText: TypeAlias = tuple[str, str]


def list_known_facts(contestant: Contestant) -> list[LabeledText]:
    """Return the known facts about a contestant's model, except its price and its context, which are figures."""
    model = contestant.model or LanguageModel()
    base, total, active = model.base_model, model.parameters_total, model.parameters_active
    facts = {
        _("API name"): format_html("<code>{}</code>", contestant.slug),
        _("Parameters"): total and format_count(total),
        _("Base model"): base
        and format_html('<a href="{}"><bdi>{}</bdi></a>', reverse("model-page", args=[base.slug]), base.name),
        _("Trained on"): model.training_tokens
        and _("%(tokens)s tokens") % {"tokens": format_count(model.training_tokens)},
        _("Released"): model.release_date and format_date(model.release_date, "F j, Y"),
        _("Knowledge cutoff"): model.knowledge_cutoff and format_date(model.knowledge_cutoff, "F Y"),
    }
    if total and active:
        facts[_("Parameters")] = f"{format_count(total)}, {_('%(size)s active') % {'size': format_count(active)}}"
    return [(label, text) for label, text in facts.items() if text]


def list_measurements(performance: EndpointPerformance) -> list[LabeledText]:
    facts: list[LabeledText] = []
    if performance.tokens_per_s:
        facts.append((_("Speed"), _("%(speed)s tokens/s") % {"speed": f"{performance.tokens_per_s:.0f}"}))
    if performance.first_token_s is not None:
        facts.append((_("First token"), _("after %(wait)s s") % {"wait": f"{performance.first_token_s:.2f}"}))
    if performance.failure_rate is not None:
        text = ngettext(
            "%(percent)s%% of %(calls)s call in blind battles",
            "%(percent)s%% of %(calls)s calls in blind battles",
            performance.calls,
        )
        share = {"percent": f"{100 * performance.failure_rate:.1f}", "calls": f"{performance.calls:,}"}
        facts.append((_("Failed"), text % share))
    return facts


def list_variant_settings(settings: Mapping[str, Any]) -> list[LabeledText]:
    """Return the known settings with labels.

    settings: as returned by `arena.endpoints.profiles.build_variant`.
    """
    facts: list[LabeledText] = []
    if tokens := settings.get("max_tokens"):
        facts.append((_("Maximum answer length"), _("%(tokens)s tokens") % {"tokens": f"{tokens:,}"}))
    if tokens := settings.get("thinking_tokens"):
        facts.append((_("Thinking tokens"), _("up to %(tokens)s tokens") % {"tokens": f"{tokens:,}"}))
    if "temperature" in settings:
        facts.append((_("Temperature"), str(settings["temperature"])))
    if wait := settings.get("first_token_timeout_s"):
        facts.append((_("First-token timeout"), _("at most %(seconds)s s") % {"seconds": f"{wait:.0f}"}))
    return facts


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
    low, high = (format_value(known[0]), format_value(known[-1])) if known else ("", "")
    below, above = sum(each < value for each in known_values), sum(each > value for each in known_values)
    text = _("Above %(percent)s%% of models") if below >= above else _("Below %(percent)s%% of models")
    verdict = text % {"percent": 100 * max(below, above) // max(len(known_values), 1)}
    return FactFigure(label, format_value(value), note, place, logarithms, scale, verdict, low, high)


def _describe_terms(price: Price) -> str:
    if price.is_off_peak:
        return _("off-peak")
    tiers = build_api_prices(price).tiers
    return _("up to %(tokens)s tokens") % {"tokens": format_count(tiers[0].above)} if tiers else ""
