"""Uncertainty of benchmark scores, and rankings of comparable scores. Pure.

Two scores are comparable only if they were run under the same conditions. If the harness is known, these are the task,
the metric and its filter, the number of shots, the version of the task, and the use of a chat template. Otherwise only
scores of one report are comparable, and only if it names the same method for both.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from hashlib import blake2b
from math import sqrt

Z_95 = 1.959964  # standard errors on each side of a 95% interval


@dataclass(frozen=True, order=True)
class Conditions:
    """The conditions that must agree. Unknown numbers are -1, so that conditions can be sorted."""

    task: str
    metric: str
    filter: str
    shots: int
    version: str
    chat_template: int
    harness: str
    measured_by: str
    method: str
    report: str
    limited: bool

    @property
    def key(self) -> str:
        """A short digest for URLs, the same in every process."""
        return blake2b(repr(astuple(self)).encode(), digest_size=5).hexdigest()


@dataclass(frozen=True)
class ComparableScore:
    """One score: `value` is from 0 to 1 for shares, `n` is the number of questions. None means unknown."""

    model: str
    value: float
    n: int | None
    stderr: float | None
    conditions: Conditions

    @property
    def percent(self) -> float:
        return 100 * self.value

    @property
    def margin(self) -> float | None:
        """Half the width of its 95% interval, in percentage points; None if unknown."""
        return margin_of_error(self.value, self.n, self.stderr)


@dataclass(frozen=True)
class RankedScore:
    """A row of a ranking: `low` and `high` bound the 95% interval, None if unknown.

    `same_as_best`: not the first, but not significantly below it.
    """

    scored: ComparableScore
    place: int
    low: float | None
    high: float | None
    same_as_best: bool


def binomial_error(value: float, n: int | None) -> float | None:
    """The standard error of a share of n questions, or None if `value` is not a share or n is unknown.

    For a mean of marks between 0 and 1 it is the largest possible standard error.
    """
    if n is None or n < 1 or not 0 <= value <= 1:
        return None
    return sqrt(value * (1 - value) / n)


def standard_error(score: ComparableScore) -> float | None:
    """The measured standard error, or else the binomial one; None if both are unknown."""
    return _measured_or_binomial(score.value, score.n, score.stderr)


def _measured_or_binomial(value: float, n: int | None, stderr: float | None) -> float | None:
    return binomial_error(value, n) if stderr is None else stderr


def margin_of_error(value: float, n: int | None, stderr: float | None) -> float | None:
    """Half the width of the 95% interval of a score, in percentage points; None if unknown."""
    error = _measured_or_binomial(value, n, stderr)
    return None if error is None else 100 * Z_95 * error


def is_difference_significant(one: ComparableScore, other: ComparableScore) -> bool | None:
    """Whether two scores differ significantly (two-sided, 5%); None if a standard error is unknown.

    The test assumes independent questions. If both models answered the same ones, it is a little too cautious.
    """
    errors = [standard_error(one), standard_error(other)]
    if None in errors:
        return None
    combined = sqrt(sum(error * error for error in errors if error is not None))
    return abs(one.value - other.value) > Z_95 * combined


def rank_scores(scores: Iterable[ComparableScore]) -> dict[Conditions, list[RankedScore]]:
    """Conditions → their scores from the best, the largest rankings first. A model's first score counts."""
    groups: dict[Conditions, dict[str, ComparableScore]] = defaultdict(dict)
    for score in scores:
        groups[score.conditions].setdefault(score.model, score)
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    return {conditions: _rank_group(list(models.values())) for conditions, models in ordered}


def _rank_group(scores: list[ComparableScore]) -> list[RankedScore]:
    best_first = sorted(scores, key=lambda score: (-score.value, score.model))
    places: dict[float, int] = {}  # equal scores share the best place among them
    for place, score in enumerate(best_first, 1):
        places.setdefault(score.value, place)
    return [_build_ranked_score(score, best_first[0], places[score.value]) for score in best_first]


def _build_ranked_score(score: ComparableScore, first: ComparableScore, place: int) -> RankedScore:
    error = standard_error(score)
    return RankedScore(
        scored=score,
        place=place,
        low=None if error is None else max(0.0, score.value - Z_95 * error),
        high=None if error is None else min(1.0, score.value + Z_95 * error),
        same_as_best=score is not first and is_difference_significant(score, first) is False,
    )


def normalize_score(raw: float, chance: float) -> float:
    """A raw score from 0 (chance and below) to 100 (perfect), as the Open LLM Leaderboard normalizes it."""
    return max(0.0, (raw - chance) / (1 - chance) * 100)
