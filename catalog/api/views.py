"""The REST API of the catalogue: parse, call, show."""

from typing import Any

from django.db.models import Count
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.api import openapi
from catalog.benchmarks import rankings
from catalog.benchmarks.comparability import Placed, Scored, noise
from catalog.benchmarks.rankings import Ranking, ranked, shared
from catalog.calculators import cost, cost_prefill, scaling
from catalog.models import Benchmark, LanguageModel, Score
from core.http.pagination import BySlug
from core.text.number_fields import GivenForm

LONGEST_SHOWN = 60
FIELDS = (
    "slug", "name", "full_name", "measures", "matters", "items", "items_note", "metric", "chance", "human",
    "human_note", "status", "generation", "tasks", "source",
)  # fmt: skip
OF_A_SCORE = (
    "value", "normalized", "n", "harness_version", "chat_template_sha", "precision", "revision", "self_reported",
    "submitted", "source", "date",
)  # fmt: skip


class Benchmarks(APIView):
    @openapi.benchmark_list
    def get(self, request: Request) -> Response:
        pages = BySlug()
        found = _benchmarks().annotate(number=Count("scores"))
        page: list[Any] = pages.paginate_queryset(found, request) or []
        return pages.get_paginated_response([_facts(each) | {"scores": each.number} for each in page])


class OneBenchmark(APIView):
    @openapi.benchmark
    def get(self, request: Request, slug: str) -> Response:
        # What cannot be printed PostgreSQL would not take.
        found = _benchmarks().filter(slug=slug).first() if slug.isprintable() else None
        if found is None:
            raise NotFound(f"There is no benchmark {slug[:LONGEST_SHOWN]!r}. All are listed at /api/v1/benchmarks/.")
        return Response(_facts(found) | {"rankings": [_ranking(ranking) for ranking in ranked(found)]})


def _benchmarks() -> Any:
    return Benchmark.objects.select_related("superseded_by").prefetch_related("caveats")


def _facts(benchmark: Benchmark) -> dict[str, Any]:
    return {
        **{field: getattr(benchmark, field) for field in FIELDS},
        "superseded_by": benchmark.superseded_by and benchmark.superseded_by.slug,
        "caveats": [{"kind": each.kind, "text": each.text, "source": each.source} for each in benchmark.caveats.all()],
    }


def _ranking(ranking: Ranking) -> dict[str, Any]:
    return {"conditions": ranking.shared, "rows": [_row(placed, score) for placed, score in ranking.rows]}


def _row(placed: Placed, score: Score) -> dict[str, Any]:
    """`same_as_best`: as good as the first, within noise."""
    return {
        "place": placed.place,
        "model": score.model.slug,
        "name": score.model.name,
        **stored(placed.scored, score),
        "ci_low": placed.low,
        "ci_high": placed.high,
        "same_as_best": placed.same_as_best,
    }


def stored(scored: Scored, score: Score) -> dict[str, Any]:
    """`stderr` is the one measured or the binomial one."""
    return {**{field: getattr(score, field) for field in OF_A_SCORE}, "stderr": noise(scored)}


def of_model(model: LanguageModel) -> list[dict[str, Any]]:
    """All scores of a model, each with its conditions: no two of them need be comparable."""
    return [
        {
            "benchmark": score.benchmark.slug,
            "name": score.benchmark.name,
            **stored(scored, score),
            "conditions": shared(score),
        }
        for scored, score in rankings.of_model(model)
    ]


def check(form: GivenForm) -> None:
    """Raises ValidationError for what the form refuses."""
    if form.errors:
        raise ValidationError({name: [*dict.fromkeys(map(str, errors))] for name, errors in form.errors.items()})


class Scaling(APIView):
    @openapi.scaling
    def get(self, request: Request) -> Response:
        form = scaling.ScalingForm(request.query_params)
        check(form)
        return Response(scaling.as_json(form.plan(), scaling.trained_models()))


class Cost(APIView):
    @openapi.cost
    def get(self, request: Request) -> Response:
        known = cost_prefill.known(request.query_params.get("model", ""))
        form = cost_prefill.filled(request.query_params, known)
        check(form)
        return Response({"model": cost_prefill.as_json(known), **cost.as_json(cost.compare(form))})
