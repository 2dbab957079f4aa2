"""Ratings that somebody else has published, by category: the file of them, and rows of boards made of it. Pure."""

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
DASHED_VERSION_MAKERS = ("anthropic",)  # who write versions in the ids of their models so: claude-opus-4-6
UNPUBLISHED_COLUMNS = dict.fromkeys(
    ("rank_low", "rank_high", "tier", "se", "voters", "wins", "losses", "ties", "both_bad", "win_rate")
)


@dataclass(frozen=True)
class ReferenceRating:
    """A line of the file: `name` is the publisher's, with the settings under which the model answered."""

    category: str
    key: str
    name: str
    rating: float
    low: float
    high: float
    votes: int

    @property
    def model(self) -> str:
        """Which model it is, as makers spell it: what the key says, and the date or version that the name adds."""
        maker, _, name = self.key.partition(" / ")
        name = name.replace(".", "-") if maker in DASHED_VERSION_MAKERS else name
        date = _parse_date(self.name)
        return f"{name}-{date}" if date and not name.endswith(date) else name

    @property
    def moved(self) -> bool:
        """Whether its maker moves that name from model to model, so that nobody knows which one was meant."""
        return is_rolling(self.model)


def _parse_date(name: str) -> str:
    """`Claude 3.5 Sonnet (20241022)` → `20241022`; empty where the name has none."""
    settings = SETTINGS_PATTERN.search(name)
    for part in settings[1].lower().split(", ") if settings else ():
        if DATE_PATTERN.fullmatch(part):
            return part.replace(" ", "-")
    bare = SETTINGS_PATTERN.sub("", name).rstrip()
    return bare[-8:] if re.search(r"-\d{8}$", bare) else ""


def read_ratings(path: Path) -> list[ReferenceRating]:
    """All lines, in their order; categories are spelled as ours are. Raises KeyError or ValueError for another file."""
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


def build_reference_rows(found: Sequence[tuple[ReferenceRating, Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Those of one board, the best first, each with what is known of its model; the names are the publisher's.

    Rating, interval and votes of the model are as published. Ranks are counted among these rows, `rank` by ratings and
    `rank_ub` by intervals; what takes more than that is None.
    """
    ratings, lows = (sorted(getattr(each, name) for each, _ in found) for name in ("rating", "low"))
    made = [
        {**facts, "name": each.name, **_build_columns(each), **UNPUBLISHED_COLUMNS}
        | {"rank": _compute_rank(ratings, each.rating), "rank_ub": _compute_rank(lows, each.high)}
        for each, facts in found
    ]
    return sorted(made, key=lambda row: (row["rank"], row["model"]))


def _build_columns(each: ReferenceRating) -> dict[str, Any]:
    return {
        "rating": each.rating,
        "ci_low": each.low,
        "ci_high": each.high,
        "interval": "published",
        "component": 0,
        "unbounded": False,
        "votes": each.votes,
        "votes_to_rank": max(0, MIN_VOTES_FOR_RANK - each.votes),
        "provisional": each.votes < PROVISIONAL_VOTES or (each.high - each.low) / 2 > PROVISIONAL_HALF_WIDTH,
    }


def _compute_rank(rising: Sequence[float], figure: float) -> int:
    """One more than how many of these are higher."""
    return 1 + len(rising) - bisect_right(rising, figure)
