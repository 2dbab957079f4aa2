"""Result files of lm-evaluation-harness."""

import contextlib
import copy
import json
import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.importers.lm_eval import HARNESS_NAME, parse_scores
from tests.catalog import score_files

TASK = score_files.LM_EVAL["results"]["gsm8k"]


def by_key(rows):
    return {(row.task, row.metric, row.filter): row for row in rows}


@pytest.mark.parametrize("content", [score_files.lm_eval(), score_files.newer()], ids=["0.4.9", "0.4.13"])
def test_both_shapes_are_read(content):
    rows = by_key(parse_scores(content, "results.json"))
    assert rows.keys() == {
        ("gsm8k", "exact_match", "strict-match"),
        ("gsm8k", "exact_match", "flexible-extract"),
        ("mmlu", "acc", ""),
    }
    strict = rows["gsm8k", "exact_match", "strict-match"]
    assert (strict.model, strict.benchmark_names, strict.value, strict.stderr) == (
        "maker/Model-7B",
        ("gsm8k",),
        0.5,
        0.0138,
    )
    assert (strict.n, strict.limited, strict.shots, strict.version) == (1319, False, 5, "3.0")
    assert (strict.harness, strict.precision, strict.revision) == (HARNESS_NAME, "bfloat16", "abc123")
    assert (strict.source, strict.date) == ("results.json", date(2026, 1, 21))
    assert rows["gsm8k", "exact_match", "flexible-extract"].stderr is None


def test_conditions_of_the_versions_are_kept():
    old, new = (parse_scores(content, "f")[0] for content in (score_files.lm_eval(), score_files.newer()))
    assert (old.harness_version, old.chat_template, old.chat_template_sha) == ("0.4.9.2", False, "")
    assert (new.harness_version, new.chat_template, new.chat_template_sha) == ("0.4.13", True, "c" * 64)


def test_subtasks_of_a_group_that_has_no_score_stand_for_themselves():
    results = dict(score_files.LM_EVAL["results"]) | {"mmlu": {"alias": "mmlu"}}
    rows = [row for row in parse_scores(score_files.lm_eval(results=results), "f") if row.task == "mmlu_anatomy"]
    assert [row.benchmark_names for row in rows] == [("mmlu_anatomy", "mmlu")]


@pytest.mark.parametrize(
    "changes",
    [
        {"config": {"limit": 10, "model_args": "pretrained=m"}},
        {"config": {"limit": 0.1, "model_args": "pretrained=m"}},
        {"n-samples": {"gsm8k": {"original": 1319, "effective": 100}}},
    ],
)
def test_limited_runs_are_marked(changes):
    assert parse_scores(score_files.lm_eval(**changes), "f")[0].limited


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
    assert {row.model for row in parse_scores(content, "f")} == {name}


def test_metric_is_split_at_the_last_comma():
    [row] = parse_scores(score_files.lm_eval(results={"t": {"a,b,none": 1.0}}), "f")
    assert (row.metric, row.filter) == ("a,b", "")


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"", "line 1: "),
        (b"{\n\n  oops", "line 3: invalid JSON"),
        (b"\xff\xfe", "line 1: "),
        (b"[" * 100_000, "line 1: "),
        (b"[]", "results "),
        (b"{}", "results: this file contains no task results"),
        (score_files.lm_eval(results=[]), "results must be"),
        (score_files.lm_eval(results={"t": 3}), "results.t must be"),
        (score_files.lm_eval(results={"t": {"alias": "t"}}), "results: this file contains no scores"),
        (score_files.lm_eval(results={"gsm8k": TASK | {"acc,none": "high"}}), "results.gsm8k.acc,none is not a number"),
        (score_files.lm_eval(results={"gsm8k": TASK | {"acc,none": True}}), "results.gsm8k.acc,none is not a number"),
        (score_files.lm_eval(results={"t": {"acc,none": 1, "acc_stderr,none": "?"}}), r"results.t.acc,none \(stderr\)"),
        (score_files.lm_eval(results={"t": {"acc,none": float("nan")}}), "results.t.acc,none is not a finite number"),
        (score_files.lm_eval(**{"n-shot": {"gsm8k": -1}}), "n-shot.gsm8k is not a whole number from 0"),
        (score_files.lm_eval(**{"n-samples": {"gsm8k": {"effective": "all"}}}), "n-samples.gsm8k.effective"),
        (score_files.lm_eval(**{"n-samples": {"gsm8k": 5}}), "n-samples.gsm8k"),
        (score_files.lm_eval(date="yesterday"), "date is not"),
        (score_files.lm_eval(date=1e300), "date is not"),
        (score_files.lm_eval(config={}), "model_name must be"),
        (score_files.lm_eval(config=[]), "config must be"),
        (score_files.lm_eval(model_name="x" * 201), "model_name must be"),
        (score_files.lm_eval(group_subtasks="mmlu"), "group_subtasks must be"),
        (score_files.lm_eval(config={"model": "m", "model_args": ["pretrained=a"]}), "config.model_args must be"),
        (score_files.lm_eval(config={"model": "m", "model_dtype": "a\0"}), "config.model_dtype contains"),
        (score_files.lm_eval(config={"model": "m", "model_sha": "\ud800"}), "config.model_sha contains"),
        (score_files.lm_eval(lm_eval_version="0.4\n"), "lm_eval_version contains"),
        (score_files.lm_eval(lm_eval_version=["0.4"]), "lm_eval_version is neither text nor a number"),
        (score_files.lm_eval(config={"model_args": "a=1," * 2_501}), "config.model_args is longer than 10,000"),
        (score_files.lm_eval(chat_template_sha=["\n", "\0"][1]), "chat_template_sha contains"),
        (score_files.lm_eval(versions={"gsm8k": "\x7f"}), "versions.gsm8k contains"),
        (score_files.lm_eval(results={"gsm8k": {f"acc,{'f' * 101}": 1}}), "results.gsm8k.acc,f+ must be text"),
        (score_files.lm_eval(results={"gsm8k": {"acc,a\0": 1}}), "results.gsm8k.acc,a. must be text"),
    ],
)
def test_broken_files_are_refused_with_the_place(content, place):
    with pytest.raises(ValueError, match=f"^{place}"):
        parse_scores(content, "f")


@pytest.mark.slow
def test_many_tasks_in_many_groups_take_no_longer_than_their_file():
    """Checking each task against each group would take hundreds of millions of lookups."""
    tasks = {f"t{number}": {"acc,none": 0.5} for number in range(8_000)}
    names = list(tasks)
    groups = {f"g{number}": [*names[number : number + 10], 7] for number in range(4_000)} | {"all": names}
    results = tasks | {"all": {f"a_stderr,{number}": 0 for number in range(8_000)}}
    started = time.process_time()
    assert len(parse_scores(score_files.lm_eval(results=results, group_subtasks=groups), "f")) == 8_000
    assert time.process_time() - started < 4


LARGE = 60_000


@pytest.mark.parametrize(
    "changes",
    [
        {"lm_eval_version": ["x" * 9] * (LARGE // 12)},
        {"chat_template_sha": {str(number): number for number in range(LARGE // 12)}},
        {"config": {"model": "m", "model_dtype": [1] * (LARGE // 3)}},
        {"config": {"model": "m", "model_sha": "x" * LARGE}},
        {"config": {"model_args": "a=1," * (LARGE // 4)}},
        {"group_subtasks": {f"g{number}": ["t1"] for number in range(LARGE // 14)}},
    ],
    ids=["version", "template", "dtype", "sha", "arguments", "groups"],
)
def test_time_does_not_grow_with_tasks_times_what_they_share(changes):
    """120 kB used to take 6 s in a view thread, and 5 MB hours."""
    results = {f"t{number}": {"acc,none": 1} for number in range(LARGE // 25)}
    content = score_files.lm_eval(results=results, **changes)
    started = time.process_time()
    with contextlib.suppress(ValueError):
        parse_scores(content, "f")
    assert time.process_time() - started < 0.5


def test_reading_ends_with_one_score_too_many():
    results = {"t": {f"m{number},none": 0.5 for number in range(11)}}
    assert len(parse_scores(score_files.lm_eval(results=results), "f", max_scores=11)) == 11
    with pytest.raises(ValueError, match="the file has more than 10 scores"):
        parse_scores(score_files.lm_eval(results=results | {"\0": {}}), "f", max_scores=10)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from([*score_files.LM_EVAL, "model_name", "chat_template_sha"]), st.none() | st.just("gsm8k"), JSON)
def test_whatever_stands_in_a_place_is_read_or_refused(place, inside, value):
    document = copy.deepcopy(score_files.LM_EVAL)
    if inside and isinstance(document.get(place), dict):
        document[place][inside] = value
    else:
        document[place] = value
    with contextlib.suppress(ValueError):
        parse_scores(json.dumps(document).encode(), "f")
