"""The REST API of benchmarks and calculators."""

from typing import Any

from django.db.models import Count
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.api import openapi
from catalog.benchmarks import rankings
from catalog.benchmarks.comparability import ComparableScore, RankedScore, standard_error
from catalog.benchmarks.rankings import Ranking, load_rankings, serialize_conditions
from catalog.calculators import cost, cost_prefill, scaling
from catalog.models import Benchmark, LanguageModel, Score
from core.http.pagination import SlugPagination
from core.text.number_fields import DefaultsForm

MAX_ECHO_LENGTH = 60
BENCHMARK_FIELDS = (
    "slug", "name", "full_name", "measures", "matters", "items", "items_note", "metric", "chance", "human",
    "human_note", "status", "generation", "tasks", "source",
)  # fmt: skip
SCORE_FIELDS = (
    "value", "normalized", "n", "harness_version", "chat_template_sha", "precision", "revision", "self_reported",
    "submitted", "source", "date",
)  # fmt: skip


class BenchmarkListView(APIView):
    @openapi.benchmark_list
    def get(self, request: Request) -> Response:
        pages = SlugPagination()
        benchmarks = _query_benchmarks().annotate(number=Count("scores"))
        page: list[Any] = pages.paginate_queryset(benchmarks, request) or []
        return pages.get_paginated_response(
            [_build_benchmark(benchmark) | {"scores": benchmark.number} for benchmark in page]
        )


class BenchmarkDetailView(APIView):
    @openapi.benchmark
    def get(self, request: Request, slug: str) -> Response:
        # PostgreSQL rejects texts with unprintable characters.
        benchmark = _query_benchmarks().filter(slug=slug).first() if slug.isprintable() else None
        if benchmark is None:
            raise NotFound(f"There is no benchmark {slug[:MAX_ECHO_LENGTH]!r}. All are listed at /api/v1/benchmarks/.")
        rankings_json = [_build_ranking(ranking) for ranking in load_rankings(benchmark)]
        return Response(_build_benchmark(benchmark) | {"rankings": rankings_json})


def _query_benchmarks() -> Any:
    return Benchmark.objects.select_related("superseded_by").prefetch_related("caveats")


def _build_benchmark(benchmark: Benchmark) -> dict[str, Any]:
    return {
        **{field: getattr(benchmark, field) for field in BENCHMARK_FIELDS},
        "superseded_by": benchmark.superseded_by and benchmark.superseded_by.slug,
        "caveats": [
            {"kind": caveat.kind, "text": caveat.text, "source": caveat.source} for caveat in benchmark.caveats.all()
        ],
    }


def _build_ranking(ranking: Ranking) -> dict[str, Any]:
    return {"conditions": ranking.shared, "rows": [_build_row(ranked, score) for ranked, score in ranking.rows]}


def _build_row(ranked: RankedScore, score: Score) -> dict[str, Any]:
    return {
        "place": ranked.place,
        "model": score.model.slug,
        "name": score.model.name,
        **build_score(ranked.scored, score),
        "ci_low": ranked.low,
        "ci_high": ranked.high,
        "same_as_best": ranked.same_as_best,
    }


def build_score(comparable: ComparableScore, score: Score) -> dict[str, Any]:
    """A stored score as the API returns it; `stderr` is the measured standard error, or else the binomial one."""
    return {**{field: getattr(score, field) for field in SCORE_FIELDS}, "stderr": standard_error(comparable)}


def list_model_scores(model: LanguageModel) -> list[dict[str, Any]]:
    """All scores of a model as the API returns them, each with its conditions: they need not be comparable."""
    return [
        {
            "benchmark": score.benchmark.slug,
            "name": score.benchmark.name,
            **build_score(comparable, score),
            "conditions": serialize_conditions(score),
        }
        for comparable, score in rankings.load_model_scores(model)
    ]


def check_form(form: DefaultsForm) -> None:
    """Raises ValidationError with the errors of an invalid form, without duplicates."""
    if form.errors:
        raise ValidationError({name: [*dict.fromkeys(map(str, errors))] for name, errors in form.errors.items()})


class ScalingView(APIView):
    @openapi.scaling
    def get(self, request: Request) -> Response:
        form = scaling.ScalingForm(request.query_params)
        check_form(form)
        return Response(scaling.serialize_plan(form.plan(), scaling.load_trained_models()))


class CostView(APIView):
    @openapi.cost
    def get(self, request: Request) -> Response:
        known = cost_prefill.load_known_model(request.query_params.get("model", ""))
        form = cost_prefill.build_prefilled_form(request.query_params, known)
        check_form(form)
        return Response(
            {"model": cost_prefill.serialize_known_model(known), **cost.serialize_comparison(cost.compare_costs(form))}
        )
