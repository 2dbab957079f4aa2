"""The fields of a model about which there are facts: how a source's value is read, and what a column takes. Pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

MOST = 10**15
KINDS = ("base", "chat", "fine-tuned", "merge")
TUNING = ("weights", "api", "no")
MODALITIES = ("text", "image", "audio", "video", "pdf")
YEARS = range(1950, 2101)  # from before the first programs that chat to what a maker may promise
DAY = re.compile(r"\d{4}-\d{2}(-\d{2})?")

RATE = re.compile(r"([1-9][0-9]{0,11})(?: \((.+)\))?")


@dataclass(frozen=True)
class Claim:
    """What a source says of a field of a model, and when it said so."""

    field: str
    value: Any
    source: str
    as_of: date


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 200 or not value.isprintable():
        raise ValueError("must be a text of at most 200 characters")
    return value.strip()


def _truth(value: Any) -> bool:
    words = {"true": True, "false": False}
    if isinstance(value, bool):
        return value
    if value not in words:
        raise ValueError("must be true or false")
    return words[value]


def _day(value: Any) -> str:
    """A day or a month, as precise as the source is."""
    text = str(value)
    try:
        if not DAY.fullmatch(text) or day(text).year not in YEARS:
            raise ValueError
    except ValueError:
        raise ValueError(f"must be a date like 2024-05 or 2024-05-13, from {YEARS[0]} to {YEARS[-1]}") from None
    return text


def _count(value: Any) -> int:
    text = str(value)
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,16}", text) or not 0 < int(text) <= MOST:
        raise ValueError(f"must be a whole number from 1 to {MOST:,}")
    return int(text)


def _tokens(value: Any) -> int:
    number = _count(value)
    if number > 2**31 - 1:
        raise ValueError("must be below 2,147,483,648 tokens")
    return number


@dataclass(frozen=True)
class Rate:
    """What a provider lets one customer do in a minute, and for which of its tiers it says so."""

    number: int
    tier: str

    def __str__(self) -> str:
        return f"{self.number:,} ({self.tier})" if self.tier else f"{self.number:,}"


def rate(text: str) -> Rate | None:
    """From such a fact; None where it is empty."""
    found = RATE.fullmatch(text)
    return Rate(int(found[1]), found[2] or "") if found else None


def _rate(value: Any) -> str:
    """Kept as text, because the number alone would be wrong for most customers: `50 (tier 1)`."""
    text = str(value)
    if isinstance(value, bool) or len(text) > 100 or not text.isprintable() or rate(text) is None:
        raise ValueError("must be a whole number, and in brackets for whom it holds, like 50 (tier 1)")
    return text


def _small(value: Any) -> int:
    number = _count(value)
    if number > 100_000:
        raise ValueError("must be at most 100,000")
    return number


def _modalities(value: Any) -> list[str]:
    found = value.split() if isinstance(value, str) else value
    if not isinstance(found, list) or not found or not set(found) <= set(MODALITIES):
        raise ValueError(f"must be some of {', '.join(MODALITIES)}")
    return [each for each in MODALITIES if each in found]


def _one_of(*words: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in words:
            raise ValueError(f"must be one of {', '.join(words)}")
        return str(value)

    return read


FIELDS: dict[str, Callable[[Any], Any]] = {
    "organization": _text,
    "license": _text,
    "open_weights": _truth,
    "kind": _one_of(*KINDS),
    "status": _one_of("current", "retired"),
    "retires_on": _day,
    "release_date": _day,
    "knowledge_cutoff": _day,
    "parameters_total": _count,
    "parameters_active": _count,
    "training_tokens": _count,
    "context_window": _tokens,
    "max_input": _tokens,
    "max_output": _tokens,
    "modalities": _modalities,
    "tools": _truth,
    "web_search": _truth,
    "fine_tuning": _one_of(*TUNING),
    "requests_per_minute": _rate,
    "tokens_per_minute": _rate,
    "layers": _small,
    "kv_heads": _small,
    "head_dim": _small,
}
# The first of each lies never beyond the second.
ORDERED = (
    ("parameters_active", "parameters_total"),
    ("max_input", "context_window"),
    ("max_output", "context_window"),
    ("release_date", "retires_on"),
)
DAYS = frozenset({"retires_on", "release_date", "knowledge_cutoff"})
EMPTY: dict[str, Any] = {
    **dict.fromkeys(("kind", "fine_tuning", "requests_per_minute", "tokens_per_minute"), ""),
    "modalities": [],
    "status": "current",
}


def read(field: str, value: Any) -> Any:
    """The value in the form in which facts are kept. Raises ValueError: no such field, or not a value of it."""
    if field not in FIELDS:
        raise ValueError(f"{field!r} is not a field; known are {', '.join(FIELDS)}")
    try:
        return FIELDS[field](value)
    except ValueError as error:
        raise ValueError(f"{field} {error}") from None


def for_column(field: str, value: Any) -> Any:
    """What the model's column holds for this fact: a month is its first day; organizations and licenses are names."""
    if value is None:
        return EMPTY.get(field)
    return day(value) if field in DAYS else value


def day(text: str) -> date:
    return date.fromisoformat(text if len(text) > 7 else f"{text}-01")


def in_future(day: date) -> bool:
    """Whether it has come nowhere on earth."""
    return day > datetime.now(UTC).date() + timedelta(days=1)
