"""The page of one model: what is known of it, what the arena has measured, and where it stands now."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from arena.measured import typical
from arena.models import LIVE, Standing
from arena.reveals import newest_prices
from catalog.figures import count, dollars
from catalog.models import LanguageModel


@require_safe
def model_page(request: HttpRequest, slug: str) -> HttpResponse:
    if not slug.isprintable():  # PostgreSQL would not take it
        raise Http404
    models = LanguageModel.objects.select_related("organization", "license", "base_model")
    model = get_object_or_404(models, slug=slug)
    return render(request, "arena/model.html", {"model": model, **_facts(model), **_numbers(model)})


def _facts(model: LanguageModel) -> dict[str, Any]:
    price = newest_prices([model]).get(model.pk)
    return {
        "size": model.parameters_total and count(model.parameters_total),
        "active": model.parameters_active and count(model.parameters_active),
        "trained_on": model.training_tokens and count(model.training_tokens),
        "price": price and {"input": dollars(price.input), "output": dollars(price.output), "as_of": price.as_of},
    }


def _numbers(model: LanguageModel) -> dict[str, Any]:
    """Nothing in here changes with a battle that is open: see `arena.measured`."""
    ratings = dict[str, Any](Standing.objects.filter(pool=LIVE).values_list("ratings", flat=True).first() or {})
    usual = typical([model.pk]).get(model.pk)
    return {
        "standing": ratings.get(model.slug),
        "models": len(ratings),
        "usual": usual,
        "failed_percent": usual and 100 * usual.failure_rate,
    }
