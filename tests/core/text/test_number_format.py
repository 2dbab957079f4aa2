"""The format of numbers."""

from decimal import Decimal

import pytest

from core.text.number_format import MINUS, format_amount, format_count, format_dollars, format_signed


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "0"),
        (999, "999"),
        (1_000, "1K"),
        (8_192, "8.19K"),
        (131_072, "131K"),
        (1_048_576, "1.05M"),
        (10_485_760, "10.5M"),
        (135_000_000, "135M"),
        (7_241_732_096, "7.24B"),
        (70_000_000_000, "70B"),
        (671_000_000_000, "671B"),
        (15_000_000_000_000, "15T"),
        (1_234_000_000_000_000, "1234T"),
    ],
)
def test_count_keeps_three_digits(number, words):
    assert format_count(number) == words


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("2.50", "2.50"),
        ("128000", "128,000"),
        ("999999", "999,999"),
        ("1000000", "1M"),
        ("1500000", "1.5M"),
        ("1048576", "1,048,576"),
        ("10000000000", "10B"),
    ],
)
def test_amount_is_exact(amount, words):
    assert format_amount(Decimal(amount)) == words


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", "$0"),
        ("0.000000", "$0"),
        ("10", "$10.00"),
        ("2.5", "$2.50"),
        ("1250.126", "$1,250.13"),
        ("0.99", "$0.99"),
        ("0.5", "$0.50"),
        ("0.1", "$0.10"),
        ("0.15", "$0.15"),
        ("0.075", "$0.075"),
        ("0.002149", "$0.0021"),
        ("0.00000012", "$0.00000012"),
    ],
)
def test_dollars_show_the_digits_that_count(amount, words):
    assert format_dollars(Decimal(amount)) == words


def test_signed_has_a_sign_unless_nothing_changed():
    assert [format_signed(number) for number in (0.4, -0.4, 7, -7)] == ["±0", "±0", "+7", f"{MINUS}7"]
    assert [format_signed(number) for number in (0.5, -0.5, 2.5)] == ["+1", f"{MINUS}1", "+3"]
