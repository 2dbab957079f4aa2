"""Reads the word lists and patterns in `arena/data`, which the modules of this package recognize in texts."""

import tomllib
from pathlib import Path
from typing import Any

DATA_FOLDER = Path(__file__).parents[1] / "data"


def load_lists(name: str) -> dict[str, Any]:
    """Return the word lists in `arena/data/<name>.toml`, keyed by name."""
    return tomllib.loads((DATA_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
