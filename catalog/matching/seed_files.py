"""Readers of the files under `catalog/data/`, in which each fact, price and score has a source."""

import csv
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

DATA_DIR = Path(__file__).parents[1] / "data"


def read_rows(name: str) -> list[dict[str, str]]:
    """The rows of a CSV file, without lines that begin with #, which are comments."""
    lines = (DATA_DIR / name).read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def read_tables(name: str, key: str) -> list[dict[str, Any]]:
    """The entries `[[key]]` of a TOML file."""
    document: dict[str, list[dict[str, Any]]] = tomllib.loads((DATA_DIR / name).read_text(encoding="utf-8"))
    return document[key]


@cache
def read_aliases() -> dict[str, str]:
    """Lower-case other name of a model → its slug."""
    return {row["alias"].lower(): row["model"] for row in read_rows("aliases.csv")}
