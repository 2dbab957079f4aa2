"""Ratings that somebody else has published, by category: the file of them, and rows of boards made of it. Pure."""

import csv
import lzma
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog.matching.aliases import rolling
from ratings.statistics.constants import FEW_VOTES, RANKED_VOTES, WIDE

DATED = re.compile(r"\d{8}|\d{4}-\d\d-\d\d|\d\d-\d{4}|\d\d-\d\d|\d{3,4}|[a-z]+ \d{4}")
SETTINGS = re.compile(r"\(([^()]*)\)$")
WITH_DASHES = ("anthropic",)  # who write versions in the ids of their models so: claude-opus-4-6
NOT_TOLD = dict.fromkeys(
    ("rank_low", "rank_high", "tier", "se", "voters", "wins", "losses", "ties", "both_bad", "win_rate")
)


@dataclass(frozen=True)
class Rated:
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
        name = name.replace(".", "-") if maker in WITH_DASHES else name
        date = _date(self.name)
        return f"{name}-{date}" if date and not name.endswith(date) else name

    @property
    def moved(self) -> bool:
        """Whether its maker moves that name from model to model, so that nobody knows which one was meant."""
        return rolling(self.model)


def _date(name: str) -> str:
    """`Claude 3.5 Sonnet (20241022)` → `20241022`; empty where the name has none."""
    settings = SETTINGS.search(name)
    for part in settings[1].lower().split(", ") if settings else ():
        if DATED.fullmatch(part):
            return part.replace(" ", "-")
    bare = SETTINGS.sub("", name).rstrip()
    return bare[-8:] if re.search(r"-\d{8}$", bare) else ""


def read(path: Path) -> list[Rated]:
    """All lines, in their order; categories are spelled as ours are. Raises KeyError or ValueError for another file."""
    with lzma.open(path, "rt", encoding="utf-8", newline="") as file:
        return [_rated(line) for line in csv.DictReader(file)]


def _rated(line: Mapping[str, str]) -> Rated:
    return Rated(
        category=line["category"].replace("_", "-"),
        key=line["model_key"],
        name=line["arena_name"],
        rating=float(line["rating"]),
        low=float(line["low"]),
        high=float(line["high"]),
        votes=int(line["votes"]),
    )


def rows(found: Sequence[tuple[Rated, Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Those of one board, the best first, each with what is known of its model; the names are the publisher's.

    Rating, interval and votes of the model are as published. Ranks are counted among these rows, `rank` by ratings and
    `rank_ub` by intervals; what takes more than that is None.
    """
    ratings, lows = (sorted(getattr(each, name) for each, _ in found) for name in ("rating", "low"))
    made = [
        {**facts, "name": each.name, **_figures(each), **NOT_TOLD}
        | {"rank": _above(ratings, each.rating), "rank_ub": _above(lows, each.high)}
        for each, facts in found
    ]
    return sorted(made, key=lambda row: (row["rank"], row["model"]))


def _figures(each: Rated) -> dict[str, Any]:
    return {
        "rating": each.rating,
        "ci_low": each.low,
        "ci_high": each.high,
        "interval": "published",
        "component": 0,
        "unbounded": False,
        "votes": each.votes,
        "votes_to_rank": max(0, RANKED_VOTES - each.votes),
        "provisional": each.votes < FEW_VOTES or (each.high - each.low) / 2 > WIDE,
    }


def _above(rising: Sequence[float], figure: float) -> int:
    """One more than how many of these are higher."""
    return 1 + len(rising) - bisect_right(rising, figure)
