"""Result files of lm-evaluation-harness, as its versions 0.4.9 and 0.4.13 write them. Pure.

`results[task]["metric,filter"]` is a score; standard errors may be the text "N/A"; a group stands in `results` beside
its subtasks, which are then left out.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from catalog.facts.values import parse_count, parse_number, parse_text
from catalog.importers.score_row import ScoreRow

HARNESS_NAME = "lm-evaluation-harness"
NON_SCORE_KEYS = frozenset({"alias", "name", "sample_len", "sample_count"})


def parse_scores(content: bytes, source: str) -> list[ScoreRow]:
    """All scores of the file. Raises ValueError with the place in the file."""
    try:
        document = json.loads(content)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno}: this is not JSON") from None
    except (ValueError, RecursionError):
        raise ValueError("line 1: this is not JSON in UTF-8") from None
    results = _get_table(document, "results")
    if not results:
        raise ValueError("results: there are no tasks")
    groups = _find_groups(document)
    scored = {task for task, result in results.items() if any(_iter_score_keys(result))}
    rows = [
        row
        for task in results
        if scored.isdisjoint(groups[task])  # else it is a subtask of a group that has scores of its own
        for row in _iter_task_scores(document, task, groups[task], source)
    ]
    if not rows:
        raise ValueError("results: there are no scores")
    return rows


def _get_table(document: Any, key: str) -> dict[str, Any]:
    found = document.get(key, {}) if isinstance(document, dict) else None
    if not isinstance(found, dict):
        raise ValueError(f"{key} must be a JSON object")
    return found


def _find_groups(document: Mapping[str, Any]) -> dict[str, list[str]]:
    """Task → the groups that it is a part of. By one pass: a file that a stranger sends may hold very many of both."""
    found: dict[str, list[str]] = defaultdict(list)
    for group, parts in _get_table(document, "group_subtasks").items():
        for task in {each for each in parts if isinstance(each, str)} - {group} if isinstance(parts, list) else ():
            found[task].append(group)
    return found


def _iter_score_keys(result: Any) -> Iterator[str]:
    if isinstance(result, dict):
        yield from (key for key in result if key not in NON_SCORE_KEYS and not key.split(",")[0].endswith("_stderr"))


def _iter_task_scores(document: Mapping[str, Any], task: str, groups: list[str], source: str) -> Iterator[ScoreRow]:
    result = _get_table(document, "results")[task]
    if not isinstance(result, dict):
        raise ValueError(f"results.{task} must be a JSON object")
    run = _build_run_fields(document, task, groups, source)
    for key in _iter_score_keys(result):
        metric, _, kind = key.rpartition(",")
        where = f"results.{task}.{key}"
        stderr = result.get(f"{metric}_stderr,{kind}") if metric else None
        yield ScoreRow(
            metric=parse_text(metric or kind, where, 100),
            filter="" if kind == "none" or not metric else parse_text(kind, where, 100),
            value=parse_number(result[key], where),
            stderr=None if stderr in (None, "N/A") else parse_number(stderr, f"{where} (stderr)"),
            **run,
        )


def _build_run_fields(document: Mapping[str, Any], task: str, groups: list[str], source: str) -> dict[str, Any]:
    config, samples = _get_table(document, "config"), _get_samples(document, task)
    shots, effective = _get_table(document, "n-shot").get(task), samples.get("effective")
    template = document.get("chat_template_sha")
    return {
        "model": _parse_model_name(document, config),
        "benchmark": (task, *groups),
        "task": parse_text(task, "results: the name of a task"),
        "n": None if effective is None else parse_count(effective, f"n-samples.{task}.effective"),
        "limited": config.get("limit") is not None or _is_partial(samples, task),
        "shots": None if shots is None else parse_count(shots, f"n-shot.{task}"),
        "harness": HARNESS_NAME,
        "harness_version": _parse_word(document.get("lm_eval_version"), "lm_eval_version", 50),
        "version": _parse_word(_get_table(document, "versions").get(task), f"versions.{task}", 50),
        "chat_template": template is not None if "chat_template_sha" in document else None,
        "chat_template_sha": _parse_word(template, "chat_template_sha", 64),
        "precision": _parse_word(config.get("model_dtype"), "config.model_dtype", 50).removeprefix("torch."),
        "revision": _parse_word(config.get("model_sha") or config.get("model_revision"), "config.model_sha", 100),
        "measured_by": "whoever ran the file",
        "source": source,
        "date": _parse_date(document.get("date")),
    }


def _parse_word(value: Any, where: str, longest: int) -> str:
    """A text or a number in a few characters; empty where there is none."""
    found = "" if value is None else str(value)[:longest]
    if not found.isprintable():
        raise ValueError(f"{where} holds characters that are no text")
    return found


def _get_samples(document: Mapping[str, Any], task: str) -> dict[str, Any]:
    found = _get_table(document, "n-samples").get(task) or {}
    if not isinstance(found, dict):
        raise ValueError(f"n-samples.{task} must be a JSON object")
    return found


def _is_partial(samples: Mapping[str, Any], task: str) -> bool:
    both = [samples.get("effective"), samples.get("original")]
    if None in both:
        return False
    effective, original = (parse_count(each, f"n-samples.{task}") for each in both)
    return effective < original


def _parse_model_name(document: Mapping[str, Any], config: Mapping[str, Any]) -> str:
    """The name given, else what the harness was told to load."""
    if document.get("model_name"):
        return parse_text(document["model_name"], "model_name")
    arguments = config.get("model_args") or ""
    if isinstance(arguments, str):
        arguments = dict(each.partition("=")[::2] for each in arguments.split(","))
    if not isinstance(arguments, dict):
        raise ValueError("config.model_args must be a text or a JSON object")
    named = arguments.get("pretrained") or arguments.get("model") or config.get("model")
    return parse_text(named, "model_name")


def _parse_date(value: Any) -> date | None:
    if value is None:
        return None
    try:
        return datetime.fromtimestamp(parse_number(value, "date"), UTC).date()
    except (ValueError, OverflowError, OSError):
        raise ValueError("date is not a time in seconds") from None
