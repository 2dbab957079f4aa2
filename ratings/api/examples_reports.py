"""Example responses of the report calls; a test validates each against its schema."""

from arena.api.serializers import ModelDetailSchema
from core.http.openapi_examples import build_example
from ratings.api.examples import BOARD_KEY, BOARD_ROW, COMPUTED_AT

_PLACEMENT = {name: BOARD_ROW[name] for name in (
    "rank", "rank_low", "rank_high", "tier", "rating", "ci_low", "ci_high", "votes", "component", "unbounded",
    "provisional", "votes_to_rank",
)}  # fmt: skip
MODEL_REPORT = {
    **build_example(ModelDetailSchema),
    "boards": [
        {"pool": "live", "category": "overall", "among": 9, **_PLACEMENT},
        {"pool": "live", "category": "coding", "among": 7, **_PLACEMENT, "rank": 2, "rank_high": 3, "votes": 120},
    ],
    "reasons": {
        "pool": "live", "votes": 40, "voters": 21,
        "praise": [{"reason": "correct", "votes": 25}], "blame": [{"reason": "too_long", "votes": 9}],
    },
    "scores": [
        {
            "benchmark": "gsm8k", "name": "GSM8K", "value": 0.742, "normalized": 74.2, "n": 1319,
            "harness_version": "0.4.8", "chat_template_sha": "", "precision": "bfloat16", "revision": "main",
            "self_reported": False, "submitted": False, "source": "https://example.com/results.json",
            "date": "2026-02-01", "stderr": 0.0121,
            "conditions": {
                "task": "gsm8k", "metric": "exact_match", "filter": "strict-match", "shots": 5,
                "harness": "lm-evaluation-harness", "version": "3", "chat_template": False, "method": "",
                "limited": False, "measured_by": "Example Lab",
            },
        }
    ],
}  # fmt: skip
_AUDIT_MOVE = {"model": "second-7b", "name": "Second 7B", "moved": -8.1, "se": 3.7}
METHOD_REPORT = {
    "pool": "live",
    "computed_at": COMPUTED_AT,
    "rows": 9,
    "intervals": 9,
    "expected_misses": 0.45,
    "style": {
        "computed_at": COMPUTED_AT,
        "votes": 1180,
        "features": [{"feature": "length", "points": 31.4, "margin": 12.2}],
    },
    "counted_at": COMPUTED_AT,
    "votes": {
        "counted": 1204, "uncounted": 37, "reasons": [{"reason": "stopped", "votes": 37}], "ties": 260,
        "left": {"part": 480, "whole": 944, "share": 0.5085, "ci_low": 0.4766, "ci_high": 0.5403},
        "skipped": {"part": 96, "whole": 1340, "share": 0.0716, "ci_low": 0.059, "ci_high": 0.0867},
        "replaced": {"part": 4, "whole": 1340, "share": 0.003, "ci_low": 0.0012, "ci_high": 0.0077},
    },
    "models": [
        {
            "model": "first-7b", "name": "First 7B", "organization": "Example Lab", "retired": False, "counted": 412,
            "uncounted": 9, "reasons": [{"reason": "stopped", "votes": 9}], "share": 0.3422, "chance": 0.2814,
        }
    ],
    "battles": [
        {
            "model": "first-7b", "name": "First 7B", "drawn": 431,
            "replaced": [{"reason": "timeout", "battles": 3}, {"reason": "empty", "battles": 1}], "refused": 2,
            "void": 2, "one_sided": 1,
        }
    ],
    "makers": [{"organization": "Example Lab", "models": 2, "retired": 0, "share": 0.31, "chance": 0.27}],
    "draw": {"pairs": 36, "least": 0.0061, "most": 0.0874, "shared_evenly": 0.1},
    "audit": {
        "votes": 1204, "heaviest": 20.0, "clustered": True, "models": 9, "expected": 0.41, "flagged": [_AUDIT_MOVE],
        "farthest": _AUDIT_MOVE,
    },
}  # fmt: skip
_ROW_FIGURES = {"rating": 1062.2514, "ci_low": 1040.78, "ci_high": 1083.72, "rank": 1, "rank_low": 1, "rank_high": 2}
MOVEMENT_REPORT = {
    **BOARD_KEY,
    "since": "2026-02-28T12:00:00Z",
    "until": "2026-03-01T12:00:00Z",
    "computed_then": "2026-02-28T11:58:02.000000Z",
    "computed_at": COMPUTED_AT,
    "votes": 84,
    "shift": -0.3,
    "models": [
        {
            "model": "first-7b", "name": "First 7B", "change": 27.4, "beyond_noise": ["rating"],
            "then": {**_ROW_FIGURES, "rating": 1034.5514, "ci_low": 1011.2, "ci_high": 1057.9, "tier": 1},
            "now": {**_ROW_FIGURES, "tier": 1},
        }
    ],
    "came": [{"model": "third-7b", "name": "Third 7B"}],
    "went": [],
    "days": [{"day": "2026-02-28", "votes": 61}, {"day": "2026-03-01", "votes": 40}],
}  # fmt: skip
