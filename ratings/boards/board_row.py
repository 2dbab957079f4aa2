"""The row of one model on a published board. Snapshots store it as JSON, and the API sends it as stored."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NotRequired, TypedDict


class BoardRow(TypedDict):
    """A model's rating, rank, and record on one board. `ratings.api.serializers.BoardRowSchema` describes each key.

    Ranks, tiers, and errors are None where they are not defined: for unranked models, with Elo, and on reference
    boards. A reference board does not have the outcomes of votes either. Numbers that are not finite are None. The type
    of such values is `int | Any`, because the code that reads them has checked another key, such as `interval`.

    votes_to_rank: not on boards that earlier versions published.
    setting: only on reference boards.
    """

    model: str
    variant_of: str | None
    name: str
    organization: str | None
    license: str | None
    open_weights: bool | None
    rank: int | Any
    rank_low: int | Any
    rank_high: int | Any
    rank_ub: int | Any
    tier: int | Any
    rating: float
    ci_low: float | Any
    ci_high: float | Any
    se: float | Any
    interval: Literal["plain", "clustered", "published"] | Any
    component: int
    unbounded: bool
    provisional: bool
    votes: int
    weight: float | Any
    voters: int | None
    wins: int | Any
    losses: int | Any
    ties: int | Any
    both_bad: int | Any
    win_rate: float | Any
    votes_to_rank: NotRequired[int]
    setting: NotRequired[str]


def select_columns(row: BoardRow, names: Iterable[str]) -> dict[str, Any]:
    """Return some columns of a row."""
    columns: Mapping[str, Any] = row
    return {name: columns[name] for name in names}


def get_model_slug(row: Mapping[str, Any]) -> str:
    """Return the slug of the catalog model whose facts the row's contestant shares."""
    slug: str = row.get("variant_of") or row["model"]
    return slug


def has_rank(row: BoardRow) -> bool:
    """Return whether the model is ranked."""
    return row["rank"] is not None
