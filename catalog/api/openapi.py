"""The calls of benchmarks and calculators in the OpenAPI document. Nothing is parsed by their decorators."""

from catalog.api import examples
from catalog.api import serializers as shapes
from catalog.calculators.cost_form import CostForm
from catalog.calculators.scaling import ScalingForm
from core.http.openapi import PAGE_PARAMETERS, describe_operation
from core.http.openapi_forms import build_parameters

BENCHMARKS_TAG, CALCULATORS_TAG = "Benchmarks", "Calculators"
CALCULATOR_ERRORS = (400, 401, 403, 429, 503)

benchmark_list = describe_operation(
    "benchmark_list",
    BENCHMARKS_TAG,
    ("All benchmarks", "What each measures, its figures and its caveats, and how many scores are known; by slug."),
    (shapes.BenchmarkPageSchema, examples.BENCHMARK_PAGE),
    parameters=PAGE_PARAMETERS,
)
benchmark = describe_operation(
    "benchmark",
    BENCHMARKS_TAG,
    (
        "One benchmark",
        "With its scores. Each of `rankings` holds scores of the same conditions: only these may be compared.",
    ),
    (shapes.OneBenchmarkSchema, examples.BENCHMARK),
)
cost = describe_operation(
    "cost",
    CALCULATORS_TAG,
    (
        "What it costs",
        (
            "An API against own GPUs, in dollars, and where the two meet. Give the prices of an API, the price of a "
            "GPU, or the parameters of a model; what lacks for one of these is null. `model` takes prices and size "
            "from the catalogue where none are given. Numbers may be written as 70B, 1.4T or 5.9e23."
        ),
    ),
    (shapes.CostComparisonSchema, examples.COST),
    parameters=build_parameters(CostForm),
    errors=CALCULATOR_ERRORS,
)
scaling = describe_operation(
    "scaling",
    CALCULATORS_TAG,
    (
        "Scaling laws",
        (
            "How large a model and how much data a compute is best spent on. Give one or two of `params`, `tokens` and "
            "`compute`, written as 70B, 1.4T or 5.9e23."
        ),
    ),
    (shapes.ScalingPlanSchema, examples.SCALING),
    parameters=build_parameters(ScalingForm),
    errors=CALCULATOR_ERRORS,
)
