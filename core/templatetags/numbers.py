"""Template filters that format numbers as `core.text.number_format` does."""

from decimal import Decimal
from math import log10

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.text import number_format

register = template.Library()
AXIS_DECADES = 4


@register.filter
def count(number: float) -> str:
    return number_format.format_count(round(number))


@register.filter
def dollars(amount: Decimal) -> str:
    return number_format.format_dollars(amount)


@register.filter
def power(number: float) -> SafeString:
    """A mantissa times a power of ten, for numbers that are too large for a prefix."""
    mantissa, exponent = f"{number:.2e}".split("e")
    return format_html("{} \N{MULTIPLICATION SIGN} 10<sup>{}</sup>", mantissa, int(exponent))


@register.filter
def gib(amount: Decimal) -> str:
    return f"{amount:,.2f}"


@register.filter
def times(number: float) -> str:
    """A factor in few digits: 0.05, 1.2, 94, 1,868."""
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"


@register.filter
def along(number: float) -> float:
    """The position of a ratio from 1 to 10,000 on a logarithmic axis from 0 to 100; others are at its ends."""
    return round(min(100, max(0, log10(max(number, 1)) * 100 / AXIS_DECADES)), 2)
