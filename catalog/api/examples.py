"""Example responses for the OpenAPI document; a test validates each against its schema."""

from typing import Any

_BENCHMARK_FACTS: dict[str, Any] = {
    "slug": "gsm8k", "name": "GSM8K", "full_name": "Grade School Math 8K",
    "measures": "Word problems from grade school, in two to eight steps.",
    "matters": "For anyone who needs to know whether a model can reason step by step.",
    "items": 1319, "items_note": "", "metric": "exact_match", "chance": 0.0, "human": None, "human_note": "",
    "status": "saturated", "generation": 1, "tasks": ["gsm8k"], "source": "https://example.com/gsm8k",
    "superseded_by": "math-l5",
    "caveats": [{"kind": "saturation", "text": "The best models get all but a few.", "source": "https://example.com/"}],
}  # fmt: skip
BENCHMARK_PAGE = {"next": None, "previous": None, "results": [{**_BENCHMARK_FACTS, "scores": 2}]}
_SCORE = {
    "place": 1, "model": "first-7b", "name": "First 7B", "value": 0.7415, "normalized": 74.15, "n": 1319,
    "harness_version": "0.4.9", "chat_template_sha": "", "precision": "bfloat16", "revision": "main",
    "self_reported": False, "submitted": False,
    "source": "https://example.com/scores", "date": "2026-02-01", "stderr": 0.0121,
    "ci_low": 0.7178, "ci_high": 0.7652, "same_as_best": False,
}  # fmt: skip
BENCHMARK = {
    **_BENCHMARK_FACTS,
    "rankings": [
        {
            "conditions": {
                "task": "gsm8k", "metric": "exact_match", "filter": "strict-match", "shots": 5,
                "harness": "lm-evaluation-harness", "version": "3", "chat_template": False, "method": "",
                "limited": False, "measured_by": "Example Lab",
            },
            "rows": [
                _SCORE,
                {
                    **_SCORE, "place": 2, "model": "second-7b", "name": "Second 7B", "value": 0.7301,
                    "normalized": 73.01, "stderr": 0.0122, "ci_low": 0.7062, "ci_high": 0.754, "same_as_best": True,
                },
            ],
        }
    ],
}  # fmt: skip
COST = {
    "model": None,
    "months": 12,
    "input_tokens": 900_000_000,
    "output_tokens": 300_000_000,
    "memory": {"weights": 17.8814, "cache": 1.0, "gib": 18.8814},
    "api": {
        "monthly": {"tokens": 5250.0}, "once": {}, "each_month": 5250.0, "at_once": 0.0, "total": 63_000.0,
        "weeks": 0.0,
    },
    "own": {
        "replicas": 2, "gpus": 2, "monthly": {"gpus": 3650.0}, "once": {"build": 30_000.0}, "each_month": 3650.0,
        "at_once": 30_000.0, "total": 73_800.0, "weeks": 6.0,
    },
    "tuning_gpu_hours": 0.0,
    "break_even": {"tokens": 1_405_714_286, "possible": True, "month": 19},
    "cheaper": "api",
}  # fmt: skip
_TRAINING = {"params": 7e10, "tokens": 1.4e12, "compute": 5.88e23, "tokens_per_parameter": 20.0, "overtraining": 1.0}
SCALING = {
    **_TRAINING,
    "loss": 1.97388,
    "law": {
        "name": "epoch", "E": 1.8172, "A": 482.01, "B": 2085.43, "alpha": 0.3478, "beta": 0.3658, "warning": None,
    },
    "rule": {**_TRAINING, "loss": 1.97388},
    "optimum": {
        "params": 7.3016e10, "tokens": 1.34216e12, "compute": 5.88e23, "tokens_per_parameter": 18.382,
        "overtraining": 0.9191, "loss": 1.97386,
    },
    "models": [
        {
            "model": "first-7b", "total": None, "derived": False, "params": 7.24e9, "tokens": 1.5e13,
            "compute": 6.516e23, "tokens_per_parameter": 2071.82, "overtraining": 103.591,
        },
    ],
}  # fmt: skip
