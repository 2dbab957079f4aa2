"""The rows of the cost table."""

import pytest

from catalog.calculators.cost import compare_costs
from catalog.calculators.cost_form import CostForm
from catalog.calculators.cost_text import build_bars, build_lines, describe_cheaper

API = {"price_input": "2.5", "price_output": "10", "input_tokens": "100M", "output_tokens": "20M"}
OWN = {"gpu_hour": "2.5", "gpus": "2"}


def bill(**given):
    form = CostForm(given)
    assert form.is_valid(), form.errors
    return [(str(line.label), line.api, line.own, line.is_sum) for line in build_lines(compare_costs(form))]


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        (API | OWN, "API 8.1\N{MULTIPLICATION SIGN} cheaper"),
        (API | OWN | {"gpu_hour": "0.1"}, "GPUs 3.1\N{MULTIPLICATION SIGN} cheaper"),
        (API | OWN | {"gpu_hour": "0"}, ""),  # no factor
        (API, ""),
    ],
)
def test_cheaper_option_has_a_factor(given, verdict):
    form = CostForm(given)
    assert form.is_valid(), form.errors
    assert describe_cheaper(build_bars(compare_costs(form), 1)) == verdict


NONE = "\N{EN DASH}"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            API,
            [
                ("Tokens", "$450.00", NONE, False),
                ("Per month", "$450.00", NONE, True),
                ("Over 12 months", "$5,400.00", NONE, True),
            ],
        ),
        (
            API | OWN | {"months": "1"},
            [
                ("Tokens", "$450.00", NONE, False),
                ("GPUs", NONE, "$3,650.00", False),
                ("Per month", "$450.00", "$3,650.00", True),
                ("Over 1 month", "$450.00", "$3,650.00", True),
            ],
        ),
        (
            OWN | {"own_weeks": "3.5", "price_week": "1000", "operations_hours": "10", "operations_rate": "50"},
            [
                ("GPUs", NONE, "$3,650.00", False),
                ("Operations", NONE, "$500.00", False),
                ("Per month", NONE, "$4,150.00", True),
                ("Build", NONE, "$3,500.00", False),
                ("Over 12 months", NONE, "$53,300.00", True),
                ("Weeks to launch", NONE, "3.5", False),
            ],
        ),
        (
            API | {"seats": "2", "price_seat": "30", "api_weeks": "1"},
            [
                ("Tokens", "$450.00", NONE, False),
                ("Seats", "$60.00", NONE, False),
                ("Per month", "$510.00", NONE, True),
                ("Over 12 months", "$6,120.00", NONE, True),
                ("Weeks to launch", "1", NONE, False),
            ],
        ),
    ],
)
def test_bill_has_a_line_for_all_that_is_paid(given, expected):
    assert bill(**given) == expected
