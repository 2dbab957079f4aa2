"""The state of the leaderboard as an address: all of it, and nothing that goes without saying."""

from collections.abc import Mapping
from typing import Any

from ratings.boards.addresses import said, spelled
from ratings.web.leaderboard.columns import BY_NAME
from ratings.web.leaderboard.filters import BILLION, NO_COLUMN, View

# In the address a filter may be called otherwise, or be in other units, than in the view.
FILTERS = {
    "q": "text",
    "weights": "weights",
    "commercial": "commercial",
    "organization": "organization",
    "size_min": "size_min",
    "size_max": "size_max",
    "price_max": "price_max",
    "context_min": "context_min",
    "released_after": "released_after",
}
Pairs = list[tuple[str, str]]


def query(board: Mapping[str, str], view: View, usual: tuple[str, ...] = ()) -> str:
    """The part of the address from `?` on. `board`: the parameters that ask for it."""
    return spelled([*board.items(), *filters(view), *order(view), *pins(view), *columns(view, usual)])


def filters(view: View) -> Pairs:
    return [(name, _shown(view, name)) for name in FILTERS if _shown(view, name)]


def fields(view: View) -> dict[str, str]:
    """What stands in the fields of the form."""
    return {name: _shown(view, name) for name in FILTERS}


def order(view: View) -> Pairs:
    if (view.sort, view.descending) == ("rank", False):
        return []
    usual = BY_NAME[view.sort].descending
    turned = [("order", "desc" if view.descending else "asc")] if view.descending != usual else []
    return [("sort", view.sort), *turned]


def pins(view: View) -> Pairs:
    return [("pin", slug) for slug in view.pins]


def columns(view: View, usual: tuple[str, ...]) -> Pairs:
    if view.columns is None or view.columns == usual:
        return []
    return [("column", name) for name in view.columns or (NO_COLUMN,)]


def _shown(view: View, name: str) -> str:
    value = getattr(view, FILTERS[name])
    return "" if value is None else _spelled(value / BILLION if name.startswith("size") else value)


def _spelled(value: Any) -> str:
    return f"{value:.15g}" if isinstance(value, float) else said(value)
