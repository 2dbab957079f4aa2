"""Whether a value can be stored as JSON. Pure."""

import json
from typing import Any

MAX_JSON_DEPTH = 100  # of JSON: what is deeper than the stack of Python could be read nowhere


def is_storable_json(value: Any) -> bool:
    """Whether PostgreSQL will take it as JSON: TOML also has times and numbers that are none, and texts with NUL; JSON
    has halves of letters. And whether it can still be written where it lies in something else."""
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
        return b"\\u0000" not in text and _measure_depth(value) <= MAX_JSON_DEPTH
    except (TypeError, ValueError, RecursionError):
        return False


def _measure_depth(value: Any) -> int:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if parts is None else 1 + max(map(_measure_depth, parts), default=0)
