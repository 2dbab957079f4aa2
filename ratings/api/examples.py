"""Example responses for the OpenAPI document; a test validates each against its schema."""

BOARD_KEY = {"pool": "live", "category": "overall", "style_control": False, "method": "bt"}
COMPUTED_AT = "2026-03-01T12:00:00.512803Z"
BOARD_ROW = {
    "rank": 1, "rank_low": 1, "rank_high": 2, "rank_ub": 1, "tier": 1, "model": "first-7b", "name": "First 7B",
    "organization": "Example Lab", "license": "Apache-2.0", "open_weights": True, "rating": 1062.2514,
    "ci_low": 1040.78, "ci_high": 1083.72, "se": 10.954, "interval": "clustered", "component": 0, "unbounded": False,
    "votes": 412, "voters": 96, "wins": 231, "losses": 104, "ties": 77, "both_bad": 12, "win_rate": 0.6541,
    "votes_to_rank": 0, "provisional": False,
}  # fmt: skip
BOARD = {
    **BOARD_KEY,
    "computed_at": COMPUTED_AT,
    "votes": 1204,
    "last_vote_id": 88_213,
    "provisional": False,
    "scale": {"factor": 400, "base": 10, "mean": 1000},
    "rows": [BOARD_ROW],
}
PAIRWISE = {
    **BOARD_KEY,
    "computed_at": COMPUTED_AT,
    "models": ["first-7b", "second-7b"],
    "wins": [[0, 61], [24, 0]],
    "ties": [[0, 15], [15, 0]],
    "counts": [[0, 100], [100, 0]],
    "win_probability": [[0.5, 0.612], [0.388, 0.5]],
    "diff": [[0.0, 79.2], [-79.2, 0.0]],
    "diff_se": [[0.0, 44.1], [44.1, 0.0]],
    "votes_needed": [[None, 31], [31, None]],
}
RATING_POINT = {
    "computed_at": COMPUTED_AT, "rating": 1062.2514, "ci_low": 1040.78, "ci_high": 1083.72, "rank": 1, "votes": 412,
}  # fmt: skip
RATING_HISTORY = {**BOARD_KEY, "series": [{"model": "first-7b", "points": [RATING_POINT]}]}
FRONTIER = {
    **BOARD_KEY,
    "computed_at": COMPUTED_AT,
    "against": "price",
    "rows": [
        {
            **{
                name: BOARD_ROW[name]
                for name in ("rank", "model", "name", "rating", "ci_low", "ci_high", "provisional")
            },
            "value": 0.75,
            "price_input": 0.5,
            "price_output": 1.5,
            "on_frontier": True,
            "source": "https://example.com/prices",
            "as_of": "2026-02-01",
        }
    ],
    "left_out": [{"model": "second-70b", "name": "Second 70B", "reason": "unknown"}],
}
POOL_PAGE = {
    "next": None,
    "previous": None,
    "results": [
        {
            "slug": "live",
            "name": "This arena",
            "kind": "live",
            "provenance": "",
            "categories": ["coding", "exclude-ties", "overall"],
        }
    ],
}
CATEGORY_PAGE = {"next": None, "previous": None, "results": [{"slug": "coding", "name": "Coding"}]}
VOTE = {
    "id": 88_213, "model_a": "First 7B", "model_b": "Second 7B", "winner": "model_a",
    "timestamp": "2026-03-01T11:00:00Z", "voter": "5d0c7e2a91f34b6f8a1c2d3e4f506172",
    "conv_metadata": {
        "sum_assistant_a_tokens": 120, "header_count_a": 0, "bold_count_a": 2, "list_count_a": 4,
        "sum_assistant_b_tokens": 210, "header_count_b": 1, "bold_count_b": 5, "list_count_b": 8,
    },
    "weight": 1, "counted": True, "reason": "", "source": "live", "propensity": 0.0174, "turns": 1,
    "categories": ["coding", "english"],
}  # fmt: skip
BOARD_EVENTS = """\
event: board
data: {"pool": "live", "category": "overall", "style_control": false, "method": "bt", "votes": 1204, \
"computed_at": "2026-03-01T12:00:00.512803Z"}
"""
VOTE_FILE = """\
{"model_a": "First 7B", "model_b": "Second 7B", "winner": "model_a", "timestamp": "2026-03-01T11:00:00Z"}
"""
VOTE_PAGE = {
    "next": "https://arena.example/api/v1/votes/?after=88213",
    "results": [VOTE],
}
_CONDITIONS = {
    "key": "0f9a3c5e7d", "models": 40, "task": "gsm8k", "metric": "exact_match", "filter": "", "shots": 5,
    "harness": "lm-evaluation-harness", "version": "3.0", "chat_template": True, "method": "", "limited": False,
    "measured_by": "Example Lab",
}  # fmt: skip
DISAGREEMENT = {
    "benchmark": "gsm8k",
    "pool": "live",
    "category": "overall",
    "computed_at": COMPUTED_AT,
    "conditions": _CONDITIONS,
    "other_conditions": [_CONDITIONS | {"key": "5d0c7e2a91", "models": 3, "shots": 0}],
    "n": 40, "needed": 12, "missing": 0, "problem": None,
    "slope": 3.12, "intercept": 806.4, "sd": 41.7, "spearman": 0.81, "spearman_low": 0.65, "spearman_high": 0.9,
    "far": 1.5, "rank_signal": "kept",
    "points": [
        {
            "model": "first-7b", "name": "First 7B", "rating": 982.5, "ci_low": 964.1, "ci_high": 1000.8,
            "score": 81.2, "score_margin": 2.1, "expected": 1059.7, "z": -1.85, "z_low": -2.3, "z_high": -1.4,
            "verdict": "below",
        }
    ],
    "left_out": [{"model": "second-70b", "name": "Second 70B", "reason": "unrated"}],
}  # fmt: skip
_SURVIVOR = {
    "model": "first-7b", "name": "First 7B", "tier": 1, "rating": 1062.2514, "price": 0.75, "monthly": 900.0,
    "tokens_per_s": 48.5, "latency_s": 0.41, "conditional": False, "unknown": [], "failures": [],
}  # fmt: skip
_EXCLUDED = {
    "model": "second-70b", "name": "Second 70B", "tier": 1, "rating": 1040.12, "price": 5.0, "monthly": 6000.0,
    "tokens_per_s": None, "latency_s": None, "conditional": True, "unknown": ["tools"],
    "failures": [{"limit": "price", "words": "price $5 > $2", "known": True}],
}  # fmt: skip
SHORTLIST = {
    "task": {
        "slug": "coding",
        "name": "Writing code",
        "benchmarks": ["humaneval"],
        "why": "Tests run the code that the model writes.",
    },
    "pool": "live",
    "pool_name": "This arena",
    "pool_kind": "live",
    "category": "coding",
    "computed_at": COMPUTED_AT,
    "tiers_by": "test",
    "survivors": [_SURVIVOR],
    "excluded": [_EXCLUDED],
    "near_misses": ["second-70b"],
    "gained": {"price": 1},
    "costliest": "price",
    "certain": 1,
    "contestants": ["first-7b"],
    "own_pool": None,
}
