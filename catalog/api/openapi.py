"""OpenAPI descriptions of benchmarks and calculators. These decorators document only; they parse nothing."""

from catalog.api import examples
from catalog.api import serializers as shapes
from catalog.calculators.cost_form import CostForm
from catalog.calculators.scaling import ScalingForm
from core.http.openapi import PAGE_PARAMETERS, describe_operation
from core.http.openapi_forms import build_parameters

BENCHMARKS_TAG = "Benchmarks"
CALCULATORS_TAG = "Calculators"
CALCULATOR_ERRORS = (400, 401, 403, 429, 503)

benchmark_list = describe_operation(
    "benchmark_list",
    BENCHMARKS_TAG,
    ("List benchmarks", "All benchmarks by slug: purpose, figures, caveats, and the number of known scores."),
    (shapes.BenchmarkPageSchema, examples.BENCHMARK_PAGE),
    parameters=PAGE_PARAMETERS,
)
benchmark = describe_operation(
    "benchmark",
    BENCHMARKS_TAG,
    (
        "Get a benchmark",
        (
            "One benchmark with its scores. Each entry of `rankings` has scores from the same conditions; scores of "
            "different entries are not comparable."
        ),
    ),
    (shapes.OneBenchmarkSchema, examples.BENCHMARK),
)
cost = describe_operation(
    "cost",
    CALCULATORS_TAG,
    (
        "Compare costs",
        (
            "The costs of an API and of own GPUs in US dollars, and their break-even. Send the prices of an API, the "
            "price of a GPU, or the parameters of a model; results that lack input are null. `model` fills prices and "
            "size that you leave out from the catalog. You can write numbers as 70B, 1.4T or 5.9e23."
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
        "Apply a scaling law",
        (
            "The best model size and amount of training data for a compute budget. Send one or two of `params`, "
            "`tokens` and `compute`, written as 70B, 1.4T or 5.9e23."
        ),
    ),
    (shapes.ScalingPlanSchema, examples.SCALING),
    parameters=build_parameters(ScalingForm),
    errors=CALCULATOR_ERRORS,
)
