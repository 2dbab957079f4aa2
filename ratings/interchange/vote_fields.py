"""Parsers for the fields of a vote in a file.

A vote's categories are derived from its language and from the tags in the public arena data sets.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

from arena.judging.language_id import LANGUAGES

WINNERS_BY_NAME = {"model_a": "a", "model_b": "b", "tie": "tie", "tie (bothbad)": "both_bad", "both_bad": "both_bad"}
WINNERS_BY_COLUMN = {"win_a": "a", "win_b": "b", "tie": "tie", "tie_bothbad": "both_bad"}
COUNT_COLUMNS = frozenset({"model_a", "model_b", *WINNERS_BY_COLUMN})
VOTE_SOURCES = ("live", "api", "import", "ready", "evaluation")
VOTER_KINDS = ("person", "key", "judge", "import")
STYLE_FIELDS = tuple(
    name.format(side)
    for side in "ab"
    for name in ("sum_assistant_{}_tokens", "header_count_{}", "bold_count_{}", "list_count_{}")
)
VOTER_FIELDS = ("judge", "evaluation_session_id", "voter")
CONVERSATION_FIELDS = ("conversation_a", "conversation_b")
# Text fields that some data sets have in addition to the two conversations.
EXTRA_TEXT_FIELDS = ("full_conversation",)
MAX_COUNT = 10**9
NUMBER_TYPES = frozenset({int, float})  # types are compared exactly, because bool is a subclass of int
MAX_NAME_LENGTH = 200
MAX_REASON_LENGTH = 20
MAX_CATEGORY_LENGTH = 40
CATEGORY_PATTERN = re.compile(rf"[a-z0-9-]{{1,{MAX_CATEGORY_LENGTH}}}")
UNKNOWN_LANGUAGES = ("unknown", "und", "unk")
MIN_HARD_CRITERIA = 6  # of the seven criteria for hard prompts
# Tag name, excluding its version → category. The vote has the category if the tag has a true flag with the same name.
TAG_CATEGORIES = {"creative_writing": "creative-writing", "if": "instruction-following", "math": "math"}


class VoteRow(NamedTuple):
    """One row in a file, which represents `multiplicity` identical votes.

    features: as in `Vote`.
    item, question: the names that the file gives to what was judged, and to what was asked.
    conversations: the messages, by field.
    other_fields: all fields without a column.

    All rows share the default dicts, so a row's dicts must not be changed.
    """

    line: int
    model_a: str
    model_b: str
    winner: str
    multiplicity: int = 1
    voter: str | None = None
    counted: bool = True
    reason: str = ""
    source: str = "import"
    categories: tuple[str, ...] = ()
    features: list[float] | None = None
    propensity: float | None = None
    turns: int = 1
    created_at: datetime | None = None
    voter_kind: str = "person"
    item: str | None = None
    question: str | None = None
    conversations: dict[str, list[dict[str, Any]]] = {}
    other_fields: dict[str, Any] = {}


def parse_vote(line: int, raw: dict[str, Any]) -> VoteRow:
    """Return the vote in a row. Raises a ValueError that names the line and the field."""
    fields, other_fields = _parse_fields(line, raw, VOTE_PARSERS)
    if "winner" not in fields:
        raise ValueError(f"line {line}: winner is missing or empty")
    if raw.get("conv_metadata") and not fields.get("conv_metadata"):
        other_fields["conv_metadata"] = raw["conv_metadata"]
    counted = fields.get("counted", True)
    return VoteRow(
        line=line,
        model_a=fields["model_a"],
        model_b=fields["model_b"],
        winner=fields["winner"],
        multiplicity=fields.get("weight", 1),
        voter=next((fields[field] for field in VOTER_FIELDS if field in fields), None),
        counted=counted,
        reason="" if counted else fields.get("reason", ""),
        source=fields.get("source", "import"),
        categories=_derive_categories(fields),
        features=fields.get("conv_metadata"),
        propensity=fields.get("propensity"),
        turns=fields.get("turns", 1),
        created_at=fields.get("tstamp") or fields.get("timestamp"),
        voter_kind=fields.get("voter_kind", "person"),
        item=fields.get("item"),
        question=fields.get("question"),
        conversations={field: fields[field] for field in (*CONVERSATION_FIELDS, *EXTRA_TEXT_FIELDS) if field in fields},
        other_fields=other_fields,
    )


def parse_pair_counts(line: int, raw: dict[str, Any]) -> Iterator[VoteRow]:
    """Yield one row per outcome from the counts of one pair. Raises ValueError as `parse_vote` does."""
    fields, other_fields = _parse_fields(line, raw, COUNT_PARSERS)
    for column, winner in WINNERS_BY_COLUMN.items():
        if multiplicity := fields.get(column, 0):
            yield VoteRow(line, fields["model_a"], fields["model_b"], winner, multiplicity, other_fields=other_fields)


def _parse_fields(
    line: int, raw: dict[str, Any], parsers: dict[str, Callable[[Any], Any]]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the parsed values of all fields with a parser, and the raw values of all other fields.

    Empty and null fields are omitted.
    """
    fields: dict[str, Any] = {}
    other_fields: dict[str, Any] = {}
    field = ""
    try:
        for field, value in raw.items():
            if value is None or value == "":
                continue
            if parse := parsers.get(field):
                fields[field] = parse(value)
            else:
                other_fields[field] = value
    except ValueError as error:
        raise ValueError(f"line {line}: {field} {error}") from None
    for field in ("model_a", "model_b"):
        if field not in fields:
            raise ValueError(f"line {line}: {field} is missing or empty")
    return fields, other_fields


def _derive_categories(fields: dict[str, Any]) -> tuple[str, ...]:
    if "categories" in fields:
        categories: tuple[str, ...] = fields["categories"]
        return categories
    coding = ("coding",) if fields.get("is_code") else ()
    multi_turn = ("multi-turn",) if fields.get("turns", 1) > 1 else ()
    derived = (*fields.get("language", ()), *coding, *fields.get("category_tag", ()), *multi_turn)
    return tuple(dict.fromkeys(derived))


def parse_language(value: Any) -> tuple[str, ...]:
    """Return the category of a language as a tuple, or () if the language is unknown.

    value: the English name or two-letter code of the language. Raises ValueError if it cannot be a name.
    """
    if not isinstance(value, str):
        raise ValueError("must be text")
    return _parse_language_name(value.strip().lower())


@lru_cache(maxsize=1000)
def _parse_language_name(name: str) -> tuple[str, ...]:
    if name in UNKNOWN_LANGUAGES:
        return ()
    slug = _slugify(LANGUAGES.get(name, name))
    if not CATEGORY_PATTERN.fullmatch(slug):
        raise ValueError(f"must be the name of a language (at most {MAX_CATEGORY_LENGTH} letters)")
    return (slug,)


def parse_categories(value: Any) -> tuple[str, ...]:
    """Return category slugs, with duplicates removed. Raises ValueError if the value is not a list of slugs."""
    if isinstance(value, list) and all(isinstance(slug, str) and CATEGORY_PATTERN.fullmatch(slug) for slug in value):
        return tuple(dict.fromkeys(value))
    raise ValueError(f"must be a list of names with at most {MAX_CATEGORY_LENGTH} characters each (a-z, 0-9, and -)")


def parse_category_tags(value: Any) -> tuple[str, ...]:
    """Return the categories in a `category_tag`. Its keys end in a version: `{"math_v0.1": {"math": true}}`.

    Raises ValueError if the value is not an object of objects.
    """
    if not isinstance(value, dict) or not all(isinstance(tag, dict) for tag in value.values()):
        raise ValueError("must be an object whose values are objects")
    categories = []
    for key, tag in value.items():
        kind = key.partition("_v0")[0]
        if kind == "criteria" and sum(flag is True for flag in tag.values()) >= MIN_HARD_CRITERIA:
            categories.append("hard-prompts")
        elif kind in TAG_CATEGORIES and tag.get(kind) is True:
            categories.append(TAG_CATEGORIES[kind])
    return tuple(categories)


def _slugify(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def _parse_model_name(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text")
    if not value.strip() or "\0" in value:
        raise ValueError("is blank or contains NUL")
    if len(value) > MAX_NAME_LENGTH:
        raise ValueError(f"is longer than {MAX_NAME_LENGTH} characters")
    return value


def _parse_winner(value: Any) -> str:
    if isinstance(value, str) and value in WINNERS_BY_NAME:
        return WINNERS_BY_NAME[value]
    raise ValueError(f"must be one of {', '.join(WINNERS_BY_NAME)}")


def _build_integer_parser(low: int, high: int) -> Callable[[Any], int]:
    def parse_integer(value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return value

    return parse_integer


def _parse_boolean(value: Any) -> bool:
    """Return the boolean. 0 and 1 are also accepted."""
    if value in (True, False) and isinstance(value, bool | int):
        return bool(value)
    raise ValueError("must be true or false")


def _parse_name(value: Any) -> str:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return str(value)
    raise ValueError("must be text or a number")


def _parse_reason(value: Any) -> str:
    if isinstance(value, str) and len(value) <= MAX_REASON_LENGTH and "\0" not in value:
        return value
    raise ValueError(f"must be text of at most {MAX_REASON_LENGTH} characters")


def _build_choice_parser(choices: tuple[str, ...]) -> Callable[[Any], str]:
    def parse_choice(value: Any) -> str:
        if isinstance(value, str) and value in choices:
            return value
        raise ValueError(f"must be one of {', '.join(choices)}")

    return parse_choice


def _parse_propensity(value: Any) -> float:
    if type(value) in (int, float) and 0 < value <= 1:
        return float(value)
    raise ValueError("must be a number above 0 and at most 1")


def _parse_time(value: Any) -> datetime:
    """Return a time in UTC from seconds since the epoch or an ISO 8601 string. A time without a time zone is in UTC."""
    try:
        if isinstance(value, str):
            time = datetime.fromisoformat(value)
            if not time.tzinfo:
                return time.replace(tzinfo=UTC)
            return time.astimezone(UTC)
        if type(value) in (int, float):
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise ValueError("must be a Unix time in seconds or an ISO 8601 time")


def _parse_style(value: Any) -> list[float] | None:
    """Return the length and the numbers of headers, bold passages, and list items, for answer a and then for answer b.

    Return None if any of the eight numbers is missing.
    """
    if not isinstance(value, dict):
        raise ValueError("must be an object")
    figures = {name: value[name] for name in STYLE_FIELDS if value.get(name) is not None}
    counts = [figure.values() if isinstance(figure, dict) else (figure,) for figure in figures.values()]
    # This checks all counts at once, because an import spends most of its time here.
    if not _is_count_list([*chain.from_iterable(counts)]):
        name = next(name for name, values in zip(figures, counts, strict=True) if not _is_count_list([*values]))
        raise ValueError(f"must contain counts from 0 to {MAX_COUNT}, but {name} is not such a count")
    return [float(sum(values)) for values in counts] if len(counts) == len(STYLE_FIELDS) else None


def _is_count_list(values: list[Any]) -> bool:
    if not NUMBER_TYPES.issuperset(map(type, values)):
        return False
    return not values or (min(values) >= 0 and max(values) <= MAX_COUNT)


def _parse_conversation(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, list) and all(isinstance(message, dict) for message in value):
        return value
    raise ValueError("must be a list of messages")


def list_assistant_messages(conversation: list[dict[str, Any]]) -> list[str]:
    """Return the text of each of the model's messages. The content of a message is a string, or a list of parts."""
    contents = [message.get("content") for message in conversation if message.get("role") == "assistant"]
    return [content if isinstance(content, str) else _join_text_parts(content) for content in contents]


def _join_text_parts(parts: Any) -> str:
    if not isinstance(parts, list):
        return ""
    text_parts = [part.get("text") for part in parts if isinstance(part, dict)]
    return "\n".join(text for text in text_parts if isinstance(text, str))


def _ignore(_: Any) -> None:
    """Ignore a field that only exports contain. Each arena computes weights with its own filter."""


VOTE_PARSERS: dict[str, Callable[[Any], Any]] = {
    "model_a": _parse_model_name,
    "model_b": _parse_model_name,
    "winner": _parse_winner,
    "tstamp": _parse_time,
    "timestamp": _parse_time,
    **dict.fromkeys((*VOTER_FIELDS, "item", "question"), _parse_name),
    "voter_kind": _build_choice_parser(VOTER_KINDS),
    "language": parse_language,
    "is_code": _parse_boolean,
    "category_tag": parse_category_tags,
    "conv_metadata": _parse_style,
    **dict.fromkeys((*CONVERSATION_FIELDS, *EXTRA_TEXT_FIELDS), _parse_conversation),
    "weight": _build_integer_parser(1, MAX_COUNT),
    "counted": _parse_boolean,
    "reason": _parse_reason,
    "source": _build_choice_parser(VOTE_SOURCES),
    "propensity": _parse_propensity,
    "turns": _build_integer_parser(1, 32_767),
    "categories": parse_categories,
    **dict.fromkeys(("filter_weight", "filter_reason", "filter_version", "draw"), _ignore),
}
COUNT_PARSERS: dict[str, Callable[[Any], Any]] = {
    "model_a": _parse_model_name,
    "model_b": _parse_model_name,
    **dict.fromkeys(WINNERS_BY_COLUMN, _build_integer_parser(0, MAX_COUNT)),
}
