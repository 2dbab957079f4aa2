"""Calculator pages. The URL contains the complete input."""

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from catalog.calculators import cost, cost_prefill, scaling
from catalog.calculators.cost_form import COST_PRESETS, EXAMPLE_GPUS, EXAMPLE_PRICES, CostForm, CostPreset
from catalog.calculators.cost_plot import build_cost_plot
from catalog.calculators.cost_text import build_bars, build_lines, describe_cheaper
from catalog.calculators.scaling_laws import TOKENS_PER_PARAMETER
from catalog.calculators.scaling_plot import build_scaling_plot
from core.http.forms import render_live_form, shorten_query
from core.text.number_fields import DefaultsForm

SCALING_EXAMPLES = (
    ("Chinchilla", "params=70B&tokens=1.4T"),
    ("8B on 15T", "params=8B&tokens=15T"),
    (gettext_lazy("10²⁴ operations"), "compute=1e24"),
)
EXAMPLE_RUN = SCALING_EXAMPLES[1][1]  # shown until the visitor enters numbers
# The index of the preset that fills the form until the visitor enters numbers. cost.html also uses this index.
EXAMPLE_PRESET = 1
RUN_LABELS = (
    gettext_lazy("This run"),
    gettext_lazy("Chinchilla ratio"),
    gettext_lazy("Lowest predicted loss"),
)


@require_safe
def show_scaling(request: HttpRequest) -> HttpResponse:
    data = request.GET if _has_input(scaling.ScalingForm, request) else None
    form = scaling.ScalingForm(data, initial=QueryDict(EXAMPLE_RUN).dict())
    result_form = form if form.is_bound else scaling.ScalingForm(QueryDict(EXAMPLE_RUN))
    plan = result_form.build_plan() if result_form.is_valid() else None
    models = scaling.load_trained_models()
    context = {
        "form": form,
        "plan": plan,
        "ratios": plan
        and [(RUN_LABELS[0], plan.actual.training.tokens_per_parameter), (RUN_LABELS[1], TOKENS_PER_PARAMETER)],
        "runs": plan and list(zip(RUN_LABELS, (plan.actual, plan.rule, plan.optimum), strict=True)),
        "models": models,
        "examples": SCALING_EXAMPLES,
        "current_example": shorten_query(request.GET if form.is_bound else QueryDict(EXAMPLE_RUN)),
        "plot": build_scaling_plot(models, plan.actual.training if plan else None),
        "hoffmann_warning": scaling.HOFFMANN_WARNING,
    }
    return _render(request, "catalog/calculators/scaling.html", context, form)


@require_safe
def show_cost(request: HttpRequest) -> HttpResponse:
    known_model = cost_prefill.load_known_model(request.GET)
    form = _build_cost_form(request, known_model)
    comparison = cost.compare_costs(form) if form.is_valid() else None
    presets = [_build_preset(preset, known_model) for preset in COST_PRESETS]
    example = presets[EXAMPLE_PRESET][2]
    context = {
        "form": form,
        "known_model": known_model,
        "comparison": comparison,
        "bars": comparison and build_bars(comparison, comparison.months),
        "lines": comparison and build_lines(comparison),
        "plot": comparison and build_cost_plot(comparison),
        "priced_models": cost_prefill.list_priced_models(),
        "presets": presets,
        "example_plot": build_cost_plot(example) if example and not comparison else None,
    }
    return _render(request, "catalog/calculators/cost.html", context, form)


def _build_preset(
    preset: CostPreset, known_model: cost_prefill.KnownModel | None
) -> tuple[CostPreset, str, cost.CostComparison | None, list[tuple[Any, Decimal, int]], str]:
    """Return the preset, its query string, its result, the bars of the costs for one month, and the cheaper option.

    The query string includes the selected model. The result is None if the input is invalid.
    """
    prices = {} if known_model and known_model.price else dict(EXAMPLE_PRICES)
    model = {"model": known_model.model.slug} if known_model else {}
    query = urlencode({**model, **preset.values, **prices, **EXAMPLE_GPUS})
    form = cost_prefill.build_prefilled_form(QueryDict(query), known_model)
    example = cost.compare_costs(form) if form.is_valid() else None
    bars = build_bars(example, 1) if example else []
    return preset, query, example, bars, describe_cheaper(bars)


def _build_cost_form(request: HttpRequest, known_model: cost_prefill.KnownModel | None) -> CostForm:
    """Build the form from the query string, or from an example if the query contains no numbers."""
    has_numbers = bool((CostForm.base_fields.keys() - {"model"}) & request.GET.keys())
    if has_numbers or (not known_model and _has_input(CostForm, request)):
        return cost_prefill.build_prefilled_form(request.GET, known_model)
    example = COST_PRESETS[EXAMPLE_PRESET].values | EXAMPLE_PRICES | EXAMPLE_GPUS
    return cost_prefill.build_initial_form(example, known_model)


def _has_input(form_class: type[DefaultsForm], request: HttpRequest) -> bool:
    """Return True if the query string contains a form field."""
    return bool(form_class.base_fields.keys() & request.GET.keys())


def _render(request: HttpRequest, template: str, context: dict[str, Any], form: DefaultsForm) -> HttpResponse:
    return render_live_form(request, template, context, form, shorten_query(request.GET))
