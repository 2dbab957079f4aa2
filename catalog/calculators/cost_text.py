"""Formats a cost comparison as table rows and bars."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from catalog.calculators.cost import CostComparison
from catalog.calculators.cost_model import CostOption
from core.templatetags.numbers import times
from core.text.number_format import format_dollars

MONTHLY_LABELS = {"tokens": _("Tokens"), "seats": _("Seats"), "gpus": _("GPUs"), "operations": _("Operations")}
ONE_TIME_LABELS = {"build": _("Build"), "tuning": _("Fine-tuning"), "data": _("Training data")}
NO_VALUE = "\N{EN DASH}"
MIN_BAR = 2  # percent, so that a small cost is visible
MIN_WEEKS = Decimal("0.1")  # shorter times are displayed as 0, because launches are not planned to the hour


@dataclass(frozen=True)
class CostLine:
    """A table row, with the formatted costs of both options. `is_sum` is True for totals."""

    label: Any
    api: str
    own: str
    is_sum: bool = False


def build_bars(comparison: CostComparison, months: int) -> list[tuple[Any, Decimal, int]]:
    """Return each option's label, its cost over these months in dollars, and the length of its bar in percent.

    The list is empty if an option is missing or nothing costs anything.
    """
    if comparison.api is None or comparison.own is None:
        return []
    api = comparison.api.compute_total(months)
    own = comparison.own.compute_total(months)
    longest = max(api, own)
    if not longest:
        return []
    totals = ((_("API"), api), (_("Your own GPUs"), own))
    return [(label, total, max(MIN_BAR, round(100 * total / longest)) if total else 0) for label, total in totals]


def describe_cheaper(bars: list[tuple[Any, Decimal, int]]) -> str:
    """Return a text that names the cheaper option and the factor, or "" if there are no bars or an option is free."""
    totals = [total for _label, total, _percent in bars]
    if not totals or not min(totals):
        return ""
    api, own = totals
    text = (
        gettext("API %s\N{MULTIPLICATION SIGN} cheaper")
        if api < own
        else gettext("GPUs %s\N{MULTIPLICATION SIGN} cheaper")
    )
    return text % times(float(max(api, own) / min(api, own)))


def build_lines(comparison: CostComparison) -> list[CostLine]:
    """Build the table rows. Rows that have no value for either option are omitted."""
    months = comparison.months
    horizon = ngettext_lazy("Over %(months)s month", "Over %(months)s months", months) % {"months": months}
    lines = _build_item_lines(comparison, MONTHLY_LABELS, lambda option: option.monthly)
    lines.append(_build_sum_line(comparison, _("Per month"), lambda option: option.monthly_total))
    one_time = _build_item_lines(comparison, ONE_TIME_LABELS, lambda option: option.one_time)
    lines += one_time
    if len(one_time) > 1:
        lines.append(_build_sum_line(comparison, _("Before launch"), lambda option: option.one_time_total))
    lines.append(_build_sum_line(comparison, horizon, lambda option: option.compute_total(months)))
    if any(option and option.weeks >= MIN_WEEKS for option in (comparison.api, comparison.own)):
        lines.append(
            _build_line(
                comparison,
                _("Weeks to launch"),
                lambda option: f"{option.weeks:,.3g}" if option.weeks >= MIN_WEEKS else "0",
            )
        )
    return lines


def _build_line(
    comparison: CostComparison, label: Any, render: Callable[[CostOption], str], *, is_sum: bool = False
) -> CostLine:
    api, own = (render(option) if option else NO_VALUE for option in (comparison.api, comparison.own))
    return CostLine(label, api, own, is_sum)


def _build_sum_line(comparison: CostComparison, label: Any, compute: Callable[[CostOption], Decimal]) -> CostLine:
    return _build_line(comparison, label, lambda option: format_dollars(compute(option)), is_sum=True)


def _build_item_lines(
    comparison: CostComparison, labels: Mapping[str, Any], get_items: Callable[[CostOption], Mapping[str, Decimal]]
) -> list[CostLine]:
    """Build a row for each item that has a cost, in the order of `labels`."""

    def render(option: CostOption, name: str) -> str:
        items = get_items(option)
        return format_dollars(items[name]) if name in items else NO_VALUE

    lines = [_build_line(comparison, label, partial(render, name=name)) for name, label in labels.items()]
    return [line for line in lines if not line.api == line.own == NO_VALUE]
