"""Who answered: told once the vote is in."""

from collections.abc import Mapping
from typing import Any

from arena.models import SIDES, Battle, Standing


def reveal(battle: Battle, standings: Mapping[str, Standing] | None = None) -> list[dict[str, Any]] | None:
    """Both models with the ratings published last, once the battle is voted; None before.

    `standings` by pool spare a list of battles a query for each.
    """
    if battle.state != Battle.State.VOTED:
        return None
    if standings is None:
        standings = Standing.objects.in_bulk([battle.pool])
    standing = standings.get(battle.pool)
    ratings = standing.ratings if standing else {}
    return [_revealed(side, getattr(battle, f"model_{side}"), ratings) for side in SIDES]


def _revealed(side: str, model: Any, ratings: dict[str, Any]) -> dict[str, Any]:
    return {
        "side": side,
        "slug": model.slug,
        "name": model.name,
        "organization": model.organization and model.organization.name,
        "license": model.license and model.license.name,
        **{key: ratings.get(model.slug, {}).get(key) for key in ("rating", "ci_low", "ci_high", "rank", "votes")},
    }
