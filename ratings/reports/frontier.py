"""Ratings against price or measured speed, with the Pareto frontier of a board."""

from collections.abc import Mapping, Sequence
from typing import Any

from arena.endpoints.performance import load_performance
from arena.models import list_contestants
from catalog.calculators.cost_model import blend_price
from catalog.facts.prices import load_current_prices
from catalog.models import Price
from core.http.errors import field_error
from ratings.boards import snapshots
from ratings.boards.board_row import BoardRow, has_rank
from ratings.boards.snapshots import BoardKey
from ratings.statistics import pareto
from ratings.statistics.constants import MAIN_COMPONENT

PRICE = "price"
SPEED = "speed"
AXES = (PRICE, SPEED)
# unconnected: no chain of votes connects the model to the main component. unbounded: it has no finite rating of maximum
# likelihood. unranked: it has too few votes for a rank. unknown: its price or speed is unknown.
EXCLUSION_REASONS = ("unconnected", "unbounded", "unranked", "unknown")

Row = dict[str, Any]


def build_frontier(board_key: BoardKey, axis: str) -> dict[str, Any]:
    """Return the models on a board with their price or speed, and mark those on the Pareto frontier.

    axis: `price` (US dollars per million tokens, with input and output blended 3:1) or `speed` (tokens per second).

    The result is the board with these fields changed or added:

    against: the axis.
    rows: only the compared models, in the order of the board. Each row also has value, on_frontier, organization,
        open_weights, and has_enabled_endpoint. For prices, it also has the input and output prices, their source, their
        date, and whether they were set by hand.
    left_out: the other models, each with one of the `EXCLUSION_REASONS`.

    Prices and speeds are current, even if the board is not.

    Raises RequestError as `snapshots.load_newest_board` does, and RequestError 400 if the axis is not in `AXES`.
    """
    if axis not in AXES:
        raise field_error("against", "“against” must be “price” or “speed”.")
    board = snapshots.load_newest_board(board_key)
    values = _load_values(board["rows"], board["pool"], axis)
    rows: list[Row] = []
    left_out: list[Row] = []
    for row in board["rows"]:
        reason = _find_exclusion(row, values)
        if reason:
            left_out.append({"model": row["model"], "name": row["name"], "reason": reason})
        else:
            rows.append(row | values[row["model"]])
    sign = -1 if axis == PRICE else 1
    marks = pareto.mark_frontier([(row["rating"], sign * row["value"]) for row in rows])
    marked = [row | {"on_frontier": is_on_frontier} for row, is_on_frontier in zip(rows, marks, strict=True)]
    return board | {"against": axis, "rows": marked, "left_out": left_out}


def _find_exclusion(row: BoardRow, values: Mapping[str, Row]) -> str:
    """Return the reason why a row is not compared, or "" if it is."""
    if row["component"] != MAIN_COMPONENT:
        return "unconnected"
    if row["unbounded"]:
        return "unbounded"
    if not has_rank(row):
        return "unranked"
    return "" if row["model"] in values else "unknown"


def count_models_with_speed(board: Mapping[str, Any]) -> int:
    """Return how many of the models on a board have a measured speed."""
    contestants = list_contestants(board["pool"]).filter(slug__in=[row["model"] for row in board["rows"]])
    performances = load_performance(contestants).values()
    return len([performance for performance in performances if performance.tokens_per_s])


def _load_values(rows: Sequence[Row], pool: str, axis: str) -> dict[str, Row]:
    """Return slug → the value on the axis and related fields, for models with a known value."""
    slugs = [row["model"] for row in rows]
    contestants = list(list_contestants(pool).filter(slug__in=slugs).select_related("model__organization"))
    if axis == PRICE:
        prices = load_current_prices([each.model for each in contestants if each.model])
        values = {
            each.pk: _build_price_fields(prices[each.model_id]) for each in contestants if each.model_id in prices
        }
    else:
        speeds = {key: performance.tokens_per_s for key, performance in load_performance(contestants).items()}
        values = {key: {"value": speed} for key, speed in speeds.items() if speed}
    return {
        each.slug: {
            "organization": each.model.organization.name if each.model and each.model.organization else None,
            "open_weights": each.model and each.model.open_weights,
            "has_enabled_endpoint": each.is_enabled,
            **values[each.pk],
        }
        for each in contestants
        if each.pk in values
    }


def _build_price_fields(price: Price) -> Row:
    return {
        "value": float(blend_price(price.input, price.output)),
        "price_input": float(price.input),
        "price_output": float(price.output),
        "source": price.source,
        "as_of": price.as_of,
        "by_hand": price.by_hand,
    }
