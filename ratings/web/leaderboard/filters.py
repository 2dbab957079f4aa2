"""The filters of the leaderboard. Each entry in `FILTERS` defines the URL parameter, form field, and description."""

import math
import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.http.errors import field_error
from core.text.number_format import format_count
from core.text.word_search import contains_words
from ratings.boards.board_urls import format_parameter
from ratings.web.leaderboard.columns import LeaderboardEntry

LazyText = str | Promise
Choices = Iterable[tuple[str, LazyText]]

BILLION = 10**9
MAX_TEXT_LENGTH = 200
WEIGHTS_CHOICES = {"open": _("open"), "closed": _("closed")}
COMMERCIAL_CHOICES = {"yes": _("allowed without conditions"), "conditional": _("allowed, possibly with conditions")}
COMMERCIAL_DESCRIPTIONS = {
    "yes": _("commercial use allowed without conditions"),
    "conditional": _("commercial use allowed, possibly with conditions"),
}
COMMERCIAL_VALUES = {"yes": ("yes",), "conditional": ("yes", "conditional")}
DECIMAL_INPUT = SafeString('type="number" min="0" step="any" inputmode="decimal"')
WHOLE_INPUT = SafeString('type="number" min="0" step="any" inputmode="numeric"')
DATE_INPUT = SafeString('type="date"')


@dataclass(frozen=True)
class FilterValues:
    """The values of the filters, by parameter. None and empty text mean no filter.

    q: words in the names.
    size_min, size_max: the number of parameters.
    price_max: US dollars per million tokens.
    context_min: tokens.
    """

    q: str = ""
    weights: str = ""
    commercial: str = ""
    organization: str = ""
    size_min: float | None = None
    size_max: float | None = None
    price_max: float | None = None
    context_min: float | None = None
    released_after: date | None = None


def parse_text(name: str, text: str) -> str:
    """Return the text without surrounding whitespace.

    Raises RequestError 400 if the text is too long or contains a null character.
    """
    text = text.strip()
    if len(text) > MAX_TEXT_LENGTH:
        raise field_error(name, f"“{name}” is longer than {MAX_TEXT_LENGTH} characters.")
    return check_text(name, text)


def check_text(name: str, text: str) -> str:
    """Return the text unchanged. Raises RequestError 400 if it contains a null character, which PostgreSQL rejects."""
    if "\0" in text:
        raise field_error(name, f"“{name}” contains a null character.")
    return text


def parse_choice(name: str, text: str, choices: Iterable[str]) -> str:
    """Return the choice, or "" if the text is empty. Raises RequestError 400 if it is not one of the choices."""
    if text and text not in choices:
        raise field_error(name, f"“{name}” must be one of: {', '.join(filter(None, choices))}.")
    return text


def _parse_number(name: str, text: str) -> float | None:
    text = text.strip()
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise field_error(name, f"“{name}” must be zero or a positive number, such as 8 or 0.5.")
    return number


def _parse_billions(name: str, text: str) -> float | None:
    number = _parse_number(name, text)
    return None if number is None else number * BILLION


def _parse_day(name: str, text: str) -> date | None:
    text = text.strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise field_error(name, f"“{name}” must be a date, such as 2026-01-31.") from None


def _has_words(entry: LeaderboardEntry, text: str) -> bool:
    """Return whether the model's name, its slug, and its maker's name together contain every word of the text."""
    return contains_words(f"{entry.row['name']} {entry.slug} {entry.row['organization'] or ''}", text)


def _check_value(path: str, compare: Callable[[Any, Any], bool]) -> Callable[[LeaderboardEntry, Any], bool | None]:
    """Return a check that compares the value at a path with the filter's. Its result is None for an unknown value."""

    def check(entry: LeaderboardEntry, wanted: Any) -> bool | None:
        value = entry.read(path)
        return None if value is None else bool(compare(value, wanted))

    return check


def _is_use_allowed(entry: LeaderboardEntry, commercial: str) -> bool | None:
    if entry.facts.commercial == "unknown":
        return None
    return entry.facts.commercial in COMMERCIAL_VALUES[commercial]


def _list_organizations(entries: Iterable[LeaderboardEntry]) -> Choices:
    return [(name, name) for name in sorted({entry.row["organization"] or "" for entry in entries} - {""})]


def _format_value(value: Any) -> str:
    return f"{value:.15g}" if isinstance(value, float) else format_parameter(value)


def _format_billions(number: float) -> str:
    return _format_value(number / BILLION)


@dataclass(frozen=True, eq=False)
class Filter:
    """A filter of the leaderboard.

    parameter: its name in the URL and in the form, and in `FilterValues`.
    parse: (parameter, text from the URL) → value. Raises RequestError 400.
    check: (entry, value) → whether the entry passes, or None if that is unknown.
    describe: value → short description, which is shown while the form is collapsed.
    fact: the name of the fact that is unknown if `check` returns None. Filters can share a fact.
    label: the label of the form field, or empty if the template places the field itself.
    format: value → text for the URL and the form field.
    attributes: HTML attributes of the form field, if it is an input.
    choices: entries of the board → (value, text) of each option, if the form field is a select.
    """

    parameter: str
    parse: Callable[[str, str], Any]
    check: Callable[[LeaderboardEntry, Any], bool | None]
    describe: Callable[[Any], str]
    fact: str = ""
    label: LazyText = ""
    format: Callable[[Any], str] = _format_value
    attributes: SafeString = DECIMAL_INPUT
    choices: Callable[[Iterable[LeaderboardEntry]], Choices] | None = None


FACT_LABELS = {
    "weights": _("weights"),
    "license": _("commercial use"),
    "organization": _("maker"),
    "size": _("size"),
    "price": _("price"),
    "context": _("context"),
    "released": _("release"),
}
FILTERS = (
    Filter("q", parse_text, _has_words, "“{}”".format),
    Filter(
        "weights",
        parse=lambda name, text: parse_choice(name, text, WEIGHTS_CHOICES),
        check=_check_value("row.open_weights", lambda is_open, weights: is_open == (weights == "open")),
        describe=lambda weights: str(WEIGHTS_CHOICES[weights]),
        fact="weights",
        label=_("Weights"),
        choices=lambda _entries: WEIGHTS_CHOICES.items(),
    ),
    Filter(
        "commercial",
        parse=lambda name, text: parse_choice(name, text, COMMERCIAL_CHOICES),
        check=_is_use_allowed,
        describe=lambda commercial: str(COMMERCIAL_DESCRIPTIONS[commercial]),
        fact="license",
        label=_("Commercial use"),
        choices=lambda _entries: COMMERCIAL_CHOICES.items(),
    ),
    Filter(
        "organization",
        parse=parse_text,
        check=_check_value("row.organization", operator.eq),
        describe=str,
        fact="organization",
        label=_("Maker"),
        choices=_list_organizations,
    ),
    Filter(
        "size_min",
        parse=_parse_billions,
        check=_check_value("facts.size", operator.ge),
        describe=lambda size: gettext("at least %(size)s parameters") % {"size": format_count(int(size))},
        fact="size",
        label=_("Min parameters (billions)"),
        format=_format_billions,
    ),
    Filter(
        "size_max",
        parse=_parse_billions,
        check=_check_value("facts.size", operator.le),
        describe=lambda size: gettext("at most %(size)s parameters") % {"size": format_count(int(size))},
        fact="size",
        label=_("Max parameters (billions)"),
        format=_format_billions,
    ),
    Filter(
        "price_max",
        parse=_parse_number,
        check=_check_value("facts.price", operator.le),
        describe=lambda price: gettext("at most $%(price)s") % {"price": f"{price:.6g}"},
        fact="price",
        label=_("Max price ($ per million tokens)"),
    ),
    Filter(
        "context_min",
        parse=_parse_number,
        check=_check_value("facts.context", operator.ge),
        describe=lambda tokens: gettext("context of at least %(tokens)s") % {"tokens": f"{tokens:,.0f}"},
        fact="context",
        label=_("Min context (tokens)"),
        attributes=WHOLE_INPUT,
    ),
    Filter(
        "released_after",
        parse=_parse_day,
        check=_check_value("facts.released", operator.ge),
        describe=lambda day: gettext("released since %(day)s") % {"day": day.isoformat()},
        fact="released",
        label=_("Released on or after"),
        attributes=DATE_INPUT,
    ),
)


def parse_filters(parameters: QueryDict) -> dict[str, Any]:
    """Return the values, keyed by parameter. Raises RequestError 400 if a parameter is invalid."""
    return {each.parameter: each.parse(each.parameter, parameters.get(each.parameter, "")) for each in FILTERS}


def list_active_filters(values: FilterValues) -> list[tuple[Filter, Any]]:
    """Return the active filters with their values."""
    pairs = [(definition, getattr(values, definition.parameter)) for definition in FILTERS]
    return [(definition, value) for definition, value in pairs if value not in (None, "")]


def describe_filters(values: FilterValues) -> list[str]:
    """Return a short description of each active filter."""
    return [definition.describe(value) for definition, value in list_active_filters(values)]


@dataclass(frozen=True, eq=False)
class FilterField:
    """The form field of a filter. `choices` has the (value, text) of each option, or is None for an input."""

    filter: Filter
    text: str
    choices: Choices | None


def build_form_fields(values: FilterValues, entries: Iterable[LeaderboardEntry]) -> list[FilterField]:
    """Return the form fields in order, for a board with these entries."""
    text_by_parameter = {each.parameter: each.format(value) for each, value in list_active_filters(values)}
    return [
        FilterField(
            definition,
            text_by_parameter.get(definition.parameter, ""),
            definition.choices(entries) if definition.choices else None,
        )
        for definition in FILTERS
        if definition.label
    ]
