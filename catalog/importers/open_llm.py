"""The table of the Open LLM Leaderboard v2 (retired in March 2025) as CSV: raw and normalized scores. Pure.

Where a normalized column can be computed from the raw one, it is, and a file in which the two disagree is refused. BBH
and MuSR were normalized for each subtask, so theirs are taken as they are.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import date

from catalog.benchmarks.comparability import binomial_error, normalize_score
from catalog.facts.fields import Claim
from catalog.facts.values import parse_number, parse_share, parse_text
from catalog.importers.score_row import ScoreRow

SOURCE_URL = "https://huggingface.co/open-llm-leaderboard"
MEASURED_BY = "Open LLM Leaderboard"
# Column → task of the harness, metric, how many examples were shown, and how many questions were asked (GPQA: all of
# its three sets; BBH: of 24 subtasks).
TASKS = {
    "ifeval": ("leaderboard_ifeval", "strict_acc", 0, 541),
    "bbh": ("leaderboard_bbh", "acc_norm", 3, 5761),
    "math": ("leaderboard_math_hard", "exact_match", 4, 1324),
    "gpqa": ("leaderboard_gpqa", "acc_norm", 0, 1192),
    "musr": ("leaderboard_musr", "acc_norm", 0, 756),
    "mmlu_pro": ("leaderboard_mmlu_pro", "acc", 5, 12032),
}
# The sets of GPQA lie in each other (diamond 198 in main 448 in extended 546), so one question counts up to three
# times, and the noise is that of fewer: (sum of w)² / (sum of w²) over the 546, with weights 3, 2 and 1.
EFFECTIVE_QUESTIONS = {"gpqa": round(1192**2 / (198 * 9 + 250 * 4 + 98))}
KINDS_BY_TYPE = {
    "pretrained": "base",
    "continuouslypretrained": "base",
    "chatmodels": "chat",
    "fine-tunedondomain-specificdatasets": "fine-tuned",
    "basemergesandmoerges": "merge",
}
# What the hub calls licenses → what our table does.
LICENSE_NAMES = {
    "apache-2.0": "Apache-2.0",
    "mit": "MIT",
    "cc-by-nc-4.0": "CC-BY-NC-4.0",
    "cc-by-nc-sa-4.0": "CC-BY-NC-SA-4.0",
    "cc-by-sa-4.0": "CC-BY-SA-4.0",
    "gemma": "Gemma",
    "llama2": "Llama 2 Community",
    "llama3": "Llama 3 Community",
    "llama3.1": "Llama 3.1 Community",
    "llama3.2": "Llama 3.2 Community",
    "llama3.3": "Llama 3.3 Community",
}
CHANCE_LEVELS = {"ifeval": 0.0, "math": 0.0, "gpqa": 0.25, "mmlu_pro": 0.1}
TOLERANCE = 1e-6


def parse_scores(content: bytes, _source: str) -> list[ScoreRow]:
    """All scores of the file. Raises ValueError with line and field."""
    try:
        lines = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        needed = [f"evaluations_{task}_{kind}" for task in TASKS for kind in ("value", "normalized_score")]
        missing = {"model_name", *needed} - set(lines.fieldnames or ())
        if missing:
            raise ValueError(f"line 1: the column {min(missing)} is missing")
        return [row for line in lines for row in _iter_line_scores(line, lines.line_num)]
    except UnicodeDecodeError:
        raise ValueError("line 1: this is not UTF-8") from None
    except csv.Error as error:
        raise ValueError(f"line {lines.line_num + 1}: this is not CSV: {error}") from None


def _iter_line_scores(line: Mapping[str, str], at: int) -> Iterator[ScoreRow]:
    try:
        if None in line or None in line.values():
            raise ValueError("there are more or fewer cells than columns")
        for task in TASKS:
            if line[f"evaluations_{task}_value"]:
                yield _build_score(line, task)
    except ValueError as error:
        raise ValueError(f"line {at}: {error}") from None


def _build_score(line: Mapping[str, str], task: str) -> ScoreRow:
    name, metric, shots, n = TASKS[task]
    value = parse_share(line[f"evaluations_{task}_value"], f"evaluations_{task}_value")
    return ScoreRow(
        model=parse_text(line["model_name"], "model_name"),
        benchmark=(name,),
        task=name,
        metric=metric,
        value=value,
        normalized=_check_normalized(task, value, line[f"evaluations_{task}_normalized_score"]),
        n=n,
        stderr=binomial_error(value, EFFECTIVE_QUESTIONS.get(task)),
        shots=shots,
        harness="lm-evaluation-harness (Open LLM Leaderboard v2)",
        chat_template=_parse_boolean(line.get("model_has_chat_template")),
        precision=(line.get("model_precision") or "")[:50],
        revision=(line.get("model_sha") or "")[:100],
        measured_by=MEASURED_BY,
        source=SOURCE_URL,
        date=_parse_date(line.get("metadata_submission_date")),
        claims=tuple(_iter_claims(line)) if task == "ifeval" else (),
    )


def _iter_claims(line: Mapping[str, str]) -> Iterator[Claim]:
    """What the hub said of the model on the day when it was handed in."""
    as_of = _parse_date(line.get("metadata_submission_date") or line.get("metadata_upload_date"))
    if as_of is None:
        return
    yield Claim("open_weights", value=True, source=SOURCE_URL, as_of=as_of)
    kind = (
        "merge" if _parse_boolean(line.get("features_is_merged")) else KINDS_BY_TYPE.get(line.get("model_type") or "")
    )
    if kind:
        yield Claim("kind", kind, SOURCE_URL, as_of)
    terms = line.get("metadata_hub_license") or ""
    if terms not in ("", "other", "unknown"):
        yield Claim("license", LICENSE_NAMES.get(terms, terms), SOURCE_URL, as_of)
    size = parse_number(line.get("metadata_params_billions") or 0, "metadata_params_billions")
    if 0 < size < 10**5:
        yield Claim("parameters_total", round(size * 10**9), SOURCE_URL, as_of)


def _check_normalized(task: str, value: float, stated: str) -> float:
    column = f"evaluations_{task}_normalized_score"
    given = parse_number(stated, column)
    if task not in CHANCE_LEVELS:
        return given
    computed = normalize_score(value, CHANCE_LEVELS[task])
    if abs(computed - given) > TOLERANCE:
        raise ValueError(f"{column} is {given:g}, but {computed:g} follows from the raw score")
    return computed


def _parse_boolean(word: str | None) -> bool | None:
    return {"TRUE": True, "FALSE": False}.get((word or "").upper())


def _parse_date(text_: str | None) -> date | None:
    try:
        return date.fromisoformat(text_) if text_ else None
    except ValueError:
        raise ValueError("metadata_submission_date is not a date") from None
