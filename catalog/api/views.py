"""REST API for benchmarks and calculators."""

from collections.abc import Callable, Collection
from typing import Any

from django.db.models import Count
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.api import serializers
from catalog.benchmarks.rankings import load_rankings
from catalog.benchmarks.separability import add_separability
from catalog.calculators import cost, cost_prefill, scaling
from catalog.calculators.cost_form import CostForm
from catalog.models import Benchmark
from core.http.errors import not_found_error
from core.http.openapi import PAGE_PARAMETERS, describe_call
from core.http.openapi_forms import build_parameters
from core.http.pagination import SlugPagination
from core.text.number_fields import DefaultsForm

BENCHMARKS_TAG = "Benchmarks"
CALCULATORS_TAG = "Calculators"
CALCULATOR_ERRORS = (400, 401, 403, 429, 503)


class BenchmarkView(APIView):
    """Base class of the benchmark views.

    `load_best_models` returns the primary keys of today's best models. The URL patterns pass it to `as_view`.
    """

    load_best_models: Callable[[], Collection[int]] = staticmethod(tuple)


class BenchmarkListView(BenchmarkView):
    @describe_call(
        "benchmark_list", tag=BENCHMARKS_TAG, response=serializers.BenchmarkPageSchema, parameters=PAGE_PARAMETERS
    )
    def get(self, request: Request) -> Response:
        """List benchmarks.

        Returns all benchmarks, sorted by slug, with their purpose, caveats, and number of scores. `separability` shows
        how well a benchmark still separates today's best models.
        """
        pagination = SlugPagination()
        page: Any = pagination.paginate_queryset(_query_benchmarks().annotate(number=Count("scores")), request)
        add_separability(page, self.load_best_models())
        return pagination.get_paginated_response(serializers.BenchmarkSummarySchema(page, many=True).data)


class BenchmarkDetailView(BenchmarkView):
    @describe_call("benchmark", tag=BENCHMARKS_TAG, response=serializers.BenchmarkDetailSchema)
    def get(self, request: Request, slug: str) -> Response:
        """Get a benchmark.

        Returns a benchmark and its scores. Each entry of `rankings` contains scores that were measured under the same
        conditions. Do not compare scores from different entries.
        """
        # PostgreSQL rejects text that contains NUL.
        benchmark = _query_benchmarks().filter(slug=slug).first() if slug.isprintable() else None
        if benchmark is None:
            raise not_found_error("benchmark", slug, "See /api/v1/benchmarks/ for a list of benchmarks.")
        benchmark.rankings = load_rankings(benchmark)
        add_separability([benchmark], self.load_best_models())
        return Response(serializers.BenchmarkDetailSchema(benchmark).data)


def _query_benchmarks() -> Any:
    return Benchmark.objects.select_related("superseded_by__superseded_by__superseded_by").prefetch_related("caveats")


def check_form(form: DefaultsForm) -> None:
    """Raise ValidationError with the form's errors, without duplicates, if the form is invalid."""
    if form.errors:
        raise ValidationError({name: [*dict.fromkeys(map(str, errors))] for name, errors in form.errors.items()})


class ScalingView(APIView):
    @describe_call(
        "scaling_estimate",
        tag=CALCULATORS_TAG,
        response=serializers.ScalingPlanSchema,
        parameters=build_parameters(scaling.ScalingForm),
        errors=CALCULATOR_ERRORS,
    )
    def get(self, request: Request) -> Response:
        """Apply a scaling law.

        Returns the best model size and amount of training data for a compute budget. Send one or two of `params`,
        `tokens`, and `compute`. You can write numbers as 70B, 1.4T, or 5.9e23.
        """
        form = scaling.ScalingForm(request.query_params)
        check_form(form)
        plan = form.build_plan()
        fields = {**vars(plan), **vars(plan.actual), "models": scaling.load_trained_models()}
        return Response(serializers.ScalingPlanSchema(fields).data)


class CostView(APIView):
    @describe_call(
        "cost",
        tag=CALCULATORS_TAG,
        response=serializers.CostComparisonSchema,
        parameters=build_parameters(CostForm),
        errors=CALCULATOR_ERRORS,
    )
    def get(self, request: Request) -> Response:
        """Compare costs.

        Compares the cost of an API with the cost of self-hosting, in US dollars, and finds the break-even point. Send
        API prices, a GPU price, or the number of parameters. Results are null if the request does not contain
        enough input for them. If you send `model`, its prices and size fill the fields that you leave out. If you also
        send `context`, the prices are those for prompts with that many tokens. You can write numbers as 70B, 1.4T, or
        5.9e23.
        """
        known_model = cost_prefill.load_known_model(request.query_params)
        form = cost_prefill.build_prefilled_form(request.query_params, known_model)
        check_form(form)
        comparison = cost.compare_costs(form)
        fields = {**vars(comparison), "cheaper": comparison.cheaper, "model": known_model}
        return Response(serializers.CostComparisonSchema(fields).data)
