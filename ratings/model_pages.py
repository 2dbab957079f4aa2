"""The page of one model: what is known of it, what the arena has measured, and where it stands on each board."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from arena.measured import typical
from arena.models import LIVE
from arena.reveals import newest_prices
from catalog.benchmarks import of_model
from catalog.fact_words import told
from catalog.figures import count, dollars
from catalog.models import LanguageModel
from ratings.snapshots import newest_of_pools, unpack


@require_safe
def model_page(request: HttpRequest, slug: str) -> HttpResponse:
    if not slug.isprintable():  # PostgreSQL would not take it
        raise Http404
    models = LanguageModel.objects.select_related("organization", "license", "base_model")
    model = get_object_or_404(models, slug=slug)
    shown = {"model": model, **_facts(model), **_measured(model), **_standing(model)}
    shown |= {"told": told(model), "scores": of_model(model)}
    return render(request, "ratings/model.html", shown)


def _facts(model: LanguageModel) -> dict[str, Any]:
    price = newest_prices([model]).get(model.pk)
    return {
        "size": model.parameters_total and count(model.parameters_total),
        "active": model.parameters_active and count(model.parameters_active),
        "trained_on": model.training_tokens and count(model.training_tokens),
        "price": price and {"input": dollars(price.input), "output": dollars(price.output), "as_of": price.as_of},
    }


def _measured(model: LanguageModel) -> dict[str, Any]:
    """Nothing in here changes with a battle that is open: see `arena.measured`."""
    usual = typical([model.pk]).get(model.pk)
    return {"usual": usual, "failed_percent": usual and 100 * usual.failure_rate}


def _standing(model: LanguageModel) -> dict[str, Any]:
    """`places`: its row on the overall board of each pool, and among how many models its rank is."""
    places = []
    for snapshot in newest_of_pools():
        rows = unpack(snapshot.rows)
        for row in (row for row in rows if row["model"] == model.slug):
            among = sum(other["component"] == row["component"] for other in rows)
            places.append({"pool": snapshot.board.pool, "row": row, "among": among})
    return {"places": places, "rated_here": any(place["pool"].slug == LIVE for place in places)}
