"""The lines of a comparison of costs, in words."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from catalog.calculators.cost import Comparison
from catalog.calculators.cost_model import Item, Option
from core.text.number_format import dollars

MONTHLY = {"tokens": _("Tokens"), "seats": _("Seats"), "gpus": _("GPUs"), "operations": _("Operations")}
ONCE = {"build": _("Building it"), "tuning": _("Fine-tuning"), "data": _("Data for it")}
NOTHING = "\N{EN DASH}"
A_DAY = Decimal("0.1")  # of a week; a launch is not planned by the hour


@dataclass(frozen=True)
class Line:
    """One line of the bill; `sum` tells those that others add up to."""

    label: Any
    api: str
    own: str
    sum: bool = False


def lines(found: Comparison) -> list[Line]:
    """What somebody pays, with those lines left out that nobody pays."""
    over = ngettext_lazy("Over %(months)s month", "Over %(months)s months", found.months) % {"months": found.months}
    once = [line for name, label in ONCE.items() for line in _item(found, label, name, lambda option: option.once)]
    return [
        *(line for name, label in MONTHLY.items() for line in _item(found, label, name, lambda option: option.monthly)),
        _line(found, _("A month"), lambda option: dollars(option.each_month), is_sum=True),
        *once,
        *([_line(found, _("Before the launch"), lambda option: dollars(option.at_once), is_sum=True)] if once else []),
        _line(found, over, lambda option: dollars(option.total(found.months)), is_sum=True),
        *_weeks(found),
    ]


def _line(found: Comparison, label: Any, shown: Callable[[Option], str], *, is_sum: bool = False) -> Line:
    of_api, of_own = (shown(option) if option else NOTHING for option in (found.api, found.own))
    return Line(label, of_api, of_own, is_sum)


def _item(found: Comparison, label: Any, name: str, items: Callable[[Option], tuple[Item, ...]]) -> list[Line]:
    def shown(option: Option) -> str:
        return next((dollars(item.dollars) for item in items(option) if item.name == name), NOTHING)

    line = _line(found, label, shown)
    return [] if line.api == line.own == NOTHING else [line]


def _weeks(found: Comparison) -> list[Line]:
    if not any(option and option.weeks >= A_DAY for option in (found.api, found.own)):
        return []
    return [
        _line(found, _("Weeks to the launch"), lambda option: f"{option.weeks:,.3g}" if option.weeks >= A_DAY else "0")
    ]
