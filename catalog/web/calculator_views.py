"""The pages of the catalogue: parse, call, render. What a calculator was asked stands in its address."""

from typing import TypeVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from catalog.calculators import cost, cost_prefill, scaling
from catalog.calculators.cost_form import CostForm
from catalog.calculators.cost_text import lines
from core.text.number_fields import GivenForm

F = TypeVar("F", bound=GivenForm)


@require_safe
def scaling_page(request: HttpRequest) -> HttpResponse:
    form = _form(scaling.ScalingForm, request)
    plan = form.plan() if form.is_valid() else None
    context = {"form": form, "plan": plan, "models": scaling.trained_models(), "rounded": scaling.ROUNDED}
    return render(request, "catalog/calculators/scaling.html", context, status=_status(form))


@require_safe
def cost_page(request: HttpRequest) -> HttpResponse:
    known = cost_prefill.known(request.GET.get("model", ""))
    only_model = known and not (CostForm.base_fields.keys() - {"model"}) & request.GET.keys()
    if known and only_model:
        form = cost_prefill.begun(known)
    else:
        form = cost_prefill.filled(request.GET, known) if _asked(CostForm, request) else CostForm()
    found = cost.compare(form) if form.is_valid() else None
    context = {"form": form, "known": known, "found": found, "lines": found and lines(found)}
    return render(request, "catalog/calculators/cost.html", context, status=_status(form))


def _form(kind: type[F], request: HttpRequest) -> F:
    return kind(request.GET if _asked(kind, request) else None)


def _asked(kind: type[GivenForm], request: HttpRequest) -> bool:
    """Nothing is asked as long as no field of it stands in the address."""
    return bool(kind.base_fields.keys() & request.GET.keys())


def _status(form: GivenForm) -> int:
    return 400 if form.errors else 200
