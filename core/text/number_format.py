"""Formats numbers for people: sizes and prices, short and without insignificant digits."""

from decimal import Decimal

UNITS = ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "k"))


def format_count(number: int) -> str:
    """A count in at most three digits: 135 M, 7.24 B."""
    for size, unit in UNITS:
        if number >= size:
            return f"{_format_three_digits(number / size)} {unit}"
    return str(number)


def format_tokens(number: int) -> str:
    """A number of tokens as providers write it: 8,192, a multiple of 1,024, becomes 8 k, and 128,000 becomes 128 k."""
    if number % 1024 or number % 1000 == 0:
        return format_count(number)
    k = number // 1024
    return f"{k // 1024} M" if k % 1024 == 0 else f"{k} k"


def _format_three_digits(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def format_dollars(amount: Decimal) -> str:
    """US dollars: to the cent from one dollar up, and with two significant digits below that."""
    if amount >= 1:
        return f"${amount:,.2f}".removesuffix(".00")
    if amount == 0:
        return "$0"
    places = max(2, 1 - amount.adjusted())
    return f"${amount:.{places}f}"
