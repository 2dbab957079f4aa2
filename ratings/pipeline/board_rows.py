"""The rows of a board, one per model, as the API and the pages show them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catalog.models import LanguageModel
from ratings.pipeline.pool_state import Counts
from ratings.statistics import components
from ratings.statistics.bradley_terry import Fit
from ratings.statistics.constants import FEW_VOTES, LEAST_RANKED, MIN_VOTERS, RANKED_VOTES, WIDE
from ratings.statistics.ranks import has_enough_votes, ranked_models, ranks
from ratings.statistics.vote_arrays import Floats, Indices

OF_RANKED = ("rank", "rank_ub", "tier")  # 0 for a model that has none
NO_INTERVAL = dict.fromkeys(("rank_low", "rank_high", "rank_ub", "tier", "ci_low", "ci_high", "se", "interval"))

Row = dict[str, Any]


@dataclass(frozen=True, eq=False)
class Judged:
    """Whose rows these are: M models by key, and how many known voters judged each (M,).

    weight (M,): what the votes of each weigh for a rank, in a pool of our own with no voter for more than 20 of them.
    few_voters: whether a model that fewer than five people judged is provisional, as in a pool of our own.
    """

    board: Counts
    models: Mapping[int, LanguageModel]
    people: Indices
    weight: Floats
    few_voters: bool


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of a board: of each group of connected models those with a rank, best first, and then the others.

    provisional: fewer than two models of the main group have enough votes for a rank, so that all have one.
    """

    rows: list[Row]
    provisional: bool


def fitted(judged: Judged, fit: Fit, anchor: tuple[str, float] | None) -> Rows:
    """All rows of a fit. anchor: a model and the rating at which it is shown, its component with it."""
    shift = _shift(judged.board, fit, anchor)
    enough = has_enough_votes(~fit.unbounded, judged.weight)
    found = ranks(fit, enough)
    columns = {
        **{name: _or_none(getattr(found, name), found.ranked) for name in OF_RANKED},
        "rank_low": found.rank_low,
        "rank_high": found.rank_high,
        "rating": fit.ratings + shift,
        "ci_low": fit.ci_low + shift,
        "ci_high": fit.ci_high + shift,
        **{name: getattr(fit, name) for name in ("se", "interval", "component", "unbounded")},
        **_records(judged),
    }
    half_width = (fit.ci_high - fit.ci_low) / 2
    columns["provisional"] = fit.unbounded | ~(half_width <= WIDE) | _barely_judged(judged)
    return Rows(_rows(judged, columns), _few(enough, fit.component))


def ordered(judged: Judged, ratings: Mapping[int, float]) -> Rows:
    """All rows of ratings by model key that have no errors; the same models have a rank as on the fitted board."""
    rating = np.array([ratings[key] for key in judged.board.models])
    component, bounded = components.members(judged.board.comparisons)
    enough = has_enough_votes(bounded, judged.weight)
    ranked = ranked_models(component, enough)
    better = (component[:, None] == component) & (rating > rating[:, None]) & ranked
    columns = {
        "rank": _or_none(1 + better.sum(axis=1), ranked),
        "rating": rating,
        **_records(judged),
        "component": component,
        "unbounded": np.zeros(len(rating), bool),
        "provisional": _barely_judged(judged),
    }
    return Rows([row | NO_INTERVAL for row in _rows(judged, columns)], _few(enough, component))


def _or_none(numbers: Indices, there: NDArray[np.bool_]) -> NDArray[Any]:
    found = numbers.astype(object)
    found[~there] = None
    return found


def _few(enough: NDArray[np.bool_], component: Indices) -> bool:
    return int((enough & (component == 0)).sum()) < LEAST_RANKED


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
    record["votes_to_rank"] = np.ceil(np.maximum(RANKED_VOTES - judged.weight, 0)).astype(np.int64)
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
    return sorted(found, key=_place)


def _place(row: Row) -> tuple[Any, ...]:
    rank = row["rank"]
    return row["component"], rank is None, -row["rating"] if rank is None else rank, row["model"]


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
