"""The parser of the Open LLM Leaderboard."""

from datetime import date

import numpy as np
import pytest

from catalog.benchmarks.comparability import compute_binomial_error
from catalog.importers.open_llm import parse_scores
from tests.catalog.score_files import OPEN_LLM


def test_scores_are_read_with_their_conditions():
    rows = parse_scores(OPEN_LLM.encode(), "f.csv")
    assert len(rows) == 6 + 6 + 4
    gpqa = next(row for row in rows if row.task == "leaderboard_gpqa")
    assert (gpqa.model, gpqa.value, gpqa.metric, gpqa.shots, gpqa.n) == ("maker/Model-7B", 0.6, "acc_norm", 0, 1192)
    assert gpqa.normalized == pytest.approx(46.667, abs=1e-3)
    assert (gpqa.precision, gpqa.chat_template, gpqa.date) == ("bfloat16", True, date(2024, 6, 12))
    assert {row.task: row.normalized for row in rows if row.precision == "float16"} == {
        "leaderboard_ifeval": 50,
        "leaderboard_bbh": 43.5,
        "leaderboard_math_hard": 25,
        "leaderboard_gpqa": 0,
        "leaderboard_musr": 14.1,
        "leaderboard_mmlu_pro": 0,
    }
    assert {row.chat_template for row in rows if row.model == "other/Base-1B"} == {False}


@pytest.mark.slow
def test_noise_of_gpqa_counts_a_question_once_though_its_sets_hold_it_up_to_three_times():
    gpqa, ifeval = (
        next(row for row in parse_scores(OPEN_LLM.encode(), "f.csv") if row.task == f"leaderboard_{name}")
        for name in ("gpqa", "ifeval")
    )
    drawn = np.random.default_rng(1).random((20_000, 546)) < gpqa.value
    means = (drawn.sum(1) + drawn[:, :448].sum(1) + drawn[:, :198].sum(1)) / 1192
    assert gpqa.stderr == pytest.approx(means.std(), rel=0.02)
    assert gpqa.stderr > 1.5 * compute_binomial_error(gpqa.value, 1192)
    assert ifeval.stderr is None


def test_what_the_hub_says_of_a_model_is_claimed_once_a_line():
    claims = {}
    for row in parse_scores(OPEN_LLM.encode(), "f.csv"):
        for claim in row.claims:
            claims.setdefault((row.model, row.precision), {})[claim.field] = claim.value
    assert claims == {
        ("maker/Model-7B", "bfloat16"): {
            "open_weights": True, "kind": "chat", "license": "Llama 3.1 Community", "parameters_total": 7_240_000_000,
        },
        ("maker/Model-7B", "float16"): {
            "open_weights": True, "kind": "merge", "license": "MIT", "parameters_total": 7_240_000_000,
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        (
            "0.6,46.66666666666667,0.42",
            "0.6,47,0.42",
            "line 2: evaluations_gpqa_normalized_score is 47, but should be 46.6667 ac",
        ),
        ("0.25,25,0.2", "0.25,24.9,0.2", "line 3: evaluations_math_normalized_score"),
        ("0.5,50,0.6", "1.5,50,0.6", "line 2: evaluations_ifeval_value must be between"),
        ("0.5,50,0.6", "half,50,0.6", "line 2: evaluations_ifeval_value is not a number"),
        ("0.5,50,0.6", "0.5,,0.6", "line 2: evaluations_ifeval_normalized_score is not a number"),
        ("14.1,0.55,50", "14.1,0.55,nan", "line 2: evaluations_mmlu_pro_normalized_score"),
        ("2024-06-12,chat", "June,chat", "line 2: metadata_submission_date"),
        (",7.24,", ",big,", "line 2: metadata_params_billions is not a number"),
        ("maker/Model-7B,abc,b", ",abc,b", "line 2: model_name must be"),
        ("evaluations_gpqa_value", "gpqa", "line 1: the column evaluations_gpqa_value is missing"),
        ("model_has_chat_template", "template", "line 1: the column model_has_chat_template is missing"),
        ("other/Base-1B,def", 'other/Base-1B,"de"f', "line 4: invalid CSV"),
        ("other/Base-1B", "other/B\x00", "line 4: "),
    ],
)
def test_broken_files_are_refused_with_line_and_field(old, new, place):
    assert old in OPEN_LLM
    with pytest.raises(ValueError, match=f"^{place}"):
        parse_scores(OPEN_LLM.replace(old, new, 1).encode(), "f.csv")
