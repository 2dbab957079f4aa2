"""The pages of the benchmarks: what they measure, what is wrong with them, and scores with their conditions."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import InvalidPage, Page, Paginator
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from catalog.benchmarks.rankings import Ranking, load_rankings
from catalog.facts.labels import extract_link
from catalog.models import Benchmark

SCORES_PER_PAGE = 50  # scores of a list on a page of it
RANKINGS_PER_PAGE = 10


@require_safe
def benchmark_list(request: HttpRequest, compared: Collection[str] = ()) -> HttpResponse:
    """All of them: the newer suite, the older one, and what files have brought.

    compared: slugs of those that can be held against the ratings of people.
    """
    counted = Benchmark.objects.annotate(number=Count("scores"))
    found = counted.order_by("name").prefetch_related("caveats")
    suites = [(generation, [each for each in found if each.generation == generation]) for generation in (2, 1, None)]
    shown = {"suites": [suite for suite in suites if suite[1]], "compared": compared}
    return render(request, "catalog/benchmarks/benchmark_list.html", shown)


@require_safe
def benchmark_detail(request: HttpRequest, slug: str) -> HttpResponse:
    if not slug.isprintable():  # PostgreSQL would not take it
        raise Http404
    found = get_object_or_404(Benchmark.objects.select_related("superseded_by"), slug=slug)
    shown = {
        "benchmark": found,
        "caveats": found.caveats.all(),
        "supersedes": found.supersedes.all(),
        "link": extract_link(found.source),
        **_build_score_context(load_rankings(found), request.GET),
    }
    return render(request, "catalog/benchmarks/benchmark.html", shown)


def _build_score_context(rankings: Sequence[Ranking], asked: Mapping[str, str]) -> dict[str, Any]:
    """A page of the rankings, of each a page of its rows, and a page of scores that stand alone. 2,400 scores are
    700 kB; the API has them all."""
    compared = [(f"r{number}", each) for number, each in enumerate((r for r in rankings if not r.alone), 1)]
    page = _get_page(compared, "rankings", asked, RANKINGS_PER_PAGE)
    return {
        "rankings": page,
        "tables": [(name, each.first, _get_page(each.rows, name, asked)) for name, each in page],
        "alone": _get_page([each.rows[0] for each in rankings if each.alone], "alone", asked),
        "asked": urlencode({"rankings": page.number}) if page.number > 1 else "",
    }


def _get_page(rows: Sequence[Any], name: str, asked: Mapping[str, str], size: int = SCORES_PER_PAGE) -> Page[Any]:
    try:
        return Paginator(rows, size).page(asked.get(name, "1"))
    except InvalidPage:
        raise Http404 from None
