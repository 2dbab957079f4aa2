"""The rows of a board, one per model, as the API and the pages show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catalog.models import LanguageModel
from ratings.pipeline.pool_state import CategoryCounts
from ratings.statistics import components
from ratings.statistics.bradley_terry import Fit
from ratings.statistics.constants import (
    MIN_RANKED_MODELS,
    MIN_VOTERS,
    MIN_VOTES_FOR_RANK,
    PROVISIONAL_HALF_WIDTH,
    PROVISIONAL_VOTES,
)
from ratings.statistics.ranks import compute_ranks, has_enough_votes, select_ranked_models
from ratings.statistics.vote_arrays import Floats, Indices

RANKED_ONLY_COLUMNS = ("rank", "rank_ub", "tier")  # 0 for a model that has none
NULL_INTERVAL_COLUMNS = dict.fromkeys(
    ("rank_low", "rank_high", "rank_ub", "tier", "ci_low", "ci_high", "se", "interval")
)

BoardRow = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Contestants:
    """Whose rows these are: M models by key, and how many known voters judged each (M,).

    weight (M,): what the votes of each weigh for a rank, in a pool of our own with no voter for more than 20 of them.
    few_voters: whether a model that fewer than five people judged is provisional, as in a pool of our own.
    """

    board: CategoryCounts
    models: Mapping[int, LanguageModel]
    people: Indices
    weight: Floats
    few_voters: bool


@dataclass(frozen=True, eq=False)
class BoardRows:
    """The rows of a board: of each group of connected models those with a rank, best first, and then the others.

    provisional: fewer than two models of the main group have enough votes for a rank, so that all have one.
    """

    rows: list[BoardRow]
    provisional: bool


def build_fit_rows(judged: Contestants, fit: Fit, anchor: tuple[str, float] | None) -> BoardRows:
    """All rows of a fit. anchor: a model and the rating at which it is shown, its component with it."""
    shift = _compute_anchor_shift(judged.board, fit, anchor)
    enough = has_enough_votes(~fit.unbounded, judged.weight)
    found = compute_ranks(fit, enough)
    columns = {
        **{name: _mask_with_none(getattr(found, name), found.ranked) for name in RANKED_ONLY_COLUMNS},
        "rank_low": found.rank_low,
        "rank_high": found.rank_high,
        "rating": fit.ratings + shift,
        "ci_low": fit.ci_low + shift,
        "ci_high": fit.ci_high + shift,
        **{name: getattr(fit, name) for name in ("se", "interval", "component", "unbounded")},
        **_build_record_columns(judged),
    }
    half_width = (fit.ci_high - fit.ci_low) / 2
    columns["provisional"] = fit.unbounded | ~(half_width <= PROVISIONAL_HALF_WIDTH) | _has_few_votes(judged)
    return BoardRows(_build_rows(judged, columns), _has_few_ranked(enough, fit.component))


def build_elo_rows(judged: Contestants, ratings: Mapping[int, float]) -> BoardRows:
    """All rows of ratings by model key that have no errors; the same models have a rank as on the fitted board."""
    rating = np.array([ratings[key] for key in judged.board.models])
    component, bounded = components.label_components(judged.board.comparisons)
    enough = has_enough_votes(bounded, judged.weight)
    ranked = select_ranked_models(component, enough)
    better = (component[:, None] == component) & (rating > rating[:, None]) & ranked
    columns = {
        "rank": _mask_with_none(1 + better.sum(axis=1), ranked),
        "rating": rating,
        **_build_record_columns(judged),
        "component": component,
        "unbounded": np.zeros(len(rating), bool),
        "provisional": _has_few_votes(judged),
    }
    return BoardRows(
        [row | NULL_INTERVAL_COLUMNS for row in _build_rows(judged, columns)], _has_few_ranked(enough, component)
    )


def _mask_with_none(numbers: Indices, there: NDArray[np.bool_]) -> NDArray[Any]:
    found = numbers.astype(object)
    found[~there] = None
    return found


def _has_few_ranked(enough: NDArray[np.bool_], component: Indices) -> bool:
    return int((enough & (component == 0)).sum()) < MIN_RANKED_MODELS


def _compute_anchor_shift(board: CategoryCounts, fit: Fit, anchor: tuple[str, float] | None) -> Floats:
    """(M,): what is added to the ratings that are shown."""
    labels = board.comparisons.labels
    if anchor is None or anchor[0] not in labels:
        return np.zeros(len(labels))
    place = labels.index(anchor[0])
    return np.where(fit.component == fit.component[place], anchor[1] - fit.ratings[place], 0.0)


def _build_record_columns(judged: Contestants) -> dict[str, Any]:
    board = judged.board
    wins, ties = board.comparisons.wins, board.comparisons.ties
    won, lost, tied = wins.sum(axis=1), wins.sum(axis=0), ties.sum(axis=1)
    counts = {"votes": won + lost + tied, "wins": won, "losses": lost, "ties": tied, "both_bad": board.both_bad}
    record: dict[str, Any] = {name: column.astype(np.int64) for name, column in counts.items()}
    record["voters"] = np.array([number or None for number in judged.people.tolist()], dtype=object)
    record["votes_to_rank"] = np.ceil(np.maximum(MIN_VOTES_FOR_RANK - judged.weight, 0)).astype(np.int64)
    return record | {"win_rate": (won + tied / 2) / counts["votes"]}


def _has_few_votes(judged: Contestants) -> Any:
    few = judged.board.comparisons.votes.sum(axis=1) < PROVISIONAL_VOTES
    return few | (judged.people < MIN_VOTERS) if judged.few_voters else few


def _build_rows(judged: Contestants, columns: Mapping[str, Any]) -> list[BoardRow]:
    plain = zip(*(_to_json_values(column) for column in columns.values()), strict=True)
    found = [
        build_model_facts(judged.models[key]) | dict(zip(columns, values, strict=True))
        for key, values in zip(judged.board.models, plain, strict=True)
    ]
    return sorted(found, key=_get_sort_key)


def _get_sort_key(row: BoardRow) -> tuple[Any, ...]:
    rank = row["rank"]
    return row["component"], rank is None, -row["rating"] if rank is None else rank, row["model"]


def _to_json_values(column: Any) -> Sequence[Any]:
    """Numbers as JSON has them: null for an open end."""
    if column.dtype.kind == "f":
        column = np.where(np.isfinite(column), column, None)
    plain: Sequence[Any] = column.tolist()
    return plain


def build_model_facts(model: LanguageModel) -> BoardRow:
    """What a row tells of its model as it is known now."""
    return {
        "model": model.slug,
        "name": model.name,
        "organization": model.organization and model.organization.name,
        "license": model.license and model.license.name,
        "open_weights": model.open_weights,
    }
