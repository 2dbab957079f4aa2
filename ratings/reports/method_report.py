"""The figures of the method page as API data: shares and chances from 0 to 1, ratings in Elo points."""

from collections.abc import Iterable, Mapping
from typing import Any

from arena.endpoints.pair_sampler import UNIFORM_SHARE
from ratings.boards import snapshot_cache, snapshots
from ratings.boards.snapshots import BoardKey
from ratings.pipeline.battle_outcomes import ModelBattleCounts
from ratings.reports import method_figures
from ratings.reports.method_figures import MethodFigures, PoolCounts, Proportion
from ratings.reports.vote_shares import MakerShare, ModelShare, ReasonCount


def load_method_report(pool: str) -> dict[str, Any]:
    """Return the report of a pool.

    Raises:
        RequestError: 404 for an unknown pool, and for one whose ratings were published elsewhere.
    """
    board = snapshot_cache.get_board(BoardKey(pool=pool)).board
    if "reference" in board:
        raise snapshots.no_votes_error(pool)
    return build_method_data(method_figures.load_method_figures(board))


def build_method_data(figures: MethodFigures) -> dict[str, Any]:
    """Return the figures of the method page as the API shows them."""
    counts = figures.counts
    return {
        "pool": figures.pool.slug,
        "computed_at": figures.board["computed_at"],
        "rows": len(figures.board["rows"]),
        "intervals": figures.intervals,
        "expected_misses": figures.expected_misses,
        "style": {
            "computed_at": figures.style_board["computed_at"],
            "votes": figures.style_board["votes"],
            "features": [
                {"feature": style["feature"], "points": style["points"], "margin": style["margin"]}
                for style in figures.styles
            ],
        },
        "counted_at": counts and counts.counted_at,
        "votes": counts and _build_votes(counts),
        "models": [_build_model_share(share) for share in counts.shares] if counts else [],
        "battles": [_build_battles(battles) for battles in counts.battles] if counts else [],
        "makers": [_build_maker_share(maker) for maker in counts.makers] if counts else [],
        "draw": counts and counts.draw and _build_draw(counts.draw),
        "audit": counts and counts.audit and _build_audit(counts.audit),
    }


def _build_votes(counts: PoolCounts) -> dict[str, Any]:
    return {
        "counted": counts.counted,
        "uncounted": counts.uncounted,
        "reasons": _build_reasons(counts.reasons),
        "ties": counts.ties,
        "left": _build_proportion(counts.left),
        "skipped": _build_proportion(counts.skipped),
        "replaced": _build_proportion(counts.replaced),
    }


def _build_reasons(reasons: Iterable[ReasonCount]) -> list[dict[str, Any]]:
    return [{"reason": reason.reason, "votes": reason.votes} for reason in reasons]


def _build_proportion(share: Proportion | None) -> dict[str, Any] | None:
    if share is None:
        return None
    return {
        "part": share.part,
        "whole": share.whole,
        "share": share.percent / 100,
        "ci_low": share.low / 100,
        "ci_high": share.high / 100,
    }


def _build_model_share(part: ModelShare) -> dict[str, Any]:
    return {
        "model": part.slug,
        "name": part.name,
        "organization": part.maker or None,
        "retired": part.retired,
        "counted": part.counted,
        "uncounted": part.uncounted,
        "reasons": _build_reasons(part.reasons),
        "share": part.percent / 100,
        "chance": _convert_to_fraction(part.chance),
    }


def _build_battles(counts: ModelBattleCounts) -> dict[str, Any]:
    return {
        "model": counts.slug,
        "name": counts.name,
        "drawn": counts.drawn,
        "replaced": [{"reason": reason.reason, "battles": reason.battles} for reason in counts.replaced],
        "refused": counts.refused,
        "void": counts.void,
        "one_sided": counts.one_sided,
    }


def _build_maker_share(maker: MakerShare) -> dict[str, Any]:
    return {
        "organization": maker.name or None,
        "models": maker.models,
        "retired": maker.retired,
        "share": maker.percent / 100,
        "chance": _convert_to_fraction(maker.chance),
    }


def _convert_to_fraction(percent: float | None) -> float | None:
    return None if percent is None else percent / 100


def _build_draw(draw: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "pairs": draw["pairs"],
        "least": draw["least"] / 100,
        "most": draw["most"] / 100,
        "shared_evenly": UNIFORM_SHARE,
    }


def _build_audit(audit: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "votes": audit["votes"],
        "heaviest": audit["most"],
        "clustered": audit["clustered"],
        "models": audit["models"],
        "expected": audit["expected"],
        "flagged": [_build_move(row) for row in audit["flagged"]],
        "farthest": audit["farthest"] and _build_move(audit["farthest"]),
    }


def _build_move(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"model": row["slug"], "name": row["name"], "moved": row["moved"], "se": row["error"]}
