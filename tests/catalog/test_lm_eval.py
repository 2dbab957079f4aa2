"""Result files of lm-evaluation-harness."""

from datetime import date

import pytest

from catalog.lm_eval import HARNESS, read
from tests.catalog import score_files

TASK = score_files.LM_EVAL["results"]["gsm8k"]


def by_key(rows):
    return {(row.task, row.metric, row.filter): row for row in rows}


@pytest.mark.parametrize("content", [score_files.lm_eval(), score_files.newer()], ids=["0.4.9", "0.4.13"])
def test_both_shapes_are_read(content):
    rows = by_key(read(content, "results.json"))
    assert rows.keys() == {
        ("gsm8k", "exact_match", "strict-match"),
        ("gsm8k", "exact_match", "flexible-extract"),
        ("mmlu", "acc", ""),
    }
    strict = rows["gsm8k", "exact_match", "strict-match"]
    assert (strict.model, strict.benchmark, strict.value, strict.stderr) == ("maker/Model-7B", ("gsm8k",), 0.5, 0.0138)
    assert (strict.n, strict.limited, strict.shots, strict.version) == (1319, False, 5, "3.0")
    assert (strict.harness, strict.precision, strict.revision) == (HARNESS, "bfloat16", "abc123")
    assert (strict.source, strict.date) == ("results.json", date(2026, 1, 21))
    assert rows["gsm8k", "exact_match", "flexible-extract"].stderr is None


def test_conditions_of_the_versions_are_kept():
    old, new = (read(content, "f")[0] for content in (score_files.lm_eval(), score_files.newer()))
    assert (old.harness_version, old.chat_template, old.chat_template_sha) == ("0.4.9.2", False, "")
    assert (new.harness_version, new.chat_template, new.chat_template_sha) == ("0.4.13", True, "c" * 64)


def test_subtasks_of_a_group_that_has_no_score_stand_for_themselves():
    results = dict(score_files.LM_EVAL["results"]) | {"mmlu": {"alias": "mmlu"}}
    rows = [row for row in read(score_files.lm_eval(results=results), "f") if row.task == "mmlu_anatomy"]
    assert [row.benchmark for row in rows] == [("mmlu_anatomy", "mmlu")]


@pytest.mark.parametrize(
    "changes",
    [
        {"config": {"limit": 10, "model_args": "pretrained=m"}},
        {"config": {"limit": 0.1, "model_args": "pretrained=m"}},
        {"n-samples": {"gsm8k": {"original": 1319, "effective": 100}}},
    ],
)
def test_limited_runs_are_marked(changes):
    assert read(score_files.lm_eval(**changes), "f")[0].limited


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ("pretrained=a/B,dtype=auto", "a/B"),
        ("dtype=auto,model=gpt-x", "gpt-x"),
        ({"pretrained": "a/B"}, "a/B"),
        ("", "hf"),
    ],
)
def test_model_is_what_the_harness_loaded(arguments, name):
    content = score_files.lm_eval(config={"model": "hf", "model_args": arguments})
    assert {row.model for row in read(content, "f")} == {name}


def test_metric_is_split_at_the_last_comma():
    [row] = read(score_files.lm_eval(results={"t": {"a,b,none": 1.0}}), "f")
    assert (row.metric, row.filter) == ("a,b", "")


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"", "line 1: "),
        (b"{\n\n  oops", "line 3: this is not JSON"),
        (b"\xff\xfe", "line 1: "),
        (b"[" * 100_000, "line 1: "),
        (b"[]", "results "),
        (b"{}", "results: there are no tasks"),
        (score_files.lm_eval(results=[]), "results must be"),
        (score_files.lm_eval(results={"t": 3}), "results.t must be"),
        (score_files.lm_eval(results={"t": {"alias": "t"}}), "results: there are no scores"),
        (score_files.lm_eval(results={"gsm8k": TASK | {"acc,none": "high"}}), "results.gsm8k.acc,none is not a number"),
        (score_files.lm_eval(results={"gsm8k": TASK | {"acc,none": True}}), "results.gsm8k.acc,none is not a number"),
        (score_files.lm_eval(results={"t": {"acc,none": 1, "acc_stderr,none": "?"}}), r"results.t.acc,none \(stderr\)"),
        (score_files.lm_eval(results={"t": {"acc,none": float("nan")}}), "results.t.acc,none is not a finite number"),
        (score_files.lm_eval(**{"n-shot": {"gsm8k": -1}}), "n-shot.gsm8k is not a whole number"),
        (score_files.lm_eval(**{"n-samples": {"gsm8k": {"effective": "all"}}}), "n-samples.gsm8k.effective"),
        (score_files.lm_eval(**{"n-samples": {"gsm8k": 5}}), "n-samples.gsm8k"),
        (score_files.lm_eval(date="yesterday"), "date is not"),
        (score_files.lm_eval(date=1e300), "date is not"),
        (score_files.lm_eval(config={}), "model_name must be"),
        (score_files.lm_eval(config=[]), "config must be"),
        (score_files.lm_eval(model_name="x" * 201), "model_name must be"),
        (score_files.lm_eval(group_subtasks="mmlu"), "group_subtasks must be"),
    ],
)
def test_broken_files_are_refused_with_the_place(content, place):
    with pytest.raises(ValueError, match=f"^{place}"):
        read(content, "f")
