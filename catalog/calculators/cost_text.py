"""The lines of a comparison of costs, in words."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from catalog.calculators.cost import CostComparison
from catalog.calculators.cost_model import CostItem, CostOption
from core.text.number_format import format_dollars

MONTHLY_LABELS = {"tokens": _("Tokens"), "seats": _("Seats"), "gpus": _("GPUs"), "operations": _("Operations")}
ONE_TIME_LABELS = {"build": _("Building it"), "tuning": _("Fine-tuning"), "data": _("Data for it")}
NO_VALUE = "\N{EN DASH}"
MIN_WEEKS = Decimal("0.1")  # of a week; a launch is not planned by the hour


@dataclass(frozen=True)
class CostLine:
    """One line of the bill; `sum` tells those that others add up to."""

    label: Any
    api: str
    own: str
    sum: bool = False


def build_lines(found: CostComparison) -> list[CostLine]:
    """What somebody pays, with those lines left out that nobody pays."""
    over = ngettext_lazy("Over %(months)s month", "Over %(months)s months", found.months) % {"months": found.months}
    once = [
        line
        for name, label in ONE_TIME_LABELS.items()
        for line in _build_item_lines(found, label, name, lambda option: option.once)
    ]
    return [
        *(
            line
            for name, label in MONTHLY_LABELS.items()
            for line in _build_item_lines(found, label, name, lambda option: option.monthly)
        ),
        _build_line(found, _("A month"), lambda option: format_dollars(option.each_month), is_sum=True),
        *once,
        *(
            [_build_line(found, _("Before the launch"), lambda option: format_dollars(option.at_once), is_sum=True)]
            if once
            else []
        ),
        _build_line(found, over, lambda option: format_dollars(option.total(found.months)), is_sum=True),
        *_build_weeks_lines(found),
    ]


def _build_line(
    found: CostComparison, label: Any, shown: Callable[[CostOption], str], *, is_sum: bool = False
) -> CostLine:
    of_api, of_own = (shown(option) if option else NO_VALUE for option in (found.api, found.own))
    return CostLine(label, of_api, of_own, is_sum)


def _build_item_lines(
    found: CostComparison, label: Any, name: str, items: Callable[[CostOption], tuple[CostItem, ...]]
) -> list[CostLine]:
    def shown(option: CostOption) -> str:
        return next((format_dollars(item.dollars) for item in items(option) if item.name == name), NO_VALUE)

    line = _build_line(found, label, shown)
    return [] if line.api == line.own == NO_VALUE else [line]


def _build_weeks_lines(found: CostComparison) -> list[CostLine]:
    if not any(option and option.weeks >= MIN_WEEKS for option in (found.api, found.own)):
        return []
    return [
        _build_line(
            found, _("Weeks to the launch"), lambda option: f"{option.weeks:,.3g}" if option.weeks >= MIN_WEEKS else "0"
        )
    ]
