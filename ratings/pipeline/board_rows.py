"""The rows of a board, one per contestant, in the API's format."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from arena.models import Contestant
from ratings.boards.board_row import BoardRow
from ratings.pipeline.pool_state import CategoryCounts
from ratings.statistics import components
from ratings.statistics.bradley_terry import Fit
from ratings.statistics.comparisons import Comparisons
from ratings.statistics.constants import (
    MAIN_COMPONENT,
    MIN_RANKED_MODELS,
    MIN_VOTERS,
    MIN_VOTES_FOR_RANK,
    PROVISIONAL_HALF_WIDTH,
    PROVISIONAL_VOTES,
)
from ratings.statistics.ranks import compute_ranks, has_enough_votes, select_ranked_models
from ratings.statistics.vote_arrays import Flags, Floats, Indices

RANKED_ONLY_COLUMNS = ("rank", "rank_ub", "tier")  # null for unranked models
NULL_INTERVAL_COLUMNS: dict[str, Any] = dict.fromkeys(
    ("rank_low", "rank_high", "rank_ub", "tier", "ci_low", "ci_high", "se", "interval")
)  # with Elo


@dataclass(frozen=True, eq=False)
class Contestants:
    """The M contestants on a board, with their votes and voters.

    counts: the board's tallies. `counts.keys` has the M keys, in the order of all arrays.
    by_key: the contestants by key.
    voters (M,): the number of known voters who judged each contestant.
    weight (M,): how many of each model's votes count toward a rank. In this arena's own pools, at most
        `MAX_VOTES_PER_VOTER` votes per voter count.
    lost_weight (M,): the weight that the filter or an operator took from each model's votes. Only votes older than a
        day are included, because the weights of newer votes must not be public.
    is_own_pool: whether the votes were cast in this arena. If so, a model with fewer than `MIN_VOTERS` voters is
        provisional.
    """

    counts: CategoryCounts
    by_key: Mapping[int, Contestant]
    voters: Indices
    weight: Floats
    lost_weight: Floats
    is_own_pool: bool


@dataclass(frozen=True, eq=False)
class BoardRows:
    """The rows of a board, sorted by component. Within a component, ranked models come first, best first.

    has_provisional_ranks: True if all models in the main component have a rank because fewer than `MIN_RANKED_MODELS`
        have enough votes for one.
    """

    rows: list[BoardRow]
    has_provisional_ranks: bool


def build_fit_rows(contestants: Contestants, fit: Fit, anchor: tuple[str, float] | None) -> BoardRows:
    """Return the rows for all models in a fit.

    anchor: a slug and a rating. All ratings in the component of this model are shifted so that it has this rating.
    """
    shift = _compute_anchor_shift(contestants.counts, fit, anchor)
    has_enough = has_enough_votes(~fit.unbounded, contestants.weight)
    ranks = compute_ranks(fit, has_enough)
    columns = {
        **{name: _mask_with_none(getattr(ranks, name), ranks.ranked) for name in RANKED_ONLY_COLUMNS},
        "rank_low": ranks.rank_low,
        "rank_high": ranks.rank_high,
        "rating": fit.ratings + shift,
        "ci_low": fit.ci_low + shift,
        "ci_high": fit.ci_high + shift,
        "interval": fit.interval_kind,
        **{name: getattr(fit, name) for name in ("se", "component", "unbounded")},
        **_build_record_columns(contestants),
    }
    half_width = (fit.ci_high - fit.ci_low) / 2
    is_wide = ~(half_width <= PROVISIONAL_HALF_WIDTH)  # also true if the half-width is infinite or NaN
    columns["provisional"] = fit.unbounded | is_wide | _has_few_votes(contestants)
    return BoardRows(_build_rows(contestants, columns), _has_few_ranked(has_enough, fit.component))


def build_elo_rows(contestants: Contestants, ratings: Mapping[int, float]) -> BoardRows:
    """Return the rows for all models, without standard errors, intervals, or tiers, which Elo does not have.

    ratings: contestant key → Elo rating.

    The same models are ranked as on the Bradley-Terry board.
    """
    rating = np.array([ratings[key] for key in contestants.counts.keys])
    parts = components.list_components(contestants.counts.comparisons)
    component, bounded = components.label_components(parts, len(rating))
    has_enough = has_enough_votes(bounded, contestants.weight)
    ranked = select_ranked_models(component, has_enough)
    better = (component[:, None] == component) & (rating > rating[:, None]) & ranked
    columns = {
        "rank": _mask_with_none(1 + better.sum(axis=1), ranked),
        "rating": rating,
        **_build_record_columns(contestants),
        "component": component,
        "unbounded": np.zeros(len(rating), bool),
        "provisional": _has_few_votes(contestants),
    }
    return BoardRows(_build_rows(contestants, columns), _has_few_ranked(has_enough, component))


def _mask_with_none(numbers: Indices, is_present: Flags) -> NDArray[Any]:
    column = numbers.astype(object)
    column[~is_present] = None
    return column


def _has_few_ranked(has_enough: Flags, component: Indices) -> bool:
    return int((has_enough & (component == MAIN_COMPONENT)).sum()) < MIN_RANKED_MODELS


def _compute_anchor_shift(counts: CategoryCounts, fit: Fit, anchor: tuple[str, float] | None) -> Floats:
    """Return the points to add to each rating before it is published (M,)."""
    labels = counts.comparisons.labels
    if anchor is None or anchor[0] not in labels:
        return np.zeros(len(labels))
    position = labels.index(anchor[0])
    return np.where(fit.component == fit.component[position], anchor[1] - fit.ratings[position], 0.0)


def _build_record_columns(contestants: Contestants) -> dict[str, Any]:
    tallies = contestants.counts
    won, lost, tied = _sum_outcomes(tallies.counted)
    counts = {"votes": won + lost + tied, "wins": won, "losses": lost, "ties": tied, "both_bad": tallies.both_bad}
    record: dict[str, Any] = {name: column.astype(np.int64) for name, column in counts.items()}
    record["voters"] = np.array([number or None for number in contestants.voters.tolist()], dtype=object)
    record["votes_to_rank"] = np.ceil(np.maximum(MIN_VOTES_FOR_RANK - contestants.weight, 0)).astype(np.int64)
    won, lost, tied = _sum_outcomes(tallies.comparisons)
    weights = counts["votes"] - contestants.lost_weight
    return record | {"weight": weights, "win_rate": (won + tied / 2) / (won + lost + tied)}


def _sum_outcomes(board: Comparisons) -> tuple[Floats, Floats, Floats]:
    """Return the wins, losses, and ties of each model (M,)."""
    return board.wins.sum(axis=1), board.wins.sum(axis=0), board.ties.sum(axis=1)


def _has_few_votes(contestants: Contestants) -> Flags:
    has_few_votes: Flags = contestants.counts.counted.votes.sum(axis=1) < PROVISIONAL_VOTES
    if not contestants.is_own_pool:
        return has_few_votes
    return has_few_votes | (contestants.voters < MIN_VOTERS)


def _build_rows(contestants: Contestants, columns: Mapping[str, Any]) -> list[BoardRow]:
    value_rows = zip(*(_to_json_values(column) for column in columns.values()), strict=True)
    rows = [
        cast(
            "BoardRow",
            build_contestant_facts(contestants.by_key[key])
            | NULL_INTERVAL_COLUMNS
            | dict(zip(columns, values, strict=True)),
        )
        for key, values in zip(contestants.counts.keys, value_rows, strict=True)
    ]
    return sorted(rows, key=_get_sort_key)


def _get_sort_key(row: BoardRow) -> tuple[Any, ...]:
    rank = row["rank"]
    order = -row["rating"] if rank is None else rank
    return row["component"], rank is None, order, row["model"]


def _to_json_values(column: Any) -> Sequence[Any]:
    """Return a column's values for JSON. Infinite and missing values become None."""
    if column.dtype.kind == "f":
        column = np.where(np.isfinite(column), column, None)
    values: Sequence[Any] = column.tolist()
    return values


def build_contestant_facts(contestant: Contestant) -> dict[str, Any]:
    """Return a contestant's current facts for its row. Those of its model are None if it has none."""
    model = contestant.model
    return {
        "model": contestant.slug,
        "variant_of": None if contestant.plain or model is None else model.slug,
        "name": contestant.name,
        "organization": model and model.organization and model.organization.name,
        "license": model and model.license and model.license.name,
        "open_weights": model and model.open_weights,
    }
