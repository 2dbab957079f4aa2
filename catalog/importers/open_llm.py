"""Parser for CSV files of the Open LLM Leaderboard v2 (retired in March 2025). This module does not use Django.

Normalized scores are recomputed from raw scores where possible. A file whose normalized scores differ from the
recomputed ones is rejected. BBH and MuSR were normalized per subtask, so their normalized scores come from the file.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from catalog.benchmarks.comparability import compute_binomial_error, normalize_score
from catalog.facts.fields import Claim
from catalog.facts.values import parse_boolean, parse_date, parse_number, parse_share, parse_text
from catalog.importers.score_row import Line, ScoreRow, parse_csv

SOURCE_URL = "https://huggingface.co/open-llm-leaderboard"
MEASURED_BY = "Open LLM Leaderboard"


@dataclass(frozen=True)
class LeaderboardTask:
    """A column of the leaderboard: the task in the harness, its metric, and the number of shots and questions."""

    name: str
    metric: str
    shots: int
    questions: int


# The questions of GPQA come from all three of its sets, and those of BBH from 24 subtasks.
TASKS = {
    "ifeval": LeaderboardTask("leaderboard_ifeval", "strict_acc", shots=0, questions=541),
    "bbh": LeaderboardTask("leaderboard_bbh", "acc_norm", shots=3, questions=5761),
    "math": LeaderboardTask("leaderboard_math_hard", "exact_match", shots=4, questions=1324),
    "gpqa": LeaderboardTask("leaderboard_gpqa", "acc_norm", shots=0, questions=1192),
    "musr": LeaderboardTask("leaderboard_musr", "acc_norm", shots=0, questions=756),
    "mmlu_pro": LeaderboardTask("leaderboard_mmlu_pro", "acc", shots=5, questions=12032),
}
# The sets of GPQA are nested: 198 diamond questions in 448 main questions in 546 extended questions. A question can
# therefore occur up to three times, which increases the standard error. The effective number of questions is (sum of
# w)² / (sum of w²) over the 546 questions, where w is the number of occurrences.
EFFECTIVE_QUESTIONS = {"gpqa": round(1192**2 / (198 * 9 + 250 * 4 + 98))}
KINDS_BY_TYPE = {
    "pretrained": "base",
    "continuouslypretrained": "base",
    "chatmodels": "chat",
    "fine-tunedondomain-specificdatasets": "fine-tuned",
    "basemergesandmoerges": "merge",
}
# Maps a license name on the Hugging Face Hub to its name in the catalog.
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
# Without these columns, a model's scores at different precisions, or with and without a chat template, could not be
# distinguished.
CONDITION_COLUMNS = ("model_sha", "model_precision", "model_has_chat_template")


def parse_scores(content: bytes, _source: str) -> list[ScoreRow]:
    """Return all scores in the file. Raises ValueError with the line and field of an error."""
    score_columns = [f"evaluations_{task}_{kind}" for task in TASKS for kind in ("value", "normalized_score")]
    return parse_csv(content, _iter_scores, required=sorted([*score_columns, "model_name", *CONDITION_COLUMNS]))


def _iter_scores(line: Line) -> Iterator[ScoreRow]:
    for column, task in TASKS.items():
        if line[f"evaluations_{column}_value"]:
            yield _build_score(line, column, task)


def _build_score(line: Line, column: str, task: LeaderboardTask) -> ScoreRow:
    value = parse_share(line[f"evaluations_{column}_value"], f"evaluations_{column}_value")
    has_template = line["model_has_chat_template"]
    submitted_on = line.get("metadata_submission_date")
    return ScoreRow(
        model=parse_text(line["model_name"], "model_name"),
        benchmark_names=(task.name,),
        task=task.name,
        metric=task.metric,
        value=value,
        normalized=_check_normalized(column, value, line[f"evaluations_{column}_normalized_score"]),
        n=task.questions,
        stderr=compute_binomial_error(value, EFFECTIVE_QUESTIONS.get(column)),
        shots=task.shots,
        harness="lm-evaluation-harness (Open LLM Leaderboard v2)",
        chat_template=parse_boolean(has_template, "model_has_chat_template") if has_template else None,
        precision=line["model_precision"][:50],
        revision=line["model_sha"][:100],
        measured_by=MEASURED_BY,
        source=SOURCE_URL,
        date=parse_date(submitted_on, "metadata_submission_date") if submitted_on else None,
        claims=tuple(_iter_claims(line)) if column == "ifeval" else (),
    )


def _iter_claims(line: Line) -> Iterator[Claim]:
    """Yield the leaderboard's claims about the model, with the date of its submission or, failing that, of its upload.

    Without either date, there are no claims.
    """
    day = line.get("metadata_submission_date") or line.get("metadata_upload_date")
    if not day:
        return
    as_of = parse_date(day, "metadata_submission_date or metadata_upload_date")
    yield Claim("open_weights", value=True, source=SOURCE_URL, as_of=as_of)
    is_merged = line.get("features_is_merged") or "false"
    kind = (
        "merge" if parse_boolean(is_merged, "features_is_merged") else KINDS_BY_TYPE.get(line.get("model_type") or "")
    )
    if kind:
        yield Claim("kind", kind, SOURCE_URL, as_of)
    license_name = line.get("metadata_hub_license") or ""
    if license_name not in ("", "other", "unknown"):
        yield Claim("license", LICENSE_NAMES.get(license_name, license_name), SOURCE_URL, as_of)
    size = parse_number(line.get("metadata_params_billions") or 0, "metadata_params_billions")
    if 0 < size < 10**5:
        yield Claim("parameters_total", round(size * 10**9), SOURCE_URL, as_of)


def _check_normalized(column: str, value: float, text: str) -> float:
    """Return the normalized score, from 0 to 100. Raises ValueError if it does not match the raw score."""
    field = f"evaluations_{column}_normalized_score"
    normalized = parse_number(text, field)
    if column not in CHANCE_LEVELS:
        return normalized
    computed = normalize_score(value, CHANCE_LEVELS[column])
    if abs(computed - normalized) > TOLERANCE:
        raise ValueError(f"{field} is {normalized:g}, but should be {computed:g} according to the raw score")
    return computed
