"""Standard errors of benchmark scores, and rankings of comparable scores. This module does not use Django.

Scores are comparable only if they were measured under the same conditions. If the harness is known, the conditions are
the task, metric, filter, number of shots, task version, and use of a chat template. If it is unknown, two scores are
comparable only if they come from one report that states the same method for both.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from hashlib import blake2b
from itertools import combinations
from math import sqrt
from typing import Any

from core.text.proportions import Z95

# Separability is computed for the ten best scores. Fewer than five scores form fewer than ten pairs, which are too few.
BEST_MODELS = 10
MIN_SEPARABLE_MODELS = 5


def hash_conditions(conditions: Any) -> str:
    """Return a short digest of the fields of a dataclass for URLs. It is the same in every process."""
    return blake2b(repr(astuple(conditions)).encode(), digest_size=5).hexdigest()


@dataclass(frozen=True, order=True)
class Conditions:
    """The conditions under which a score was measured. Unknown numbers are -1, so that conditions can be sorted."""

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
        return hash_conditions(self)


@dataclass(frozen=True)
class ComparableScore:
    """A score with its conditions.

    `value` is from 0 to 1 if the metric is a proportion. `n` is the number of questions. `n` and `stderr` are None if
    unknown. `score` is the stored score.
    """

    model: str
    value: float
    n: int | None
    stderr: float | None
    conditions: Conditions
    score: Any = None

    @property
    def percent(self) -> float:
        return 100 * self.value

    @property
    def error(self) -> float | None:
        """The reported standard error, else the binomial standard error, or None if both are unknown."""
        return compute_binomial_error(self.value, self.n) if self.stderr is None else self.stderr

    @property
    def margin(self) -> float | None:
        """Half the width of the 95% interval, in percentage points, or None if unknown."""
        return None if self.error is None else 100 * Z95 * self.error

    @property
    def low_percent(self) -> float | None:
        """The lower end of the 95% interval, at least 0, or None if unknown."""
        return None if self.margin is None else max(0.0, self.percent - self.margin)

    @property
    def high_percent(self) -> float | None:
        """The upper end of the 95% interval, at most 100, or None if unknown."""
        return None if self.margin is None else min(100.0, self.percent + self.margin)


@dataclass(frozen=True)
class RankedScore(ComparableScore):
    """A row in a ranking.

    `same_as_best` is True for scores after the first one that are not significantly lower than it.
    """

    place: int = 1
    same_as_best: bool = False


@dataclass(frozen=True)
class Separability:
    """How well a benchmark separates the models with the highest scores.

    `share` is the proportion of pairs of models whose scores differ significantly. `models` is the number of models.
    """

    share: float
    models: int


def compute_binomial_error(value: float, n: int | None) -> float | None:
    """Return the standard error of a proportion measured on `n` questions.

    Returns None if `value` is not between 0 and 1 or `n` is unknown. For a mean of grades between 0 and 1, this is an
    upper bound.
    """
    if n is None or n < 1 or not 0 <= value <= 1:
        return None
    return sqrt(value * (1 - value) / n)


def is_difference_significant(one: ComparableScore, other: ComparableScore) -> bool | None:
    """Return True if two scores differ significantly (two-sided, 5% level), or None if a standard error is unknown.

    The test assumes that the models answered independent sets of questions. It is slightly conservative if they
    answered the same questions.
    """
    if one.error is None or other.error is None:
        return None
    return abs(one.value - other.value) > Z95 * sqrt(one.error**2 + other.error**2)


def compute_separability(scores: Iterable[ComparableScore]) -> Separability | None:
    """Return how well a benchmark separates the models with the highest scores, or None if there are too few models.

    `scores` must contain one score per model, all measured under the same conditions. Scores with an unknown standard
    error are ignored.

    The measure is from T. Li et al., https://arxiv.org/abs/2406.11939, who count intervals that do not overlap. The
    test of the difference is from E. Miller, https://arxiv.org/abs/2411.00640.
    """
    with_errors = [score for score in scores if score.error is not None]
    best = sorted(with_errors, key=lambda score: -score.value)[:BEST_MODELS]
    if len(best) < MIN_SEPARABLE_MODELS:
        return None
    verdicts = [is_difference_significant(one, other) is True for one, other in combinations(best, 2)]
    return Separability(sum(verdicts) / len(verdicts), len(best))


def rank_scores(scores: Iterable[ComparableScore]) -> dict[Conditions, list[RankedScore]]:
    """Group scores by their conditions and rank each group from the best score down.

    The largest groups come first. If a model has several scores in a group, only the first one is used.
    """
    groups: dict[Conditions, dict[str, ComparableScore]] = defaultdict(dict)
    for score in scores:
        groups[score.conditions].setdefault(score.model, score)
    by_size = sorted(groups, key=lambda conditions: (-len(groups[conditions]), conditions))
    return {conditions: _rank_group(groups[conditions].values()) for conditions in by_size}


def _rank_group(scores: Iterable[ComparableScore]) -> list[RankedScore]:
    best, *others = sorted(scores, key=lambda score: (-score.value, score.model))
    ranked = [RankedScore(**vars(best))]
    for number, score in enumerate(others, 2):
        place = ranked[-1].place if score.value == ranked[-1].value else number  # equal scores share a place
        is_same = is_difference_significant(score, best) is False
        ranked.append(RankedScore(**vars(score), place=place, same_as_best=is_same))
    return ranked


def normalize_score(raw: float, chance: float) -> float:
    """Scale a raw score so that 0 is chance level and 100 is perfect, as the Open LLM Leaderboard does.

    Scores below chance level become 0.
    """
    return max(0.0, (raw - chance) / (1 - chance) * 100)
