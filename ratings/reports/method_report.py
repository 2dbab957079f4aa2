"""The figures of the method page for programs: shares and chances from 0 to 1, ratings in Elo points."""

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
    """Raises Refusal 404 for a pool that there is not, and for one whose ratings were published elsewhere."""
    board = snapshot_cache.get_board(BoardKey(pool=pool)).board
    if "reference" in board:
        raise snapshots.no_votes_error(pool)
    return build_method_data(method_figures.load_method_figures(board))


def build_method_data(found: MethodFigures) -> dict[str, Any]:
    counts = found.counts
    return {
        "pool": found.pool.slug,
        "computed_at": found.board["computed_at"],
        "rows": len(found.board["rows"]),
        "intervals": found.intervals,
        "expected_misses": found.misses,
        "style": {
            "computed_at": found.styled["computed_at"],
            "votes": found.styled["votes"],
            "features": [
                {"feature": each["feature"], "points": each["worth"], "margin": each["half"]} for each in found.styles
            ],
        },
        "counted_at": counts and counts.at,
        "votes": counts and _build_votes(counts),
        "models": [_build_model_share(part) for part in counts.parts] if counts else [],
        "battles": [_build_battles(each) for each in counts.battles] if counts else [],
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
    return [{"reason": why.reason, "votes": why.votes} for why in reasons]


def _build_proportion(share: Proportion | None) -> dict[str, Any] | None:
    if share is None:
        return None
    ends = {"ci_low": share.low / 100, "ci_high": share.high / 100}
    return {"part": share.part, "whole": share.whole, "share": share.percent / 100, **ends}


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


def _build_battles(of: ModelBattleCounts) -> dict[str, Any]:
    return {
        "model": of.slug,
        "name": of.name,
        "drawn": of.drawn,
        "replaced": [{"reason": each.reason, "battles": each.battles} for each in of.replaced],
        "refused": of.refused,
        "void": of.void,
        "one_sided": of.one_sided,
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
    ends = {"least": draw["least"] / 100, "most": draw["most"] / 100}
    return {"pairs": draw["pairs"], **ends, "shared_evenly": UNIFORM_SHARE}


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
