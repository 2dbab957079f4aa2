"""The report on one model in the API, with the same content as the model's page."""

from collections.abc import Mapping
from typing import Any

from arena.battles import feedback_stats
from arena.endpoints import profiles
from catalog.benchmarks.rankings import load_model_scores
from catalog.models import LanguageModel
from ratings.boards import snapshot_cache
from ratings.boards.snapshots import BoardKey
from ratings.reports import placements


def build_model_report(model: LanguageModel, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return the report. The number of queries does not depend on the number of models or categories.

    Raises RequestError 404 if the pool is unknown.
    """
    overall = placements.list_pool_placements(model.slug)
    pool = parameters.get("pool") or placements.choose_default_pool(overall, parameters)
    if parameters.get("pool"):
        snapshot_cache.get_board(BoardKey(pool=pool))  # raises if the pool is unknown
    overall_boards = {(placement.pool.slug, placement.category) for placement in overall}
    by_category = [
        placement
        for placement in placements.list_category_placements(pool, model.slug)
        if (placement.pool.slug, placement.category) not in overall_boards
    ]
    reasons = feedback_stats.load_feedback_profile(model.pk, pool)
    return {
        **profiles.build_full_profile(model),
        "boards": [*overall, *by_category],
        "reasons": reasons and {"pool": pool, **vars(reasons)},
        "scores": load_model_scores(model),
    }
