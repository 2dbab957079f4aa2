"""The model fields that can have facts, with a parser for each. This module does not use Django."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from catalog.facts.values import parse_boolean, parse_choice, parse_count, parse_text

MODEL_KINDS = ("base", "chat", "fine-tuned", "merge")
TUNING_OPTIONS = ("weights", "api", "no")
MODALITIES = ("text", "image", "audio", "video", "pdf")
VALID_YEARS = range(1950, 2101)  # from before the first chatbots until after all announced retirements
UNPUBLISHED = "unpublished"
# Fields for which a fact can state that the maker does not publish the value.
WITHHOLDABLE_FIELDS = frozenset({
    "license", "release_date", "knowledge_cutoff", "parameters_total", "parameters_active", "training_tokens",
    "context_window", "max_input", "max_output", "layers", "kv_heads", "head_dim",
})  # fmt: skip
DATE_PATTERN = re.compile(r"\d{4}-\d{2}(-\d{2})?")
RATE_PATTERN = re.compile(r"([1-9][0-9]{0,11})(?: \((.+)\))?")


@dataclass(frozen=True)
class Claim:
    """A source's value for one field of a model, or `UNPUBLISHED`. `as_of` is the date of the source."""

    field: str
    value: Any
    source: str
    as_of: date


def _parse_month_or_day(value: Any, field: str) -> str:
    """Return a day or a month as text, with the precision of the source."""
    text = str(value)
    try:
        if not DATE_PATTERN.fullmatch(text) or parse_day(text).year not in VALID_YEARS:
            raise ValueError
    except ValueError:
        years = f"{VALID_YEARS[0]} to {VALID_YEARS[-1]}"
        raise ValueError(f"{field} must be a date like 2024-05 or 2024-05-13, from {years}") from None
    return text


@dataclass(frozen=True)
class RateLimit:
    """A provider's per-minute limit for one customer. `tier` is the customer's usage tier, or empty."""

    number: int
    tier: str

    def __str__(self) -> str:
        return f"{self.number:,} ({self.tier})" if self.tier else f"{self.number:,}"


def parse_rate(text: str) -> RateLimit | None:
    """Parse a rate limit like `50 (tier 1)`. Return None if the text has another format."""
    match = RATE_PATTERN.fullmatch(text)
    if match is None:
        return None
    return RateLimit(int(match[1]), match[2] or "")


def _validate_rate(value: Any, field: str) -> str:
    """Return the rate limit as text. It includes the usage tier, because the number applies only to that tier."""
    text = str(value)
    if isinstance(value, bool) or len(text) > 100 or not text.isprintable() or parse_rate(text) is None:
        raise ValueError(f"{field} must be a whole number, with the tier in parentheses, like 50 (tier 1)")
    return text


def _parse_modalities(value: Any, field: str) -> list[str]:
    words = value.split() if isinstance(value, str) else value
    if not isinstance(words, list) or not words or not set(words) <= set(MODALITIES):
        raise ValueError(f"{field} must be one or more of {', '.join(MODALITIES)}")
    return [modality for modality in MODALITIES if modality in words]


_parse_size = partial(parse_count, low=1, high=10**15)
_parse_tokens = partial(parse_count, low=1)
_parse_small_count = partial(parse_count, low=1, high=100_000)
# Each parser raises ValueError with the name of the field.
FACT_FIELDS: dict[str, Callable[[Any, str], Any]] = {
    "organization": parse_text,
    "license": parse_text,
    "open_weights": parse_boolean,
    "kind": partial(parse_choice, choices=MODEL_KINDS),
    "status": partial(parse_choice, choices=("current", "retired")),
    "retires_on": _parse_month_or_day,
    "successor": parse_text,
    "release_date": _parse_month_or_day,
    "knowledge_cutoff": _parse_month_or_day,
    "parameters_total": _parse_size,
    "parameters_active": _parse_size,
    "training_tokens": _parse_size,
    "context_window": _parse_tokens,
    "max_input": _parse_tokens,
    "max_output": _parse_tokens,
    "modalities": _parse_modalities,
    "tools": parse_boolean,
    "web_search": parse_boolean,
    "fine_tuning": partial(parse_choice, choices=TUNING_OPTIONS),
    "requests_per_minute": _validate_rate,
    "tokens_per_minute": _validate_rate,
    "layers": _parse_small_count,
    "kv_heads": _parse_small_count,
    "head_dim": _parse_small_count,
}
# In each pair, the first value must not be greater than the second.
ORDERED_PAIRS = (
    ("parameters_active", "parameters_total"),
    ("max_input", "context_window"),
    ("max_output", "context_window"),
    ("release_date", "retires_on"),
)
DATE_FIELDS = frozenset({"retires_on", "release_date", "knowledge_cutoff"})
COLUMN_DEFAULTS: dict[str, Any] = {
    **dict.fromkeys(("kind", "successor", "fine_tuning", "requests_per_minute", "tokens_per_minute"), ""),
    "modalities": [],
    "status": "current",
}


def parse_value(field: str, value: Any) -> Any:
    """Parse a value into the form that is stored in facts. `UNPUBLISHED` is returned unchanged.

    Raises ValueError for an unknown field or an invalid value.
    """
    if field not in FACT_FIELDS:
        raise ValueError(f"{field!r} is not a field; the fields are {', '.join(FACT_FIELDS)}")
    if value == UNPUBLISHED and field in WITHHOLDABLE_FIELDS:
        return UNPUBLISHED
    return FACT_FIELDS[field](value, field)


def to_column_value(field: str, value: Any) -> Any:
    """Convert a fact's value for the model's column. A month becomes its first day.

    For an unpublished value, the column's default is returned. The names of organizations and licenses are returned
    unchanged.
    """
    if value in (None, UNPUBLISHED):
        return COLUMN_DEFAULTS.get(field)
    return parse_day(value) if field in DATE_FIELDS else value


def is_same_value(field: str, one: Any, other: Any) -> bool:
    """Return True if two values of a fact agree. A month agrees with every day in it."""
    if to_column_value(field, one) == to_column_value(field, other):
        return True
    is_date = isinstance(one, str) and isinstance(other, str) and field in DATE_FIELDS
    return is_date and (one.startswith(other) or other.startswith(one))


def has_day(text: str) -> bool:
    """Return True for a date like 2024-05-13, and False for a month like 2024-05."""
    return len(text) > len("2024-05")


def parse_day(text: str) -> date:
    """Parse a date like 2024-05-13, or a month like 2024-05 as its first day."""
    return date.fromisoformat(text if has_day(text) else f"{text}-01")


def has_begun(day: date) -> bool:
    """Return True if the day has begun in UTC."""
    return day <= datetime.now(UTC).date()


def is_in_future(day: date) -> bool:
    """Return True if the day has not begun in any time zone."""
    return day > datetime.now(UTC).date() + timedelta(days=1)
