"""Checks whether PostgreSQL can store text and JSON."""

import json
from typing import Any

MAX_JSON_DEPTH = 100  # Python's parser is recursive: nested calls and nested JSON share a limit of 1,000 levels


def is_storable_text(text: str) -> bool:
    """Return True if the text contains no NUL characters or lone surrogates, which PostgreSQL cannot store."""
    try:
        return b"\x00" not in text.encode()
    except UnicodeEncodeError:
        return False


def is_storable_json(value: Any) -> bool:
    """Return True if PostgreSQL can store the value as JSON, even inside a larger value.

    PostgreSQL rejects times, NaN, and NUL, which TOML allows, and lone surrogates, which JSON allows.
    """
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
        return b"\\u0000" not in text and _measure_depth(value) <= MAX_JSON_DEPTH
    except (TypeError, ValueError, RecursionError):
        return False


def _measure_depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_measure_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_measure_depth, value), default=0)
    return 0
