"""The figures of the method page for programs: shares and chances from 0 to 1, ratings in Elo points."""

from collections.abc import Iterable, Mapping
from typing import Any

from arena.endpoints.pair_sampler import UNIFORM_SHARE
from ratings.boards import snapshot_cache, snapshots
from ratings.boards.snapshots import Asked
from ratings.pipeline.battle_outcomes import ModelBattles
from ratings.reports import method_figures
from ratings.reports.method_figures import Counts, Method, Share
from ratings.reports.vote_shares import Maker, Part, Why


def of_pool(pool: str) -> dict[str, Any]:
    """Raises Refusal 404 for a pool that there is not, and for one whose ratings were published elsewhere."""
    board = snapshot_cache.board(Asked(pool=pool)).board
    if "reference" in board:
        raise snapshots.without_votes(pool)
    return as_json(method_figures.of_pool(board))


def as_json(found: Method) -> dict[str, Any]:
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
        "votes": counts and _votes(counts),
        "models": [_part(part) for part in counts.parts] if counts else [],
        "battles": [_battles(each) for each in counts.battles] if counts else [],
        "makers": [_maker(maker) for maker in counts.makers] if counts else [],
        "draw": counts and counts.draw and _draw(counts.draw),
        "audit": counts and counts.audit and _audit(counts.audit),
    }


def _votes(counts: Counts) -> dict[str, Any]:
    return {
        "counted": counts.counted,
        "uncounted": counts.uncounted,
        "reasons": _reasons(counts.reasons),
        "ties": counts.ties,
        "left": _share(counts.left),
        "skipped": _share(counts.skipped),
        "replaced": _share(counts.replaced),
    }


def _reasons(reasons: Iterable[Why]) -> list[dict[str, Any]]:
    return [{"reason": why.reason, "votes": why.votes} for why in reasons]


def _share(share: Share | None) -> dict[str, Any] | None:
    if share is None:
        return None
    ends = {"ci_low": share.low / 100, "ci_high": share.high / 100}
    return {"part": share.part, "whole": share.whole, "share": share.percent / 100, **ends}


def _part(part: Part) -> dict[str, Any]:
    return {
        "model": part.slug,
        "name": part.name,
        "organization": part.maker or None,
        "retired": part.retired,
        "counted": part.counted,
        "uncounted": part.uncounted,
        "reasons": _reasons(part.reasons),
        "share": part.percent / 100,
        "chance": _chance(part.chance),
    }


def _battles(of: ModelBattles) -> dict[str, Any]:
    return {
        "model": of.slug,
        "name": of.name,
        "drawn": of.drawn,
        "replaced": [{"reason": each.reason, "battles": each.battles} for each in of.replaced],
        "refused": of.refused,
        "void": of.void,
        "one_sided": of.one_sided,
    }


def _maker(maker: Maker) -> dict[str, Any]:
    return {
        "organization": maker.name or None,
        "models": maker.models,
        "retired": maker.retired,
        "share": maker.percent / 100,
        "chance": _chance(maker.chance),
    }


def _chance(percent: float | None) -> float | None:
    return None if percent is None else percent / 100


def _draw(draw: Mapping[str, Any]) -> dict[str, Any]:
    ends = {"least": draw["least"] / 100, "most": draw["most"] / 100}
    return {"pairs": draw["pairs"], **ends, "shared_evenly": UNIFORM_SHARE}


def _audit(audit: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "votes": audit["votes"],
        "heaviest": audit["most"],
        "clustered": audit["clustered"],
        "models": audit["models"],
        "expected": audit["expected"],
        "flagged": [_move(row) for row in audit["flagged"]],
        "farthest": audit["farthest"] and _move(audit["farthest"]),
    }


def _move(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"model": row["slug"], "name": row["name"], "moved": row["moved"], "se": row["error"]}
