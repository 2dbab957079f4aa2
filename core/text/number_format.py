"""Formats numbers, sizes, and prices for display."""

from decimal import ROUND_HALF_UP, Decimal

MINUS = "\N{MINUS SIGN}"
UNITS = ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "K"))


def round_number(number: float | Decimal, digits: int = 0) -> Decimal:
    """Round a number to this many decimal digits as the template filter `floatformat` does: half away from zero.

    For example, 1530.5 becomes 1531 on all pages, while Python's own formats would round it to 1530.
    """
    return Decimal(str(number)).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP) + 0  # adding 0 turns -0 into 0


def format_rounded(number: float | Decimal, digits: int = 0) -> str:
    """Format a number with this many decimal digits and grouped thousands, with a minus sign rather than a hyphen."""
    return f"{round_number(number, digits):,}".replace("-", MINUS)


def format_count(number: int) -> str:
    """Format a count with up to three significant digits, like 135M or 7.24B."""
    for size, unit in UNITS:
        if number >= size:
            value = number / size
            return f"{value:.0f}{unit}" if value >= 100 else f"{value:.3g}{unit}"
    return str(number)


def format_amount(amount: Decimal | int) -> str:
    """Format an exact amount, like 128,000 or 2.50.

    Amounts of at least a million are abbreviated if they have at most three significant digits, like 1.5M or 10B.
    """
    for size, unit in UNITS:
        multiple = (Decimal(amount) / size).normalize()
        if amount >= 10**6 and multiple >= 1 and len(multiple.as_tuple().digits) <= 3:
            return f"{multiple:f}{unit}"
    return f"{Decimal(amount):,f}"


def format_dollars(amount: Decimal) -> str:
    """Format an amount in US dollars, with cents, or with two significant digits if it is less than $0.10.

    `formatDollars` in static/js/ratings/plots/plot_frame.js does the same in plots.
    """
    if amount == 0:
        return "$0"
    places = max(2, 1 - amount.adjusted())
    return f"${amount:,.{places}f}"


def format_signed(number: float | Decimal) -> str:
    """Return a whole number with its sign. Zero is `±0`."""
    whole = round_number(number)
    return f"{whole:+,}".replace("-", MINUS) if whole else "±0"
