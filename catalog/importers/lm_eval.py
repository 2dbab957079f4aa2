"""Parser for result files from lm-evaluation-harness (versions 0.4.9 and 0.4.13). This module does not use Django.

`results[task]["metric,filter"]` is a score. A standard error can be the string "N/A". `results` contains groups as well
as their subtasks. If a group has scores, its subtasks are skipped.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from catalog.facts.values import parse_count, parse_number, parse_text
from catalog.importers.score_row import ScoreRow

HARNESS_NAME = "lm-evaluation-harness"
MAX_ARGUMENTS_LENGTH = 10_000
NON_SCORE_KEYS = frozenset({"alias", "name", "sample_len", "sample_count"})


def parse_scores(content: bytes, source: str, max_scores: int | None = None) -> list[ScoreRow]:
    """Return all scores in a result file. Raises ValueError with the location of the error.

    `source` is stored with each score. If the file has more than `max_scores` scores, reading ends with a ValueError.
    The time is proportional to the size of the file, because strangers can submit one.
    """
    try:
        document = json.loads(content)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}: invalid JSON") from None
    except (ValueError, RecursionError):
        raise ValueError("line 1: not valid JSON in UTF-8") from None
    results = _get_results(document)
    groups = _find_groups(document)
    scored = {task for task, result in results.items() if any(_iter_score_keys(result))}
    shared_fields = _build_shared_fields(document, source)
    rows: list[ScoreRow] = []
    for task in results:
        if scored.isdisjoint(groups[task]):  # a subtask whose group has scores is skipped
            rows += _iter_task_scores(document, task, groups[task], shared_fields)
        if max_scores is not None and len(rows) > max_scores:
            raise ValueError(f"the file has more than {max_scores:,} scores")
    if not rows:
        raise ValueError("results: this file contains no scores")
    return rows


def _get_results(document: Any) -> dict[str, dict[str, Any]]:
    results = _get_table(document, "results")
    if not results:
        raise ValueError(
            "results: this file contains no task results. Is it a results_….json from lm-evaluation-harness?"
        )
    for task, result in results.items():
        if not isinstance(result, dict):
            raise ValueError(f"results.{task} must be a JSON object")
    return results


def _get_table(document: Any, key: str) -> dict[str, Any]:
    table = document.get(key, {}) if isinstance(document, dict) else None
    if not isinstance(table, dict):
        raise ValueError(f"{key} must be a JSON object")
    return table


def _find_groups(document: Mapping[str, Any]) -> dict[str, list[str]]:
    """Map each task to its groups, in one pass, because a file can contain many tasks and groups."""
    groups: dict[str, list[str]] = defaultdict(list)
    for group, subtasks in _get_table(document, "group_subtasks").items():
        if not isinstance(subtasks, list):
            continue
        for task in {subtask for subtask in subtasks if isinstance(subtask, str)} - {group}:
            groups[task].append(group)
    return groups


def _iter_score_keys(result: Mapping[str, Any]) -> Iterator[str]:
    for key in result:
        if key not in NON_SCORE_KEYS and not key.split(",")[0].endswith("_stderr"):
            yield key


def _iter_task_scores(
    document: Mapping[str, Any], task: str, groups: list[str], shared_fields: Mapping[str, Any]
) -> Iterator[ScoreRow]:
    result = _get_table(document, "results")[task]
    run = {**shared_fields, **_build_task_fields(document, task, groups)}
    for key in _iter_score_keys(result):
        metric, _, suffix = key.rpartition(",")  # a key without a comma is a metric without a filter
        location = f"results.{task}.{key}"
        stderr = result.get(f"{metric}_stderr,{suffix}") if metric else None
        yield ScoreRow(
            metric=parse_text(metric or suffix, location, 100),
            filter="" if suffix == "none" or not metric else parse_text(suffix, location, 100),
            value=parse_number(result[key], location),
            stderr=None if stderr in (None, "N/A") else parse_number(stderr, f"{location} (stderr)"),
            **run,
        )


def _build_shared_fields(document: Mapping[str, Any], source: str) -> dict[str, Any]:
    """Return the fields of `ScoreRow` that all scores in the file share."""
    config = _get_table(document, "config")
    template = document.get("chat_template_sha")
    return {
        "model": _parse_model_name(document, config),
        "limited": config.get("limit") is not None,
        "harness": HARNESS_NAME,
        "harness_version": _parse_short_text(document.get("lm_eval_version"), "lm_eval_version", 50),
        "chat_template": template is not None if "chat_template_sha" in document else None,
        "chat_template_sha": _parse_short_text(template, "chat_template_sha", 64),
        "precision": _parse_short_text(config.get("model_dtype"), "config.model_dtype", 50).removeprefix("torch."),
        "revision": _parse_short_text(config.get("model_sha") or config.get("model_revision"), "config.model_sha", 100),
        "measured_by": "the author of the file",
        "source": source,
        "date": _parse_date(document.get("date")),
    }


def _build_task_fields(document: Mapping[str, Any], task: str, groups: list[str]) -> dict[str, Any]:
    """Return the fields of `ScoreRow` that all scores for a task share."""
    samples = _get_table(document, "n-samples").get(task) or {}
    if not isinstance(samples, dict):
        raise ValueError(f"n-samples.{task} must be a JSON object")
    shots = _get_table(document, "n-shot").get(task)
    effective, original = samples.get("effective"), samples.get("original")
    # A run that used fewer questions than the task has is limited, too.
    is_partial = None not in (effective, original) and (
        parse_count(effective, f"n-samples.{task}") < parse_count(original, f"n-samples.{task}")
    )
    return {
        "benchmark_names": (task, *groups),
        "task": parse_text(task, "results: the name of a task"),
        "n": None if effective is None else parse_count(effective, f"n-samples.{task}.effective"),
        "shots": None if shots is None else parse_count(shots, f"n-shot.{task}"),
        "version": _parse_short_text(_get_table(document, "versions").get(task), f"versions.{task}", 50),
        **({"limited": True} if is_partial else {}),
    }


def _parse_short_text(value: Any, location: str, max_length: int) -> str:
    """Convert text or a number to text, truncated to `max_length`. None becomes an empty string."""
    if not isinstance(value, str | int | float | None):
        raise ValueError(f"{location} is neither text nor a number")
    text = "" if value is None else str(value)[:max_length]
    if not text.isprintable():
        raise ValueError(f"{location} contains nonprintable characters")
    return text


def _parse_model_name(document: Mapping[str, Any], config: Mapping[str, Any]) -> str:
    """Return the model's name in the file, or else the name of the model that the harness loaded."""
    if document.get("model_name"):
        return parse_text(document["model_name"], "model_name")
    arguments = config.get("model_args") or ""
    if isinstance(arguments, str):
        if len(arguments) > MAX_ARGUMENTS_LENGTH:
            raise ValueError(f"config.model_args is longer than {MAX_ARGUMENTS_LENGTH:,} characters")
        parts = (argument.partition("=") for argument in arguments.split(","))
        arguments = {name: value for name, _, value in parts}
    if not isinstance(arguments, dict):
        raise ValueError("config.model_args must be text or a JSON object")
    loaded = arguments.get("pretrained") or arguments.get("model") or config.get("model")
    return parse_text(loaded, "model_name")


def _parse_date(value: Any) -> date | None:
    if value is None:
        return None
    try:
        return datetime.fromtimestamp(parse_number(value, "date"), UTC).date()
    except (ValueError, OverflowError, OSError):
        raise ValueError("date is not a Unix time in seconds") from None
