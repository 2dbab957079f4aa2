"""All of one model for programs, as its page shows it: facts, where it stands, what was said of it, and its scores."""

from collections.abc import Mapping
from typing import Any

from arena import model_facts, reasons
from arena.reasons import Profile
from catalog.api import of_model
from catalog.models import LanguageModel
from ratings import model_standing, published
from ratings.model_standing import Place
from ratings.snapshots import Asked

OF_ROW = (
    "rank", "rank_low", "rank_high", "tier", "rating", "ci_low", "ci_high", "votes", "component", "unbounded",
    "provisional",
)  # fmt: skip


def as_json(model: LanguageModel, parameters: Mapping[str, str]) -> dict[str, Any]:
    """By as many queries for a pool of many models or categories as for one of few. Raises Refusal 404 for the pool."""
    places = model_standing.in_pools(model.slug)
    pool = parameters.get("pool") or model_standing.usual_pool(places, parameters)
    if parameters.get("pool"):
        published.board(Asked(pool=pool))  # which knows whether there is one
    there = {(place.pool.slug, place.category) for place in places}
    more = [
        place
        for place in model_standing.by_category(pool, model.slug)
        if (place.pool.slug, place.category) not in there
    ]
    return {
        **model_facts.in_full(model),
        "boards": [_place(place) for place in (*places, *more)],
        "reasons": _reasons(reasons.profile(model.pk, pool), pool),
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
