"""Calculator pages. The URL contains the complete input."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog.calculators import cost, cost_prefill, scaling
from catalog.calculators.cost_form import CostForm
from catalog.calculators.cost_text import build_lines
from core.text.number_fields import DefaultsForm


@require_safe
def scaling_page(request: HttpRequest) -> HttpResponse:
    form = scaling.ScalingForm(request.GET if _has_input(scaling.ScalingForm, request) else None)
    plan = form.plan() if form.is_valid() else None
    context = {
        "form": form,
        "plan": plan,
        "models": scaling.load_trained_models(),
        "hoffmann_warning": scaling.HOFFMANN_WARNING,
    }
    return render(request, "catalog/calculators/scaling.html", context, status=_get_status(form))


@require_safe
def cost_page(request: HttpRequest) -> HttpResponse:
    known_model = cost_prefill.load_known_model(request.GET.get("model", ""))
    form = _build_cost_form(request, known_model)
    comparison = cost.compare_costs(form) if form.is_valid() else None
    context = {
        "form": form,
        "known_model": known_model,
        "comparison": comparison,
        "lines": comparison and build_lines(comparison),
    }
    return render(request, "catalog/calculators/cost.html", context, status=_get_status(form))


def _build_cost_form(request: HttpRequest, known_model: cost_prefill.KnownModel | None) -> CostForm:
    """Build the form from the query string, or from the model's values if the query contains only a model."""
    has_figures = bool((CostForm.base_fields.keys() - {"model"}) & request.GET.keys())
    if known_model and not has_figures:
        return cost_prefill.build_initial_form(known_model)
    if _has_input(CostForm, request):
        return cost_prefill.build_prefilled_form(request.GET, known_model)
    return CostForm()


def _has_input(form_class: type[DefaultsForm], request: HttpRequest) -> bool:
    """Return True if the query string contains a form field."""
    return bool(form_class.base_fields.keys() & request.GET.keys())


def _get_status(form: DefaultsForm) -> int:
    return 400 if form.errors else 200
