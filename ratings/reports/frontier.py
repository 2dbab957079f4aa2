"""What a rating costs: each model of a board beside its price, or beside the speed that was measured here."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from arena.endpoints.performance import load_performance
from catalog.calculators.cost_model import blend_price
from catalog.facts.prices import load_current_prices
from catalog.models import LanguageModel, Price
from core.http.errors import field_error
from ratings.boards import snapshots
from ratings.boards.changes import has_rank
from ratings.boards.snapshots import BoardKey
from ratings.statistics import pareto

PRICE = "price"
SPEED = "speed"
AXES = (PRICE, SPEED)
UNCONNECTED, UNBOUNDED, UNRANKED, UNKNOWN = EXCLUSION_REASONS = ("unconnected", "unbounded", "unranked", "unknown")
ROW_FIELDS = ("rank", "model", "name", "rating", "ci_low", "ci_high", "provisional")

Row = dict[str, Any]


def build_frontier(asked: BoardKey, what: str) -> dict[str, Any]:
    """The models of a board beside `what`: dollars a million tokens (three in, one out), or tokens a second.

    `rows`, in the order of the board: rank, model, name, rating, ci_low, ci_high, provisional, value, on_frontier, and
    with prices both of them, their source and their day. `left_out`: model, name and reason, one of `unconnected` (no
    chain of votes to the main group), `unbounded` (it has no rating of its own yet), `unranked` (it has too few votes
    for a rank, so for a place on the frontier too) and `unknown`. Prices and speeds are today's, whatever the time of
    the board. Refusals as of `snapshots.load_newest_board`; 400 for another `what`.
    """
    if what not in AXES:
        raise field_error("against", "against is price or speed.")
    board = snapshots.load_newest_board(**asdict(asked))
    values = _load_values(board["rows"], what)
    rows, left_out = [], []
    for row in board["rows"]:
        reason = _find_exclusion(row, values)
        if reason:
            left_out.append({"model": row["model"], "name": row["name"], "reason": reason})
        else:
            rows.append({name: row[name] for name in ROW_FIELDS} | values[row["model"]])
    which = {name: board[name] for name in ("pool", "category", "style_control", "method", "computed_at")}
    return which | {"against": what, "rows": _mark_frontier(rows, what), "left_out": left_out}


def _find_exclusion(row: Row, values: Mapping[str, Row]) -> str:
    if row["component"] != 0:
        return UNCONNECTED
    if row["unbounded"]:
        return UNBOUNDED
    if not has_rank(row):
        return UNRANKED
    return "" if row["model"] in values else UNKNOWN


def _mark_frontier(rows: Sequence[Row], what: str) -> list[Row]:
    better = -1 if what == PRICE else 1
    on = pareto.mark_frontier([(row["rating"], better * row["value"]) for row in rows])
    return [row | {"on_frontier": each} for row, each in zip(rows, on, strict=True)]


def _load_values(rows: Sequence[Row], what: str) -> dict[str, Row]:
    """Slug → what is known of it."""
    models = LanguageModel.objects.filter(slug__in=[row["model"] for row in rows]).only("slug")
    slugs = {model.pk: model.slug for model in models}
    if what == PRICE:
        return {slugs[key]: _build_price_fields(price) for key, price in load_current_prices([*models]).items()}
    speeds = {slugs[key]: usual.tokens_per_s for key, usual in load_performance(slugs).items()}
    return {slug: {"value": speed} for slug, speed in speeds.items() if speed}


def _build_price_fields(price: Price) -> Row:
    both = {"price_input": float(price.input), "price_output": float(price.output)}
    value = blend_price(price.input, price.output)
    return {"value": float(value)} | both | {"source": price.source, "as_of": price.as_of}
