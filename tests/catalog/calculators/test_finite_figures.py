"""Any input of the calculators gives a result or an error. No number in a result is infinite or NaN."""

import math

from hypothesis import event, given
from hypothesis.strategies import dictionaries, floats, integers, sampled_from, text

from catalog.api.serializers import CostComparisonSchema, ScalingPlanSchema
from catalog.calculators import cost, scaling
from catalog.calculators.cost_form import CostForm
from catalog.calculators.cost_text import build_lines

EXTREMES = ["0", "1", "1e-99", "1e99", "0.001", "1e9", "1e12", "1e15", "1e18", "6e36", "1e30", "100", "999999999999.5"]
written = sampled_from(EXTREMES) | floats().map(str) | integers().map(str) | text(max_size=5)
WITHIN = ["0", "1", "1e-99", "0.001", "7", "100", "10000", "1e6", "1e9", "1e15"]
USABLE = {"price_input": "1", "price_output": "2", "gpu_hour": "3", "gpus": "4", "params": "8B"}
AMOUNTS = [name for name in CostForm.base_fields if name not in ("model", "tuning_method")]
SCALING = ("params", "tokens", "compute")


def numbers(value):
    if isinstance(value, dict):
        return [number for inner in value.values() for number in numbers(inner)]
    return [value] if isinstance(value, float | int) else []


@given(dictionaries(sampled_from(SCALING), written))
def test_scaling_answers_or_refuses(query):
    form = scaling.ScalingForm(query)
    if form.is_valid():
        plan = form.build_plan()
        fields = vars(plan) | vars(plan.actual) | {"models": []}
        assert all(map(math.isfinite, numbers(ScalingPlanSchema(fields).data)))
    else:
        assert set(form.errors) <= {*SCALING}


@given(dictionaries(sampled_from(AMOUNTS), sampled_from(WITHIN), max_size=3))
def test_cost_answers_or_refuses(query):
    form = CostForm(USABLE | query)
    event(f"valid: {form.is_valid()}")
    if form.is_valid():
        comparison = cost.compare_costs(form)
        assert all(
            map(math.isfinite, numbers(CostComparisonSchema(vars(comparison) | {"model": None, "cheaper": None}).data))
        )
        assert build_lines(comparison)
    else:
        assert set(form.errors) <= set(CostForm.base_fields)
