"""Readers for the files in `catalog/data/`. All facts, prices, and scores in these files have a source."""

import csv
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

DATA_DIR = Path(__file__).parents[1] / "data"


def read_seed_rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file in `catalog/data/`."""
    return read_csv_rows(DATA_DIR / name)


def read_csv_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file. Lines that begin with # are comments."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


def read_tables(name: str, key: str) -> list[dict[str, Any]]:
    """Return the `[[key]]` entries of a TOML file."""
    document: dict[str, list[dict[str, Any]]] = tomllib.loads((DATA_DIR / name).read_text(encoding="utf-8"))
    return document[key]


@cache
def read_display_names() -> dict[str, str]:
    """Map slugs to the names that pages display for the models."""
    return {row["model"]: row["name"] for row in read_seed_rows("names.csv")}


@cache
def read_aliases() -> dict[str, str]:
    """Map alternative model names, in lowercase, to slugs."""
    return {row["alias"].lower(): row["model"] for row in read_seed_rows("aliases.csv")}
