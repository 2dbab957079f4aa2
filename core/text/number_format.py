"""How the numbers of models are written for people: sizes and money, short, and no digits that mean nothing."""

from decimal import Decimal

UNITS = ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "k"))


def format_count(number: int) -> str:
    """A large count in three digits at most: 135 M, 7.24 B."""
    for size, unit in UNITS:
        if number >= size:
            return f"{_format_three_digits(number / size)} {unit}"
    return str(number)


def format_tokens(number: int) -> str:
    """A length of text as its makers say it: 8,192 and other multiples of 1,024 in those, 128,000 in thousands."""
    if number % 1024 or number % 1000 == 0:
        return format_count(number)
    k = number // 1024
    return f"{k // 1024} M" if k % 1024 == 0 else f"{k} k"


def _format_three_digits(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def format_dollars(amount: Decimal) -> str:
    """US dollars: to the cent from one on, below that in two digits that count."""
    if amount >= 1:
        return f"${amount:,.2f}".removesuffix(".00")
    places = 2 if amount == 0 else max(2, 1 - amount.adjusted())
    return "$0" if amount == 0 else f"${amount:.{places}f}"
