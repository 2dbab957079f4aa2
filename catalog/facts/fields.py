"""The model fields that can have facts, with a parser for each. This module does not use Django."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

MAX_COUNT = 10**15
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


def _parse_text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 200 or not value.isprintable():
        raise ValueError("must be text of at most 200 characters")
    return value.strip()


def _parse_boolean(value: Any) -> bool:
    words = {"true": True, "false": False}
    if isinstance(value, bool):
        return value
    if value not in words:
        raise ValueError("must be true or false")
    return words[value]


def _parse_date(value: Any) -> str:
    """Return a day or a month as text, with the precision of the source."""
    text = str(value)
    try:
        if not DATE_PATTERN.fullmatch(text) or parse_day(text).year not in VALID_YEARS:
            raise ValueError
    except ValueError:
        raise ValueError(
            f"must be a date like 2024-05 or 2024-05-13, from {VALID_YEARS[0]} to {VALID_YEARS[-1]}"
        ) from None
    return text


def _parse_count(value: Any) -> int:
    text = str(value)
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,16}", text) or not 0 < int(text) <= MAX_COUNT:
        raise ValueError(f"must be a whole number from 1 to {MAX_COUNT:,}")
    return int(text)


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


def _validate_rate(value: Any) -> str:
    """Return the rate limit as text. It includes the usage tier, because the number applies only to that tier."""
    text = str(value)
    if isinstance(value, bool) or len(text) > 100 or not text.isprintable() or parse_rate(text) is None:
        raise ValueError("must be a whole number, with the tier in parentheses, like 50 (tier 1)")
    return text


def _make_count_parser(maximum: int, error: str) -> Callable[[Any], int]:
    def parse(value: Any) -> int:
        number = _parse_count(value)
        if number > maximum:
            raise ValueError(error)
        return number

    return parse


_parse_tokens = _make_count_parser(2**31 - 1, "must be fewer than 2,147,483,648 tokens")
_parse_small_count = _make_count_parser(100_000, "must be at most 100,000")


def _parse_modalities(value: Any) -> list[str]:
    words = value.split() if isinstance(value, str) else value
    if not isinstance(words, list) or not words or not set(words) <= set(MODALITIES):
        raise ValueError(f"must be one or more of {', '.join(MODALITIES)}")
    return [modality for modality in MODALITIES if modality in words]


def _make_choice_parser(*words: str) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        if value not in words:
            raise ValueError(f"must be one of {', '.join(words)}")
        return str(value)

    return parse


FACT_FIELDS: dict[str, Callable[[Any], Any]] = {
    "organization": _parse_text,
    "license": _parse_text,
    "open_weights": _parse_boolean,
    "kind": _make_choice_parser(*MODEL_KINDS),
    "status": _make_choice_parser("current", "retired"),
    "retires_on": _parse_date,
    "successor": _parse_text,
    "release_date": _parse_date,
    "knowledge_cutoff": _parse_date,
    "parameters_total": _parse_count,
    "parameters_active": _parse_count,
    "training_tokens": _parse_count,
    "context_window": _parse_tokens,
    "max_input": _parse_tokens,
    "max_output": _parse_tokens,
    "modalities": _parse_modalities,
    "tools": _parse_boolean,
    "web_search": _parse_boolean,
    "fine_tuning": _make_choice_parser(*TUNING_OPTIONS),
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
    try:
        return FACT_FIELDS[field](value)
    except ValueError as error:
        raise ValueError(f"{field} {error}") from None


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
