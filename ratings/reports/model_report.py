"""The API report of one model, with the content of its page: facts, placements, feedback reasons and scores."""

from collections.abc import Iterable, Mapping
from typing import Any

from arena.api.serializers import ModelDetailSchema
from arena.battles import feedback_stats
from arena.battles.feedback_stats import FeedbackProfile
from arena.endpoints import profiles
from catalog.api.serializers import ModelScoreSchema
from catalog.benchmarks.rankings import load_model_scores
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
    """Return the report, with a number of queries that does not depend on how many models or categories there are.

    Raises:
        RequestError: 404 for an unknown pool.
    """
    overall = placements.list_pool_placements(model.slug)
    pool = parameters.get("pool") or placements.choose_default_pool(overall, parameters)
    if parameters.get("pool"):
        snapshot_cache.get_board(BoardKey(pool=pool))  # raises for an unknown pool
    listed = {(placement.pool.slug, placement.category) for placement in overall}
    by_category = [
        placement
        for placement in placements.list_category_placements(pool, model.slug)
        if (placement.pool.slug, placement.category) not in listed
    ]
    return {
        **ModelDetailSchema(profiles.build_full_profile(model)).data,
        "boards": [_build_placement(placement) for placement in (*overall, *by_category)],
        "reasons": _build_reasons(feedback_stats.load_feedback_profile(model.pk, pool), pool),
        "scores": ModelScoreSchema(load_model_scores(model), many=True).data,
    }


def _build_placement(placement: Placement) -> dict[str, Any]:
    return {
        "pool": placement.pool.slug,
        "category": placement.category,
        "among": placement.ranked_models,
        **{name: placement.row[name] for name in PLACEMENT_FIELDS},
        "votes_to_rank": placement.row.get("votes_to_rank"),
    }


def _build_reasons(profile: FeedbackProfile | None, pool: str) -> dict[str, Any] | None:
    if profile is None:
        return None
    return {
        "pool": pool,
        "votes": profile.votes,
        "voters": profile.voters,
        "praise": _build_reason_counts(profile.praise),
        "blame": _build_reason_counts(profile.blame),
    }


def _build_reason_counts(reasons: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{"reason": reason["word"], "votes": reason["count"]} for reason in reasons]
