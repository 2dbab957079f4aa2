"""The pages of the benchmarks: what they measure, what is wrong with them, and scores with their conditions."""

from collections.abc import Collection

from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from catalog.benchmarks import ranked
from catalog.fact_words import link
from catalog.models import Benchmark

SHOWN = 30


@require_safe
def benchmarks(request: HttpRequest, compared: Collection[str] = ()) -> HttpResponse:
    """All of them: the newer suite, the older one, and what files have brought.

    compared: slugs of those that can be held against the ratings of people.
    """
    counted = Benchmark.objects.annotate(number=Count("scores"))
    found = counted.order_by("name").prefetch_related("caveats")
    suites = [(generation, [each for each in found if each.generation == generation]) for generation in (2, 1, None)]
    shown = {"suites": [suite for suite in suites if suite[1]], "compared": compared}
    return render(request, "catalog/benchmarks.html", shown)


@require_safe
def benchmark(request: HttpRequest, slug: str) -> HttpResponse:
    if not slug.isprintable():  # PostgreSQL would not take it
        raise Http404
    found = get_object_or_404(Benchmark.objects.select_related("superseded_by"), slug=slug)
    rankings = ranked(found)
    shown = {
        "benchmark": found,
        "caveats": found.caveats.all(),
        "supersedes": found.supersedes.all(),
        "link": link(found.source),
        "rankings": [ranking for ranking in rankings if not ranking.alone],
        "alone": [ranking.rows[0] for ranking in rankings if ranking.alone],
        "shown": f":{SHOWN}",
        "rest": f"{SHOWN}:",
    }
    return render(request, "catalog/benchmark.html", shown)
