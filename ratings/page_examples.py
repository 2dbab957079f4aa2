"""Examples of what programs get of single pages; a test holds each against the shape that it illustrates."""

from arena.api_examples import MODEL_IN_FULL
from ratings.api_examples import ROW

_PLACE = {name: ROW[name] for name in (
    "rank", "rank_low", "rank_high", "tier", "rating", "ci_low", "ci_high", "votes", "component", "unbounded",
    "provisional",
)}  # fmt: skip
MODEL = {
    **MODEL_IN_FULL,
    "boards": [
        {"pool": "live", "category": "overall", "among": 9, **_PLACE},
        {"pool": "live", "category": "coding", "among": 7, **_PLACE, "rank": 2, "rank_high": 3, "votes": 120},
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
