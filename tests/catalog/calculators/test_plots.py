"""The pictures of the calculators: places of lines, marks, and labels."""

from dataclasses import dataclass
from decimal import Decimal

import pytest

from catalog.calculators.cost import compare_costs
from catalog.calculators.cost_form import CostForm
from catalog.calculators.cost_plot import BOTTOM, LEFT, RIGHT, TOP, build_cost_plot
from catalog.calculators.log_plot import LogAxis, build_axis
from catalog.calculators.scaling_laws import TrainingRun
from catalog.calculators.scaling_plot import build_scaling_plot

USE = {"input_tokens": "500M", "output_tokens": "100M", "price_input": "0.5", "price_output": "1.5"}
GPUS = {"gpu_hour": "2", "gpus": "2", "own_weeks": "6", "price_week": "4000"}


@dataclass(frozen=True)
class Run:
    slug: str
    name: str
    training: TrainingRun
    total: int | None = None


def plot(**fields):
    form = CostForm(fields)
    assert form.is_valid(), form.errors
    return build_cost_plot(compare_costs(form))


def test_axis_has_whole_decades_with_a_margin():
    axis = build_axis([20, 5000], 0, 100)
    assert (axis.low, axis.high, axis.place(10), axis.place(10_000)) == (10, 10_000, 0, 100)
    assert axis.ticks == [(0, 10), (33.3, 100), (66.7, 1000), (100, 10_000)]
    assert build_axis([20], 0, 100, margin=30).low == 0.1
    assert len(LogAxis(1, 1e30, 0, 1).decades) <= 11


def test_lines_cross_where_both_options_cost_the_same():
    drawn = plot(**USE, **GPUS)
    assert drawn.break_even == 7_380_000_000
    assert drawn.compute_api_cost(drawn.break_even) == pytest.approx(drawn.own_cost)
    assert LEFT < drawn.current_x < drawn.break_even_x < RIGHT
    assert TOP < drawn.own_y < drawn.current_y < BOTTOM
    assert drawn.api_path.startswith(f"M{LEFT} ")


@pytest.mark.parametrize("fields", [USE, GPUS, USE | {"price_input": "0", "price_output": "0"} | GPUS])
def test_picture_needs_two_options_that_cost_something(fields):
    assert plot(**fields) is None


def test_seats_alone_can_cost_more():
    drawn = plot(**USE, **GPUS, seats="1000", price_seat="90")
    assert (drawn.break_even, drawn.break_even_x) == (0, None)
    assert drawn.api_fixed_cost == pytest.approx(90_000)
    assert drawn.api_path.startswith("M")


def test_very_unequal_costs_stay_on_the_plane():
    drawn = plot(**USE | {"price_input": "0.000001", "price_output": "0.000001"}, **GPUS)
    assert drawn.y.low <= drawn.own_cost <= drawn.y.high
    assert drawn.current_y is None or TOP <= drawn.current_y <= BOTTOM


TOKENS = {"a": 1.4e12, "b": 1.45e12, "c": 1.5e12}


def test_models_and_the_plan_are_on_one_plane():
    runs = [Run(name, f"{name} 20B", TrainingRun(20e9, tokens)) for name, tokens in TOKENS.items()]
    drawn = build_scaling_plot(runs, TrainingRun(8e9, 15e12))
    a, b, c = drawn.dots
    assert a.x == b.x == c.x
    assert (a.label, b.label, c.label) == ("start", "", "end")  # only the ones with the fewest and the most tokens
    x, y = drawn.plan_position
    assert x < a.x and y < a.y
    assert drawn.rule_path.startswith("M")
    assert [line.compute for line in drawn.compute_lines] == sorted(line.compute for line in drawn.compute_lines)


def test_label_with_room_is_shown():
    [dot] = build_scaling_plot([Run("a", "A", TrainingRun(2e9, 2e12))], None).dots
    assert dot.label == "start"
    [dot] = build_scaling_plot([Run("a", "A" * 200, TrainingRun(2e9, 2e12))], None).dots
    assert not dot.label


@pytest.mark.parametrize("tokens", [1, 10**15])
def test_extreme_volumes_are_drawn(tokens):
    drawn = plot(**USE | {"input_tokens": str(tokens), "output_tokens": "0"}, **GPUS)
    assert LEFT <= drawn.current_x <= RIGHT
    assert Decimal(tokens) == drawn.tokens
