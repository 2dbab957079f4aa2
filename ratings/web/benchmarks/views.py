"""The list of benchmarks, and the page that compares a benchmark with the ratings on a board."""

from dataclasses import asdict, replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from arena.identity.pool_access import Viewer, get_viewer, visible_to
from catalog.web import benchmark_views
from core.http.error_pages import render_error_page
from core.http.errors import RequestError
from ratings.boards import model_facts
from ratings.boards.board_urls import format_parameter
from ratings.boards.snapshots import check_visible
from ratings.models import Board, Category
from ratings.reports import benchmark_agreement
from ratings.reports.benchmark_agreement import AgreementQuery, BenchmarkComparison
from ratings.reports.best_models import load_best_keys
from ratings.statistics.benchmark_regression import MIN_MODELS


@require_safe
def show_benchmarks(request: HttpRequest) -> HttpResponse:
    """Show the list of benchmarks. Those with enough models have a link to their comparison."""
    return benchmark_views.show_benchmark_list(request, benchmark_agreement.find_comparable_slugs(), load_best_keys())


@require_safe
def show_benchmark(request: HttpRequest, slug: str) -> HttpResponse:
    return benchmark_views.show_benchmark(request, slug, load_best_keys())


@require_safe
def show_disagreement(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the comparison of a benchmark with a board. The URL contains all of the page's state."""
    try:
        viewer = get_viewer(request)
        asked = benchmark_agreement.parse_agreement_query(request.GET)
        check_visible(viewer, asked.pool, asked.category)
        query = _drop_missing_category(asked)
        comparison = benchmark_agreement.compare_benchmark(benchmark_agreement.get_benchmark(slug), query)
    except RequestError as error:
        return render_error_page(request, error)
    return render(request, "ratings/benchmarks/disagreement.html", _build_context(comparison, query, viewer))


def _drop_missing_category(query: AgreementQuery) -> AgreementQuery:
    """Return the query without its category if only other pools have the category.

    This happens when a visitor selects another pool.
    """
    if not (query.pool and query.category and Category.objects.filter(slug=query.category).exists()):
        return query
    boards = Board.objects.filter(pool__slug=query.pool, category__slug=query.category)
    return query if boards.exists() else replace(query, category="")


def _build_context(comparison: BenchmarkComparison, query: AgreementQuery, viewer: Viewer) -> dict[str, Any]:
    pools = list(visible_to(viewer).order_by("pk"))
    pool = next((pool for pool in pools if pool.slug == comparison.board["pool"]), None)
    by_verdict = {
        verdict: [point for point in comparison.points if point["verdict"] == verdict]
        for verdict in ("below", "above", "unclear")
    }
    left_out = {
        reason: [model["name"] for model in comparison.left_out if model["reason"] == reason]
        for reason in benchmark_agreement.EXCLUSION_REASONS
    }
    return {
        "comparison": comparison,
        "benchmark": comparison.benchmark,
        "pool": pool,
        "pools": pools,
        "categories": model_facts.list_categories(pool) if pool else [],
        "min_models": MIN_MODELS,
        "json": _build_json_url(comparison, query),
        "left_out": [(reason, names) for reason, names in left_out.items() if names],
        **by_verdict,
    }


def _build_json_url(comparison: BenchmarkComparison, query: AgreementQuery) -> str:
    """Return the API URL of the same comparison, pinned to the time of this board."""
    parameters = asdict(query) | {
        "pool": comparison.board["pool"],
        "category": comparison.board["category"],
        "conditions": comparison.group.key if comparison.group else "",
        "at": comparison.board["computed_at"],
    }
    query_string = urlencode({name: format_parameter(value) for name, value in parameters.items() if value})
    return f"{reverse('disagreement-json', args=[comparison.benchmark.slug])}?{query_string}"
