"""The page of a benchmark against people, and which benchmarks it is worth for."""

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from catalog.web import benchmark_views
from core.http.errors import RequestError
from ratings.boards import model_facts
from ratings.boards.addresses import format_parameter
from ratings.models import Pool
from ratings.reports import benchmark_agreement
from ratings.reports.benchmark_agreement import AgreementQuery, BenchmarkComparison
from ratings.statistics.benchmark_regression import MIN_MODELS


@require_safe
def show_benchmarks(request: HttpRequest) -> HttpResponse:
    """The list of the catalogue, with links to where there is enough to compare."""
    return benchmark_views.benchmark_list(request, benchmark_agreement.find_comparable_slugs())


@require_safe
def show_disagreement(request: HttpRequest, slug: str) -> HttpResponse:
    """Its whole state is in the address."""
    try:
        asked = benchmark_agreement.parse_agreement_query(request.GET)
        comparison = benchmark_agreement.compare_benchmark(benchmark_agreement.get_benchmark(slug), asked)
    except RequestError as error:
        return render(request, "404.html", {"detail": error.detail}, status=error.status)
    return render(request, "ratings/benchmarks/disagreement.html", _build_context(comparison, asked))


def _build_context(comparison: BenchmarkComparison, asked: AgreementQuery) -> dict[str, Any]:
    pools = list(Pool.objects.exclude(kind=Pool.Kind.SHORTLIST).order_by("pk"))
    pool = next((pool for pool in pools if pool.slug == comparison.board["pool"]), None)
    of_verdict = {
        verdict: [point for point in comparison.points if point["verdict"] == verdict]
        for verdict in ("below", "above", "unclear")
    }
    left_out = {
        reason: [each["name"] for each in comparison.left_out if each["reason"] == reason]
        for reason in benchmark_agreement.EXCLUSION_REASONS
    }
    return {
        "it": comparison,
        "benchmark": comparison.benchmark,
        "pool": pool,
        "pools": pools,
        "categories": model_facts.list_categories(pool) if pool else [],
        "needed": MIN_MODELS,
        "asked": asked,
        "json": _build_json_url(comparison, asked),
        "left_out": [(reason, names) for reason, names in left_out.items() if names],
        **of_verdict,
    }


def _build_json_url(comparison: BenchmarkComparison, asked: AgreementQuery) -> str:
    """The call that says what this page says, whatever is published meanwhile."""
    key = comparison.chosen.key if comparison.chosen else ""
    which = asdict(asked) | {"pool": comparison.board["pool"], "conditions": key}
    which["at"] = comparison.board["computed_at"]
    query = urlencode({name: format_parameter(value) for name, value in which.items() if value})
    return f"{reverse('disagreement-json', args=[comparison.benchmark.slug])}?{query}"
