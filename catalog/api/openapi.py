"""The calls of benchmarks and calculators in the OpenAPI document. Nothing is parsed by their decorators."""

from catalog.api import examples
from catalog.api import serializers as shapes
from catalog.calculators.cost_form import CostForm
from catalog.calculators.scaling import ScalingForm
from core.http.openapi import PAGING, call
from core.http.openapi_forms import parameters

BENCHMARKS, CALCULATORS = "Benchmarks", "Calculators"
ASKED = (400, 401, 403, 429, 503)

benchmark_list = call(
    "benchmark_list",
    BENCHMARKS,
    ("All benchmarks", "What each measures, its figures and its caveats, and how many scores are known; by slug."),
    (shapes.BenchmarkPage, examples.BENCHMARKS),
    parameters=PAGING,
)
benchmark = call(
    "benchmark",
    BENCHMARKS,
    (
        "One benchmark",
        "With its scores. Each of `rankings` holds scores of the same conditions: only these may be compared.",
    ),
    (shapes.OneBenchmark, examples.BENCHMARK),
)
cost = call(
    "cost",
    CALCULATORS,
    (
        "What it costs",
        (
            "An API against own GPUs, in dollars, and where the two meet. Give the prices of an API, the price of a "
            "GPU, or the parameters of a model; what lacks for one of these is null. `model` takes prices and size "
            "from the catalogue where none are given. Numbers may be written as 70B, 1.4T or 5.9e23."
        ),
    ),
    (shapes.CostComparison, examples.COST),
    parameters=parameters(CostForm),
    errors=ASKED,
)
scaling = call(
    "scaling",
    CALCULATORS,
    (
        "Scaling laws",
        (
            "How large a model and how much data a compute is best spent on. Give one or two of `params`, `tokens` and "
            "`compute`, written as 70B, 1.4T or 5.9e23."
        ),
    ),
    (shapes.ScalingPlan, examples.SCALING),
    parameters=parameters(ScalingForm),
    errors=ASKED,
)
