"""Numbers in templates."""

from decimal import Decimal

import pytest

from catalog.templatetags import figures


@pytest.mark.parametrize(
    ("write", "number", "written"),
    [
        (figures.count, 72.25e9, "72.2 B"),
        (figures.count, 0.4, "0"),
        (figures.dollars, Decimal("3650"), "$3,650"),
        (figures.power, 5.88e23, "5.88 \N{MULTIPLICATION SIGN} 10<sup>23</sup>"),
        (figures.power, 6, "6.00 \N{MULTIPLICATION SIGN} 10<sup>0</sup>"),
        (figures.gib, Decimal("15.625"), "15.62"),
        (figures.gib, Decimal("1234.5"), "1,234.50"),
        (figures.times, 1867.9, "1,868"),
        (figures.times, 20.0, "20"),
        (figures.times, 1.07, "1.1"),
        (figures.times, 0.0536, "0.054"),
        (figures.along, 1, 0),
        (figures.along, 100, 50),
        (figures.along, 10_000, 100),
        (figures.along, 0.001, 0),
        (figures.along, 1e9, 100),
    ],
)
def test_numbers_are_written(write, number, written):
    assert write(number) == written
