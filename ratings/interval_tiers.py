"""Tiers of a board that was published with intervals alone. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any


def tiers(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Slug → tier, of the rows that have an interval: 1 is every model whose interval overlaps that of the best one,
    and the best of the others leads the next.

    Without the joint covariance this is the coarser test: two models whose intervals overlap may still differ.
    """
    closed = [row for row in rows if row["ci_low"] is not None and row["ci_high"] is not None]
    left = sorted(closed, key=lambda row: (-row["rating"], row["model"]))
    found: dict[str, int] = {}
    tier = 0
    while left:
        tier, bound = tier + 1, left[0]["ci_low"]
        found |= {row["model"]: tier for row in left if row["ci_high"] >= bound}
        left = [row for row in left if row["ci_high"] < bound]
    return found
