"""Numbers in templates."""

from decimal import Decimal

import pytest

from core.templatetags import numbers


@pytest.mark.parametrize(
    ("write", "number", "written"),
    [
        (numbers.count, 72.25e9, "72.2B"),
        (numbers.count, 0.4, "0"),
        (numbers.dollars, Decimal("3650"), "$3,650.00"),
        (numbers.power, 5.88e23, "5.88 \N{MULTIPLICATION SIGN} 10<sup>23</sup>"),
        (numbers.power, 6, "6.00 \N{MULTIPLICATION SIGN} 10<sup>0</sup>"),
        (numbers.gib, Decimal("15.625"), "15.62"),
        (numbers.gib, Decimal("1234.5"), "1,234.50"),
        (numbers.times, 1867.9, "1,868"),
        (numbers.times, 20.0, "20"),
        (numbers.times, 1.07, "1.1"),
        (numbers.times, 0.0536, "0.054"),
    ],
)
def test_numbers_are_written(write, number, written):
    assert write(number) == written
