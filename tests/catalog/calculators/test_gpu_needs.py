"""Memory, replicas, and GPU-hours, compared with published values."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis.strategies import decimals

from catalog.calculators.gpu_needs import (
    Traffic,
    compute_cache_gib,
    compute_tuning_hours,
    compute_weights_gib,
    count_gpus,
)


@pytest.mark.parametrize(
    ("model", "cache", "gib"),
    [
        ("Llama-3.1-8B", compute_cache_gib(layers=32, kv_heads=8, context=128_000), "15.62"),
        ("Llama-3.1-70B", compute_cache_gib(layers=80, kv_heads=8, context=128_000), "39.06"),
        ("8B, four at once", compute_cache_gib(layers=32, kv_heads=8, context=128_000, concurrency=4), "62.50"),
        ("8B, in eight bits", compute_cache_gib(layers=32, kv_heads=8, context=128_000, bytes_each=Decimal(1)), "7.81"),
        ("8B, wide heads", compute_cache_gib(layers=32, kv_heads=8, head_dim=256, context=128_000), "31.25"),
    ],
)
def test_cache_of_known_models(model, cache, gib):
    assert str(cache.quantize(Decimal("0.01"))) == gib, model


@pytest.mark.parametrize(
    ("params", "bytes_each", "gib"),
    [(8_030_000_000, "2", "17.95"), (70_600_000_000, "2", "157.80"), (8_030_000_000, "0.5", "4.49")],
)
def test_weights_take_a_fifth_more_than_their_bytes(params, bytes_each, gib):
    assert str(compute_weights_gib(params, Decimal(bytes_each)).quantize(Decimal("0.01"))) == gib


@pytest.mark.parametrize(
    ("gib", "gpu", "number"),
    [("0.1", "80", 1), ("80", "80", 1), ("80.01", "80", 2), ("157.8", "80", 2), ("176", "24", 8)],
)
def test_gpus_hold_it_together(gib, gpu, number):
    assert count_gpus(Decimal(gib), Decimal(gpu)) == number


@pytest.mark.parametrize(
    ("peak", "speed", "utilization", "replicas"),
    [("1000", "1000", "1", 1), ("1001", "1000", "1", 2), ("1000", "1000", "0.7", 2), ("4900", "700", "0.7", 10)],
)
def test_replicas_answer_the_peak(peak, speed, utilization, replicas):
    assert Traffic(Decimal(peak), Decimal(speed), Decimal(utilization)).replicas == replicas


@given(decimals("0.1", 10**6, places=1), decimals("0.1", 10**5, places=1), decimals("0.1", 1, places=1))
def test_replicas_suffice_and_one_less_does_not(peak, speed, utilization):
    traffic = Traffic(peak, speed, utilization)
    assert traffic.replicas * traffic.usable_tokens_per_s >= peak
    assert (traffic.replicas - 1) * traffic.usable_tokens_per_s < peak


def test_tuning_with_an_adapter_takes_two_thirds():
    hours = {method: compute_tuning_hours(8 * 10**9, 10**8, method, Decimal(989)) for method in ("full", "lora")}
    assert hours["lora"] * 3 == pytest.approx(hours["full"] * 2)
    assert hours["full"] == pytest.approx(Decimal("3.852"), rel=Decimal("0.001"))


def test_tuning_hours_are_those_of_a_published_training():
    """30.84 million H100-hours for 405 B parameters on 15.6 T tokens, at 34.5% of the peak of 989 TFLOPS."""
    hours = compute_tuning_hours(405 * 10**9, 15_600 * 10**9, "full", Decimal(989), Decimal("0.345"))
    assert hours == pytest.approx(Decimal(30_840_000), rel=Decimal("0.005"))
