"""Parses another publisher's file of ratings by category, and builds board rows from it."""

import csv
import lzma
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from catalog.matching.aliases import is_rolling
from catalog.matching.names import parse_model_name, split_setting
from ratings.boards.board_row import BoardRow
from ratings.statistics.constants import MIN_VOTES_FOR_RANK, PROVISIONAL_HALF_WIDTH, PROVISIONAL_VOTES

RATINGS_PATH = Path(__file__).parents[1] / "data" / "lmarena_ratings_20261020.csv.xz"
DATE_PATTERN = re.compile(r"\d{8}|\d{4}-\d\d-\d\d|\d\d-\d{4}|\d\d-\d\d|\d{3,4}|[a-z]+ \d{4}")
SETTINGS_PATTERN = re.compile(r"\(([^()]*)\)$")
DASHED_VERSION_MAKERS = ("anthropic",)  # makers whose model ids have dashes in versions, such as claude-opus-4-6
THINKING_MODEL_MAKERS = ("alibaba",)  # makers whose thinking models have separate weights
# Publisher's name for a model → model id, for names that the maker has since reused for a newer model. The publisher's
# votes from 2024 also use these ids.
FIRST_MODELS = {
    "Gemini Pro": "gemini-pro",
    "Gemini Pro (Dev API)": "gemini-pro-dev-api",
    "Mistral Medium": "mistral-medium",
}
UNPUBLISHED_COLUMNS = dict.fromkeys(
    ("rank_low", "rank_high", "tier", "se", "weight", "voters", "wins", "losses", "ties", "both_bad", "win_rate")
)


@dataclass(frozen=True)
class ReferenceRating:
    """One line in the file.

    key: the provider and the model, separated by " / ". The publisher uses one key for all versions of a model.
    name: the publisher's name for the model, including the setting at which it was rated.
    """

    category: str
    key: str
    name: str
    rating: float
    low: float
    high: float
    votes: int

    @cached_property
    def model(self) -> str:
        """The model id as the maker writes it."""
        return FIRST_MODELS.get(self.name) or _build_model_id(self.provider, self.key.partition(" / ")[2], self.name)

    @property
    def provider(self) -> str:
        return self.key.partition(" / ")[0]

    @property
    def model_name(self) -> str:
        """The publisher's name for the model, without the setting: `GPT-5 (High)` is a rating of `GPT-5`."""
        return split_setting(self.name)[0]

    @property
    def setting(self) -> str:
        """The setting at which the model was rated, such as `High`, or "" for the default."""
        return split_setting(self.name)[1] or parse_model_name(self.name, self.provider).setting

    @property
    def is_rolling(self) -> bool:
        """True if the maker reuses the name for new models, so it is unknown which model was rated."""
        return self.name not in FIRST_MODELS and is_rolling(self.model)


def list_makers(path: Path) -> dict[str, str]:
    """Map each model that is not a rolling alias to its maker, in the publisher's spelling."""
    return {rating.model: rating.provider for rating in read_ratings(path) if not rating.is_rolling}


def _build_model_id(provider: str, model: str, name: str) -> str:
    """Return the model in the key, plus the date, or else `preview`, that only the publisher's name contains.

    Before these comes `thinking` if such models of the maker have separate weights.
    """
    if provider in DASHED_VERSION_MAKERS:
        model = model.replace(".", "-")
    lowercase_name = split_setting(name)[0].lower()
    if provider in THINKING_MODEL_MAKERS and "-thinking" in lowercase_name and "thinking" not in model:
        model = f"{model}-thinking"
    date = _parse_date(name)
    if date:
        return model if model.endswith(date) else f"{model}-{date}"
    return f"{model}-preview" if "preview" in lowercase_name and "preview" not in model else model


def _parse_date(name: str) -> str:
    """Return the date in a name, or "" if it has none. Example: `Claude 3.5 Sonnet (20241022)` → `20241022`."""
    settings = SETTINGS_PATTERN.search(name)
    for part in settings[1].lower().split(", ") if settings else ():
        if DATE_PATTERN.fullmatch(part):
            return part.replace(" ", "-")
    model_name = SETTINGS_PATTERN.sub("", name).rstrip()
    return model_name[-8:] if re.search(r"-\d{8}$", model_name) else ""


def read_ratings(path: Path) -> list[ReferenceRating]:
    """Return the ratings in file order.

    Raises KeyError or ValueError if the file is in a different format.
    """
    with lzma.open(path, "rt", encoding="utf-8", newline="") as file:
        return [_parse_rating(line) for line in csv.DictReader(file)]


def _parse_rating(line: Mapping[str, str]) -> ReferenceRating:
    if " / " not in line["model_key"]:
        raise ValueError(f"{line['model_key']} is not a provider and a model, separated by “ / ”")
    return ReferenceRating(
        category=line["category"].replace("_", "-"),
        key=line["model_key"],
        name=line["arena_name"],
        rating=float(line["rating"]),
        low=float(line["low"]),
        high=float(line["high"]),
        votes=int(line["votes"]),
    )


def build_reference_rows(ratings: Sequence[tuple[ReferenceRating, Mapping[str, Any]]]) -> list[BoardRow]:
    """Return the rows of one board, best first, from ratings and facts about their models.

    Settings, ratings, intervals, and votes are the publisher's. Ranks are computed among these rows: `rank` from the
    ratings, and `rank_ub` from the intervals. Columns that need more data are None.
    """
    sorted_ratings = sorted(published.rating for published, _ in ratings)
    sorted_lows = sorted(published.low for published, _ in ratings)
    rows = []
    for published, facts in ratings:
        ranks = {
            "rank": _compute_rank(sorted_ratings, published.rating),
            "rank_ub": _compute_rank(sorted_lows, published.high),
        }
        rows.append(cast("BoardRow", {**facts, **_build_columns(published), **UNPUBLISHED_COLUMNS, **ranks}))
    return sorted(rows, key=lambda row: (row["rank"], row["model"]))


def _build_columns(rating: ReferenceRating) -> dict[str, Any]:
    return {
        "setting": rating.setting,
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
    """Return 1 plus the number of higher values in a sorted list."""
    return 1 + len(sorted_values) - bisect_right(sorted_values, value)
