"""All of one model for programs, as its page shows it: facts, where it stands, what was said of it, and its scores."""

from collections.abc import Mapping
from typing import Any

from arena.battles import feedback_stats
from arena.battles.feedback_stats import Profile
from arena.endpoints import profiles
from catalog.api.views import of_model
from catalog.models import LanguageModel
from ratings.boards import snapshot_cache
from ratings.boards.snapshots import Asked
from ratings.reports import placements
from ratings.reports.placements import Place

OF_ROW = (
    "rank", "rank_low", "rank_high", "tier", "rating", "ci_low", "ci_high", "votes", "component", "unbounded",
    "provisional",
)  # fmt: skip


def as_json(model: LanguageModel, parameters: Mapping[str, str]) -> dict[str, Any]:
    """By as many queries for a pool of many models or categories as for one of few. Raises Refusal 404 for the pool."""
    places = placements.in_pools(model.slug)
    pool = parameters.get("pool") or placements.usual_pool(places, parameters)
    if parameters.get("pool"):
        snapshot_cache.board(Asked(pool=pool))  # which knows whether there is one
    there = {(place.pool.slug, place.category) for place in places}
    more = [
        place for place in placements.by_category(pool, model.slug) if (place.pool.slug, place.category) not in there
    ]
    return {
        **profiles.in_full(model),
        "boards": [_place(place) for place in (*places, *more)],
        "reasons": _reasons(feedback_stats.profile(model.pk, pool), pool),
        "scores": of_model(model),
    }


def _place(place: Place) -> dict[str, Any]:
    which = {"pool": place.pool.slug, "category": place.category, "among": place.among}
    return which | {name: place.row[name] for name in OF_ROW} | {"votes_to_rank": place.row.get("votes_to_rank")}


def _reasons(profile: Profile | None, pool: str) -> dict[str, Any] | None:
    if profile is None:
        return None
    said = {"praise": profile.praise, "blame": profile.blame}
    return {
        "pool": pool,
        "votes": profile.votes,
        "voters": profile.voters,
        **{name: [{"reason": each["word"], "votes": each["count"]} for each in words] for name, words in said.items()},
    }
