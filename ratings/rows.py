"""The rows of a board, one per model, as the API and the pages show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from catalog.models import LanguageModel
from ratings import components
from ratings.bradley_terry import Fit
from ratings.kept import Counts
from ratings.provisional import FEW_VOTES, MIN_VOTERS, WIDE
from ratings.ranks import ranks
from ratings.vote_arrays import Floats, Indices

RANKS = ("rank", "rank_low", "rank_high", "rank_ub", "tier")
NO_INTERVAL = dict.fromkeys(("rank_low", "rank_high", "rank_ub", "tier", "ci_low", "ci_high", "se", "interval"))

Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Judged:
    """Whose rows these are: M models by key, and how many known voters judged each (M,).

    few_voters: whether a model that fewer than five people judged is provisional, as in a pool of our own.
    """

    board: Counts
    models: Mapping[int, LanguageModel]
    people: Indices
    few_voters: bool


def fitted(judged: Judged, fit: Fit, anchor: tuple[str, float] | None) -> list[Row]:
    """All rows of a fit, best first. anchor: a model and the rating at which it is shown, its component with it."""
    shift = _shift(judged.board, fit, anchor)
    columns = {
        **{name: getattr(ranks(fit), name) for name in RANKS},
        "rating": fit.ratings + shift,
        "ci_low": fit.ci_low + shift,
        "ci_high": fit.ci_high + shift,
        **{name: getattr(fit, name) for name in ("se", "interval", "component", "unbounded")},
        **_records(judged),
    }
    half_width = (fit.ci_high - fit.ci_low) / 2
    columns["provisional"] = fit.unbounded | ~(half_width <= WIDE) | _barely_judged(judged)
    return _rows(judged, columns)


def ordered(judged: Judged, ratings: Mapping[int, float]) -> list[Row]:
    """All rows of ratings by model key that have no errors, best first; ranked where chains of votes connect them."""
    rating = np.array([ratings[key] for key in judged.board.models])
    component = components.numbers(judged.board.comparisons)
    together = component[:, None] == component
    columns = {
        "rank": 1 + (together & (rating > rating[:, None])).sum(axis=1),
        "rating": rating,
        **_records(judged),
        "component": component,
        "unbounded": np.zeros(len(rating), bool),
        "provisional": _barely_judged(judged),
    }
    return [row | NO_INTERVAL for row in _rows(judged, columns)]


def _shift(board: Counts, fit: Fit, anchor: tuple[str, float] | None) -> Floats:
    """(M,): what is added to the ratings that are shown."""
    labels = board.comparisons.labels
    if anchor is None or anchor[0] not in labels:
        return np.zeros(len(labels))
    place = labels.index(anchor[0])
    return np.where(fit.component == fit.component[place], anchor[1] - fit.ratings[place], 0.0)


def _records(judged: Judged) -> dict[str, Any]:
    board = judged.board
    wins, ties = board.comparisons.wins, board.comparisons.ties
    won, lost, tied = wins.sum(axis=1), wins.sum(axis=0), ties.sum(axis=1)
    counts = {"votes": won + lost + tied, "wins": won, "losses": lost, "ties": tied, "both_bad": board.both_bad}
    record: dict[str, Any] = {name: column.astype(np.int64) for name, column in counts.items()}
    record["voters"] = np.array([number or None for number in judged.people.tolist()], dtype=object)
    return record | {"win_rate": (won + tied / 2) / counts["votes"]}


def _barely_judged(judged: Judged) -> Any:
    few = judged.board.comparisons.votes.sum(axis=1) < FEW_VOTES
    return few | (judged.people < MIN_VOTERS) if judged.few_voters else few


def _rows(judged: Judged, columns: Mapping[str, Any]) -> list[Row]:
    plain = zip(*(_plain(column) for column in columns.values()), strict=True)
    found = [
        facts(judged.models[key]) | dict(zip(columns, values, strict=True))
        for key, values in zip(judged.board.models, plain, strict=True)
    ]
    return sorted(found, key=lambda row: (row["component"], row["rank"], row["model"]))


def _plain(column: Any) -> Sequence[Any]:
    """Numbers as JSON has them: null for an open end."""
    if column.dtype.kind == "f":
        column = np.where(np.isfinite(column), column, None)
    plain: Sequence[Any] = column.tolist()
    return plain


def facts(model: LanguageModel) -> Row:
    """What a row tells of its model as it is known now."""
    return {
        "model": model.slug,
        "name": model.name,
        "organization": model.organization and model.organization.name,
        "license": model.license and model.license.name,
        "open_weights": model.open_weights,
    }
