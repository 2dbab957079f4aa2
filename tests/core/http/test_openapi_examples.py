"""Examples in the OpenAPI document are assembled from the values of each component."""

from catalog.api.serializers import BenchmarkDetailSchema, CostComparisonSchema, ScalingPlanSchema
from core.http.openapi_examples import build_example


def test_component_has_the_values_of_its_base_classes_in_the_order_of_its_fields():
    example = build_example(BenchmarkDetailSchema)
    assert list(example) == list(BenchmarkDetailSchema().fields)
    assert (example["slug"], example["superseded_by"], example["human"]) == ("gsm8k", "hle", None)


def test_nested_component_is_filled_in_and_may_differ_in_part():
    first, second = build_example(BenchmarkDetailSchema)["rankings"][0]["rows"]
    assert (first["place"], second["place"]) == (1, 2)
    assert first["source"] == second["source"]
    plan = build_example(ScalingPlanSchema)
    assert plan["rule"] == {name: plan[name] for name in plan["rule"]}
    assert plan["optimum"]["compute"] == plan["compute"]
    assert plan["optimum"]["params"] != plan["params"]


def test_null_of_the_file_stays_although_the_component_has_values():
    example = build_example(CostComparisonSchema)
    assert example["model"] is None
    assert example["memory"]["cache"] == 1.0
