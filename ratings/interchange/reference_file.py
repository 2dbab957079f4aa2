"""Ratings by category from another publisher: the parser of their file, and the rows of boards. Pure."""

import csv
import lzma
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog.matching.aliases import is_rolling
from ratings.statistics.constants import MIN_VOTES_FOR_RANK, PROVISIONAL_HALF_WIDTH, PROVISIONAL_VOTES

DATE_PATTERN = re.compile(r"\d{8}|\d{4}-\d\d-\d\d|\d\d-\d{4}|\d\d-\d\d|\d{3,4}|[a-z]+ \d{4}")
SETTINGS_PATTERN = re.compile(r"\(([^()]*)\)$")
DASHED_VERSION_MAKERS = ("anthropic",)  # makers that write versions with dashes in model ids: claude-opus-4-6
UNPUBLISHED_COLUMNS = dict.fromkeys(
    ("rank_low", "rank_high", "tier", "se", "voters", "wins", "losses", "ties", "both_bad", "win_rate")
)


@dataclass(frozen=True)
class ReferenceRating:
    """A line of the file. name: as the publisher writes it, including the settings of the model."""

    category: str
    key: str
    name: str
    rating: float
    low: float
    high: float
    votes: int

    @property
    def model(self) -> str:
        """The model id as its maker spells it: from the key, with the date or version that only the name has."""
        maker, _, name = self.key.partition(" / ")
        if maker in DASHED_VERSION_MAKERS:
            name = name.replace(".", "-")
        date = _parse_date(self.name)
        return f"{name}-{date}" if date and not name.endswith(date) else name

    @property
    def is_rolling(self) -> bool:
        """True if the maker moves the name from model to model, so that it is unknown which model was rated."""
        return is_rolling(self.model)


def _parse_date(name: str) -> str:
    """Return the date in a name: `Claude 3.5 Sonnet (20241022)` → `20241022`; empty if the name has none."""
    settings = SETTINGS_PATTERN.search(name)
    for part in settings[1].lower().split(", ") if settings else ():
        if DATE_PATTERN.fullmatch(part):
            return part.replace(" ", "-")
    bare = SETTINGS_PATTERN.sub("", name).rstrip()
    return bare[-8:] if re.search(r"-\d{8}$", bare) else ""


def read_ratings(path: Path) -> list[ReferenceRating]:
    """Return the ratings in the order of the file, with slugs of categories.

    Raises KeyError or ValueError if the file has another format.
    """
    with lzma.open(path, "rt", encoding="utf-8", newline="") as file:
        return [_parse_rating(line) for line in csv.DictReader(file)]


def _parse_rating(line: Mapping[str, str]) -> ReferenceRating:
    return ReferenceRating(
        category=line["category"].replace("_", "-"),
        key=line["model_key"],
        name=line["arena_name"],
        rating=float(line["rating"]),
        low=float(line["low"]),
        high=float(line["high"]),
        votes=int(line["votes"]),
    )


def build_reference_rows(ratings: Sequence[tuple[ReferenceRating, Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Return the rows of one board, the best first, from ratings and facts of their models; names are the publisher's.

    Rating, interval and votes are as published. Ranks are counted among these rows, `rank` by ratings and `rank_ub` by
    intervals. Columns that need more data are None.
    """
    sorted_ratings = sorted(published.rating for published, _ in ratings)
    sorted_lows = sorted(published.low for published, _ in ratings)
    rows = []
    for published, facts in ratings:
        ranks = {
            "rank": _compute_rank(sorted_ratings, published.rating),
            "rank_ub": _compute_rank(sorted_lows, published.high),
        }
        rows.append({**facts, "name": published.name, **_build_columns(published), **UNPUBLISHED_COLUMNS, **ranks})
    return sorted(rows, key=lambda row: (row["rank"], row["model"]))


def _build_columns(rating: ReferenceRating) -> dict[str, Any]:
    return {
        "rating": rating.rating,
        "ci_low": rating.low,
        "ci_high": rating.high,
        "interval": "published",
        "component": 0,
        "unbounded": False,
        "votes": rating.votes,
        "votes_to_rank": max(0, MIN_VOTES_FOR_RANK - rating.votes),
        "provisional": rating.votes < PROVISIONAL_VOTES or (rating.high - rating.low) / 2 > PROVISIONAL_HALF_WIDTH,
    }


def _compute_rank(sorted_values: Sequence[float], value: float) -> int:
    """Return one plus the number of higher values in a sorted list."""
    return 1 + len(sorted_values) - bisect_right(sorted_values, value)
