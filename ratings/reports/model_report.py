"""All of one model for programs, as its page shows it: facts, where it stands, what was said of it, and its scores."""

from collections.abc import Mapping
from typing import Any

from arena.battles import feedback_stats
from arena.battles.feedback_stats import FeedbackProfile
from arena.endpoints import profiles
from catalog.api.views import list_model_scores
from catalog.models import LanguageModel
from ratings.boards import snapshot_cache
from ratings.boards.snapshots import BoardKey
from ratings.reports import placements
from ratings.reports.placements import Placement

PLACEMENT_FIELDS = (
    "rank", "rank_low", "rank_high", "tier", "rating", "ci_low", "ci_high", "votes", "component", "unbounded",
    "provisional",
)  # fmt: skip


def build_model_report(model: LanguageModel, parameters: Mapping[str, str]) -> dict[str, Any]:
    """By as many queries for a pool of many models or categories as for one of few. Raises Refusal 404 for the pool."""
    places = placements.list_pool_placements(model.slug)
    pool = parameters.get("pool") or placements.choose_default_pool(places, parameters)
    if parameters.get("pool"):
        snapshot_cache.get_board(BoardKey(pool=pool))  # which knows whether there is one
    there = {(place.pool.slug, place.category) for place in places}
    more = [
        place
        for place in placements.list_category_placements(pool, model.slug)
        if (place.pool.slug, place.category) not in there
    ]
    return {
        **profiles.build_full_profile(model),
        "boards": [_build_placement(place) for place in (*places, *more)],
        "reasons": _build_reasons(feedback_stats.load_feedback_profile(model.pk, pool), pool),
        "scores": list_model_scores(model),
    }


def _build_placement(place: Placement) -> dict[str, Any]:
    which = {"pool": place.pool.slug, "category": place.category, "among": place.among}
    return (
        which | {name: place.row[name] for name in PLACEMENT_FIELDS} | {"votes_to_rank": place.row.get("votes_to_rank")}
    )


def _build_reasons(profile: FeedbackProfile | None, pool: str) -> dict[str, Any] | None:
    if profile is None:
        return None
    said = {"praise": profile.praise, "blame": profile.blame}
    return {
        "pool": pool,
        "votes": profile.votes,
        "voters": profile.voters,
        **{name: [{"reason": each["word"], "votes": each["count"]} for each in words] for name, words in said.items()},
    }
