"""Template filters for numbers."""

from decimal import Decimal

import pytest

from core.templatetags import numbers


@pytest.mark.parametrize(
    ("amount", "text"), [("0", "$0"), ("0.014", "$0.014"), ("99.99", "$99.99"), ("100", "$100"), ("38400.4", "$38,400")]
)
def test_whole_dollars_leave_out_cents_of_large_amounts(amount, text):
    assert numbers.whole_dollars(Decimal(amount)) == text
