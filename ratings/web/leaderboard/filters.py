"""The filters of the leaderboard. Each entry in `FILTERS` defines the URL parameter, form field, and description."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

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


class QueryParameters(Protocol):
    """The parameters of a request. `get` returns the last value of a name, and `getlist` returns all values."""

    def get(self, name: str, default: str, /) -> Any: ...
    def getlist(self, name: str, /) -> list[Any]: ...


@dataclass(frozen=True)
class FilterValues:
    """The values of the filters. None and empty text mean no filter.

    size_min, size_max: the number of parameters.
    price_max: US dollars per million tokens.
    context_min: tokens.
    """

    text: str = ""
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


def _is_equal(value: Any, expected: Any) -> bool | None:
    return None if value is None else bool(value == expected)


def _is_at_least(value: Any, minimum: Any) -> bool | None:
    return None if value is None else bool(value >= minimum)


def _is_at_most(value: Any, maximum: Any) -> bool | None:
    return None if value is None else bool(value <= maximum)


def _is_use_allowed(entry: LeaderboardEntry, commercial: str) -> bool | None:
    if entry.facts.commercial == "unknown":
        return None
    return entry.facts.commercial in COMMERCIAL_VALUES[commercial]


def _list_organizations(entries: Iterable[LeaderboardEntry]) -> Choices:
    return [(name, name) for name in sorted({entry.row["organization"] for entry in entries} - {None, ""})]


def _format_value(value: Any) -> str:
    return f"{value:.15g}" if isinstance(value, float) else format_parameter(value)


def _format_billions(number: float) -> str:
    return _format_value(number / BILLION)


@dataclass(frozen=True, eq=False)
class Filter:
    """A filter of the leaderboard.

    parameter: its name in the URL and in the form.
    field: the name of its field in `FilterValues`.
    parse: (parameter, text from the URL) → value. Raises RequestError 400.
    check: (entry, value) → whether the entry passes, or None if that is unknown.
    describe: value → short description, which is shown while the form is collapsed.
    format: value → text for the URL and the form field.
    fact: the name of the fact that is unknown if `check` returns None. Filters can share a fact.
    fact_label: the display name of the fact.
    label: the label of the form field, or empty if the template places the field itself.
    attributes: HTML attributes of the form field, if it is an input.
    choices: entries of the board → (value, text) of each option, if the form field is a select.
    """

    parameter: str
    field: str
    parse: Callable[[str, str], Any]
    check: Callable[[LeaderboardEntry, Any], bool | None]
    describe: Callable[[Any], str]
    format: Callable[[Any], str] = _format_value
    fact: str = ""
    fact_label: LazyText = ""
    label: LazyText = ""
    attributes: SafeString = DECIMAL_INPUT
    choices: Callable[[Iterable[LeaderboardEntry]], Choices] | None = None


FILTERS = (
    Filter(
        parameter="q",
        field="text",
        parse=parse_text,
        check=_has_words,
        describe=lambda text: f"“{text}”",
    ),
    Filter(
        parameter="weights",
        field="weights",
        parse=lambda name, text: parse_choice(name, text, WEIGHTS_CHOICES),
        check=lambda entry, weights: _is_equal(entry.row["open_weights"], weights == "open"),
        describe=lambda weights: str(WEIGHTS_CHOICES[weights]),
        fact="weights",
        fact_label=_("weights"),
        label=_("Weights"),
        choices=lambda _entries: WEIGHTS_CHOICES.items(),
    ),
    Filter(
        parameter="commercial",
        field="commercial",
        parse=lambda name, text: parse_choice(name, text, COMMERCIAL_CHOICES),
        check=_is_use_allowed,
        describe=lambda commercial: str(COMMERCIAL_DESCRIPTIONS[commercial]),
        fact="license",
        fact_label=_("commercial use"),
        label=_("Commercial use"),
        choices=lambda _entries: COMMERCIAL_CHOICES.items(),
    ),
    Filter(
        parameter="organization",
        field="organization",
        parse=parse_text,
        check=lambda entry, organization: _is_equal(entry.row["organization"], organization),
        describe=str,
        fact="organization",
        fact_label=_("maker"),
        label=_("Maker"),
        choices=_list_organizations,
    ),
    Filter(
        parameter="size_min",
        field="size_min",
        parse=_parse_billions,
        check=lambda entry, size: _is_at_least(entry.facts.size, size),
        describe=lambda size: gettext("at least %(size)s parameters") % {"size": format_count(int(size))},
        format=_format_billions,
        fact="size",
        fact_label=_("size"),
        label=_("Min parameters (billions)"),
    ),
    Filter(
        parameter="size_max",
        field="size_max",
        parse=_parse_billions,
        check=lambda entry, size: _is_at_most(entry.facts.size, size),
        describe=lambda size: gettext("at most %(size)s parameters") % {"size": format_count(int(size))},
        format=_format_billions,
        fact="size",
        fact_label=_("size"),
        label=_("Max parameters (billions)"),
    ),
    Filter(
        parameter="price_max",
        field="price_max",
        parse=_parse_number,
        check=lambda entry, price: _is_at_most(entry.facts.price, price),
        describe=lambda price: gettext("at most $%(price)s") % {"price": f"{price:.6g}"},
        fact="price",
        fact_label=_("price"),
        label=_("Max price ($ per million tokens)"),
    ),
    Filter(
        parameter="context_min",
        field="context_min",
        parse=_parse_number,
        check=lambda entry, tokens: _is_at_least(entry.facts.context, tokens),
        describe=lambda tokens: gettext("context of at least %(tokens)s") % {"tokens": f"{tokens:,.0f}"},
        fact="context",
        fact_label=_("context"),
        label=_("Min context (tokens)"),
        attributes=WHOLE_INPUT,
    ),
    Filter(
        parameter="released_after",
        field="released_after",
        parse=_parse_day,
        check=lambda entry, day: _is_at_least(entry.facts.released, day),
        describe=lambda day: gettext("released since %(day)s") % {"day": day.isoformat()},
        fact="released",
        fact_label=_("release"),
        label=_("Released on or after"),
        attributes=DATE_INPUT,
    ),
)
FACT_LABELS = {definition.fact: definition.fact_label for definition in FILTERS}


def parse_filters(parameters: QueryParameters) -> dict[str, Any]:
    """Return the values, keyed by field of `FilterValues`. Raises RequestError 400 if a parameter is invalid."""
    return {
        definition.field: definition.parse(definition.parameter, str(parameters.get(definition.parameter, "")))
        for definition in FILTERS
    }


def list_active_filters(values: FilterValues) -> list[tuple[Filter, Any]]:
    """Return the active filters with their values."""
    pairs = [(definition, getattr(values, definition.field)) for definition in FILTERS]
    return [(definition, value) for definition, value in pairs if value not in (None, "")]


def list_filter_parameters(values: FilterValues) -> list[tuple[str, str]]:
    """Return the URL parameter and its text for each active filter."""
    return [(definition.parameter, definition.format(value)) for definition, value in list_active_filters(values)]


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
    text_by_parameter = dict(list_filter_parameters(values))
    return [
        FilterField(
            definition,
            text_by_parameter.get(definition.parameter, ""),
            definition.choices(entries) if definition.choices else None,
        )
        for definition in FILTERS
        if definition.label
    ]
